#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace tenon::provider {

/// A value that any thread reads without a lock, and that is seldom replaced. Values that were
/// replaced are freed by a later replace() or sweep() that finds nobody reading.
///
/// \par Object lifetimes
/// Must outlive its readings.
/// \par Thread-safety
/// read(): any thread, lock-free, no allocation. replace() and sweep(): one thread at a time.
template <class T>
class Published {
public:
    /// Keeps what it shows alive. Short: as long as anybody reads, nothing is freed.
    class Reading {
    public:
        explicit Reading(const Published& of) noexcept : of_(of) {
            // Nothing was ever published: this load is all it costs.
            if (of_.current_.load(std::memory_order_acquire) == nullptr) return;
            of_.readers_.fetch_add(1);
            counted_ = true;
            value_ = of_.current_.load();
        }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        ~Reading() {
            if (counted_) of_.readers_.fetch_sub(1);
        }

        explicit operator bool() const noexcept { return value_ != nullptr; }
        const T* operator->() const noexcept { return value_; }
        const T& operator*() const noexcept { return *value_; }

    private:
        const Published& of_;
        const T* value_ = nullptr;
        bool counted_ = false;
    };

    Published() noexcept = default;
    Published(const Published&) = delete;
    Published& operator=(const Published&) = delete;

    /// False until the first replace().
    [[nodiscard]] Reading read() const noexcept { return Reading(*this); }

    void replace(std::unique_ptr<const T> value) {
        replaced_.reserve(replaced_.size() + 1);
        current_.store(value.get());
        if (newest_) replaced_.push_back(std::move(newest_));
        newest_ = std::move(value);
        sweep();
    }

    /// Sequentially consistent: whoever begins to read after no reader was seen here finds the
    /// newest value.
    void sweep() noexcept {
        if (!replaced_.empty() && readers_.load() == 0) replaced_.clear();
    }

private:
    std::atomic<const T*> current_{nullptr};
    mutable std::atomic<std::size_t> readers_{0};
    std::unique_ptr<const T> newest_;
    std::vector<std::unique_ptr<const T>> replaced_;
};

}  // namespace tenon::provider
