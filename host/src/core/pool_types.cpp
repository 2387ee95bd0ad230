#include "core/pool_types.hpp"

#include <algorithm>
#include <string>

#include "base/duration.hpp"
#include "core/setting_range.hpp"

namespace tenon::core {
namespace {

constexpr std::uint32_t kMostConnections = 10'000;
constexpr std::uint32_t kMostCalls = 10'000;
constexpr std::uint32_t kMostWaiting = 1'000'000;

std::string in_words(base::Duration time) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(time);
    return base::format_duration(std::max(ms, std::chrono::milliseconds(0)));
}

std::string cause(PoolReason reason, base::Duration waited) {
    const std::string time = in_words(waited);
    switch (reason) {
        case PoolReason::queue_full: return "too many requests wait for a connection";
        case PoolReason::deadline:
            return "its deadline passed after " + time + " of waiting for a connection";
        case PoolReason::acquire_timeout: return "no connection became free within " + time;
        case PoolReason::dial_failed: return "no connection could be made";
        case PoolReason::paused: return "the provider is not connected";
        case PoolReason::draining: return "the provider is being disconnected";
        case PoolReason::closed: return "the provider has been stopped";
        case PoolReason::none: break;
    }
    return "it got no connection";
}

std::string counts(const PoolReport& report) {
    return std::to_string(report.active) + " of " + std::to_string(report.max) +
           " connections in use, " + std::to_string(report.idle) + " idle, " +
           std::to_string(report.connecting) + " connecting; " + std::to_string(report.waiting) +
           " requests waiting";
}

Code code_of(PoolReason reason) noexcept {
    switch (reason) {
        case PoolReason::queue_full:
        case PoolReason::acquire_timeout: return Code::overloaded;
        case PoolReason::deadline: return Code::deadline;
        default: return Code::unavailable;
    }
}

}  // namespace

Result<void> PoolSettings::validate() const {
    using std::chrono::milliseconds;
    const bool multiplexed = mode == ConnectionMode::multiplexed;
    const std::uint32_t most_calls = mode == ConnectionMode::exclusive ? 1 : kMostCalls;
    // Who may not wait would never see the end of the first dial.
    const std::uint32_t least_waiting = mode == ConnectionMode::stateless ? 0 : 1;
    const std::uint32_t most_kept = pooling ? max_connections : 0;
    return first_failure(
        check_range("max_connections", std::int64_t{max_connections}, 1, kMostConnections),
        check_range("calls_per_connection", std::int64_t{calls_per_connection}, multiplexed ? 2 : 1,
                    most_calls),
        check_range("min_idle", std::int64_t{min_idle}, 0, most_kept),
        check_range("preconnect", std::int64_t{preconnect}, 0, most_kept),
        check_range("max_connecting", std::int64_t{max_connecting}, 1, kMostConnections),
        check_range("max_waiting", std::int64_t{max_waiting}, least_waiting, kMostWaiting),
        check_range("acquire_timeout", acquire_timeout, milliseconds(1)),
        check_range("idle_timeout", idle_timeout, milliseconds(0)),
        check_range("max_lifetime", max_lifetime, milliseconds(0)),
        check_range("keepalive_interval", keepalive_interval, milliseconds(0)),
        check_range("dial_backoff", dial_backoff, milliseconds(1)),
        check_range("dial_backoff_max", dial_backoff_max, dial_backoff),
        check_range("surplus_dial_grace", surplus_dial_grace, milliseconds(1)));
}

std::string_view to_string(PoolState state) noexcept {
    switch (state) {
        case PoolState::paused: return "paused";
        case PoolState::ready: return "ready";
        case PoolState::draining: return "draining";
        case PoolState::closed: break;
    }
    return "closed";
}

std::string_view to_string(CloseReason reason) noexcept {
    switch (reason) {
        case CloseReason::idle: return "idle";
        case CloseReason::lifetime: return "lifetime";
        case CloseReason::cleared: return "cleared";
        case CloseReason::shut_down: return "shut_down";
        case CloseReason::not_reusable: return "not_reusable";
        case CloseReason::errors: return "errors";
        case CloseReason::probe_failed: return "probe_failed";
        case CloseReason::evicted: return "evicted";
        case CloseReason::surplus: return "surplus";
        case CloseReason::unpooled: break;
    }
    return "unpooled";
}

bool is_unreachable(PoolReason reason, const PoolReport& report) noexcept {
    if (reason == PoolReason::dial_failed) return true;
    const bool tried = report.connecting > 0 || report.last_dial_error != nullptr;
    const bool none_open = report.active + report.idle + report.probing == 0;
    return reason == PoolReason::acquire_timeout && tried && none_open;
}

Error to_error(PoolReason reason, const PoolReport& report, base::Duration waited) {
    const bool unreachable = is_unreachable(reason, report);
    if (reason == PoolReason::dial_failed && report.last_dial_error) {
        Error error = *report.last_dial_error;
        error.not_sent = true;
        return error;
    }
    std::string message = "The request was not sent: " +
                          (unreachable ? "no connection could be made within " + in_words(waited)
                                       : cause(reason, waited)) +
                          " (" + counts(report) + ").";
    if (report.last_dial_error) {
        message += " The last attempt to connect failed: " + report.last_dial_error->message;
    }
    Error error(unreachable ? Code::unavailable : code_of(reason), std::move(message));
    error.scope = unreachable ? Scope::connection : Scope::request;
    error.not_sent = true;
    return error;
}

}  // namespace tenon::core
