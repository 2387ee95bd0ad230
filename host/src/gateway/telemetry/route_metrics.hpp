#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "core/counters.hpp"
#include "core/histogram.hpp"

namespace tenon::gateway {

/// What became of the gateway's requests of one dialect and operation.
///
/// \par Thread-safety
/// Any thread, lock-free.
class RouteMetrics {
public:
    /// "none" (the client left before there was a status), "1xx" to "5xx".
    static constexpr std::size_t kStatusClasses = 6;

    RouteMetrics(std::string_view dialect, std::string_view operation)
        : dialect_(dialect), operation_(operation) {}

    [[nodiscard]] const std::string& dialect() const noexcept { return dialect_; }
    [[nodiscard]] const std::string& operation() const noexcept { return operation_; }

    core::Histogram duration;     ///< of requests that had an answer below 400
    core::Histogram first_token;  ///< from the start to the first delta
    core::Histogram inter_token;  ///< between two deltas
    core::Histogram overhead;

    alignas(core::kCacheLine) std::atomic<std::uint64_t> started = 0;
    alignas(core::kCacheLine) std::array<std::atomic<std::uint64_t>, kStatusClasses> ended{};
    std::atomic<std::uint64_t> bytes_out = 0;
    std::atomic<std::uint64_t> clients_gone = 0;
    std::atomic<std::uint64_t> streams_broken = 0;

private:
    const std::string dialect_;
    const std::string operation_;
};

/// How a request of the gateway ended.
struct RequestOutcome {
    int status = 0;              ///< of the HTTP answer; 0 = the client left before
    base::Duration overhead{0};  ///< TraceRecorder::overhead()
    bool client_gone = false;    ///< before the end of the answer
    bool broken = false;         ///< the stream ended with an error
};

/// Counts one request, from its making to its end: once, on every path.
///
/// \par Object lifetimes
/// Borrows the route.
/// \par Thread-safety
/// The request's I/O thread.
class RequestMetrics {
public:
    RequestMetrics(RouteMetrics& route, base::TimePoint started) noexcept
        : route_(&route), started_(started) {
        count(route.started);
    }
    RequestMetrics(const RequestMetrics&) = delete;
    RequestMetrics& operator=(const RequestMetrics&) = delete;
    /// Without finish() the client was gone before there was a status.
    ~RequestMetrics() {
        if (route_ == nullptr) return;
        count(route_->clients_gone);
        count(route_->ended[0]);
    }

    /// A delta of a stream came.
    void delta(base::TimePoint now) noexcept {
        if (last_delta_) {
            route_->inter_token.record(now - *last_delta_);
        } else {
            route_->first_token.record(now - started_);
        }
        last_delta_ = now;
    }
    /// So much of the answer's body has gone to the client.
    void sent(std::size_t bytes) noexcept { count(route_->bytes_out, bytes); }

    /// Once; nothing else after it.
    void finish(const RequestOutcome& outcome, base::TimePoint now) noexcept {
        RouteMetrics& route = *std::exchange(route_, nullptr);
        const bool known = outcome.status >= 100 && outcome.status < 600;
        count(route.ended[known ? static_cast<std::size_t>(outcome.status / 100) : 0]);
        if (outcome.client_gone) count(route.clients_gone);
        if (outcome.broken) count(route.streams_broken);
        if (known) route.overhead.record(outcome.overhead);
        const bool answered =
            known && outcome.status < 400 && !outcome.broken && !outcome.client_gone;
        if (answered) route.duration.record(now - started_);
    }

private:
    static void count(std::atomic<std::uint64_t>& what, std::uint64_t amount = 1) noexcept {
        what.fetch_add(amount, std::memory_order_relaxed);
    }

    RouteMetrics* route_;
    const base::TimePoint started_;
    std::optional<base::TimePoint> last_delta_;
};

}  // namespace tenon::gateway
