#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "tenon/abi/host.h"
#include "tenon/abi/service/http.h"
#include "tenon/abi/service/json.h"
#include "tenon/abi/service/timer.h"

namespace tenon {

enum class LogLevel : std::int32_t {
    trace = TENON_LOG_TRACE,
    debug = TENON_LOG_DEBUG,
    info = TENON_LOG_INFO,
    warn = TENON_LOG_WARN,
    error = TENON_LOG_ERROR,
};

/// A string as the ABI passes it; borrows `text`.
[[nodiscard]] constexpr tenon_str to_abi(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

/// A view of a string that came over the ABI.
[[nodiscard]] constexpr std::string_view from_abi(const tenon_str& text) noexcept {
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, text.len);
}

/// The services that a network provider usually cannot do without, for
/// `KindInfo::required_services`.
inline constexpr const char* kNetworkServices[] = {TENON_HTTP_V1, TENON_JSON_V1, TENON_TIMER_V1,
                                                   nullptr};

/// The host as a provider sees it: a non-owning reference to its `tenon_host` table.
///
/// \par Object lifetimes
/// Valid from the provider's construction until its destruction.
/// \par Thread-safety
/// Every function may be called from any thread.
class HostRef {
public:
    explicit HostRef(const tenon_host* table) noexcept : table_(table) {}

    [[nodiscard]] const tenon_host* table() const noexcept { return table_; }
    [[nodiscard]] void* ctx() const noexcept { return table_->ctx; }

    /// Writes one line to the host's log; the host redacts configured secrets.
    void log(LogLevel level, std::string_view message) const noexcept {
        const tenon_str text = to_abi(message);
        table_->log(table_->ctx, static_cast<std::int32_t>(level), &text, nullptr);
    }

    /// Would a line of this level be written?
    [[nodiscard]] bool log_enabled(LogLevel level) const noexcept {
        return table_->log_enabled(table_->ctx, static_cast<std::int32_t>(level)) != 0;
    }

    /// Now, on the clock of every deadline.
    [[nodiscard]] std::chrono::nanoseconds now() const noexcept {
        return std::chrono::nanoseconds(table_->now_ns(table_->ctx));
    }

    /// The services, or nullptr where this host lacks one.
    [[nodiscard]] const tenon_http_v1* http() const noexcept {
        return static_cast<const tenon_http_v1*>(table_->get_service(table_->ctx, TENON_HTTP_V1));
    }
    [[nodiscard]] const tenon_timer_v1* timer() const noexcept {
        return static_cast<const tenon_timer_v1*>(table_->get_service(table_->ctx, TENON_TIMER_V1));
    }
    [[nodiscard]] const tenon_json_v1* json() const noexcept {
        return static_cast<const tenon_json_v1*>(table_->get_service(table_->ctx, TENON_JSON_V1));
    }

private:
    const tenon_host* table_;
};

}  // namespace tenon
