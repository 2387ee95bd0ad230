#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "gateway/api/request_in_flight.hpp"
#include "provider/cancel_signal.hpp"

namespace tenon::gateway {

/// The requests that the gateway is answering.
///
/// \par Thread-safety
/// Any thread. Each I/O thread has a part of its own, so that they do not wait for each other.
class RequestRegistry {
public:
    explicit RequestRegistry(std::size_t io_threads) : shards_(io_threads) {}

    /// One request's place; gone with it. Its functions are the I/O thread's.
    class Entry {
    public:
        Entry(RequestRegistry& registry, std::size_t io_index, RequestInFlight request,
              base::TimePoint began, std::shared_ptr<provider::CancelSignal> cancel);
        Entry(const Entry&) = delete;
        Entry& operator=(const Entry&) = delete;
        ~Entry();

        void asked(std::string_view provider, int attempt);
        void sent(std::uint64_t bytes) noexcept {
            bytes_.fetch_add(bytes, std::memory_order_relaxed);
        }
        void delta() noexcept { deltas_.fetch_add(1, std::memory_order_relaxed); }
        [[nodiscard]] std::uint64_t bytes() const noexcept {
            return bytes_.load(std::memory_order_relaxed);
        }
        [[nodiscard]] std::uint64_t deltas() const noexcept {
            return deltas_.load(std::memory_order_relaxed);
        }

    private:
        friend class RequestRegistry;
        RequestRegistry& registry_;
        const std::size_t io_index_;
        RequestInFlight request_;  ///< provider and attempts: guarded by the shard's mutex
        const base::TimePoint began_;
        const std::shared_ptr<provider::CancelSignal> cancel_;
        std::atomic<std::uint64_t> deltas_{0};
        std::atomic<std::uint64_t> bytes_{0};
    };

    /// The longest first.
    [[nodiscard]] std::vector<RequestInFlight> list(base::TimePoint now) const;
    /// \return whether there is such a request.
    bool cancel(std::string_view id);
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::uint64_t total() const noexcept {
        return total_.load(std::memory_order_relaxed);
    }

private:
    struct alignas(64) Shard {
        mutable std::mutex mutex;
        std::unordered_set<const Entry*> entries;
    };

    std::vector<Shard> shards_;
    std::atomic<std::uint64_t> total_{0};
};

}  // namespace tenon::gateway
