#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace tenon::core {

/// How many requests a member has, those that wait for it included.
///
/// \par Object lifetimes
/// Must outlive its leases.
/// \par Thread-safety
/// Any thread.
class InFlight {
public:
    /// One request of the member: counted from the pick to this object's end, on every path.
    class Lease {
    public:
        Lease() noexcept = default;
        Lease(Lease&& other) noexcept : gauge_(std::exchange(other.gauge_, nullptr)) {}
        Lease& operator=(Lease&& other) noexcept {
            if (this != &other) {
                release();
                gauge_ = std::exchange(other.gauge_, nullptr);
            }
            return *this;
        }
        ~Lease() { release(); }

        /// Ends it early; a second call does nothing.
        void release() noexcept {
            if (gauge_ == nullptr) return;
            gauge_->count_.fetch_sub(1, std::memory_order_relaxed);
            gauge_ = nullptr;
        }

    private:
        friend class InFlight;
        explicit Lease(InFlight& gauge) noexcept : gauge_(&gauge) {}

        InFlight* gauge_ = nullptr;
    };

    InFlight() noexcept = default;
    InFlight(const InFlight&) = delete;
    InFlight& operator=(const InFlight&) = delete;

    /// Counts one more. Call it in the same step as the pick, or others pick the same member.
    [[nodiscard]] Lease take() noexcept {
        count_.fetch_add(1, std::memory_order_relaxed);
        return Lease(*this);
    }

    [[nodiscard]] std::uint32_t count() const noexcept {
        return count_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint32_t> count_{0};
};

}  // namespace tenon::core
