#include "tenon/error.hpp"

#include "tenon/abi/base.h"

namespace tenon {
namespace {

std::string copy(const tenon_str& text) {
    return text.len == 0 ? std::string() : std::string(text.ptr, text.len);
}

tenon_str view(const std::string& text) noexcept {
    return {text.data(), text.size()};
}

}  // namespace

std::string_view to_string(Code code) noexcept {
    switch (code) {
        case Code::ok: return "ok";
        case Code::cancelled: return "cancelled";
        case Code::stale: return "stale";
        case Code::again: return "again";
        case Code::invalid: return "invalid";
        case Code::unsupported: return "unsupported";
        case Code::internal: return "internal";
        case Code::no_memory: return "no_memory";
        case Code::unavailable: return "unavailable";
        case Code::deadline: return "deadline";
        case Code::auth: return "auth";
        case Code::forbidden: return "forbidden";
        case Code::throttled: return "throttled";
        case Code::too_large: return "too_large";
        case Code::refused: return "refused";
        case Code::protocol: return "protocol";
        case Code::not_found: return "not_found";
        case Code::overloaded: return "overloaded";
    }
    return "internal";
}

std::string_view to_string(Scope scope) noexcept {
    switch (scope) {
        case Scope::request: return "request";
        case Scope::connection: return "connection";
        case Scope::provider: return "provider";
    }
    return "request";
}

Code code_from_status(std::int32_t status) noexcept {
    if (status < TENON_E_OVERLOADED || status > TENON_AGAIN) return Code::internal;
    return static_cast<Code>(status);
}

Error::Error(Code code_in, std::string message_in) : code(code_in), message(std::move(message_in)) {
    switch (code) {
        case Code::unavailable:
        case Code::protocol:
            scope = Scope::connection;
            retryable = true;
            break;
        case Code::throttled:
        case Code::overloaded: retryable = true; break;
        case Code::auth: scope = Scope::provider; break;
        default: break;
    }
}

Error Error::from_abi(const tenon_error& error) {
    Error out;
    // The fields up to retry_after_ms have been in tenon_error since 1.0; strings behind them may
    // be missing only if the sender lies about struct_size, which TENON_HAS turns into empty
    // values.
    if (!TENON_HAS(&error, tenon_error, retry_after_ms)) {
        out.message = "the plugin reported an error with an implausible size";
        return out;
    }
    out.code = code_from_status(error.code);
    out.scope =
        error.scope <= TENON_SCOPE_PROVIDER ? static_cast<Scope>(error.scope) : Scope::request;
    out.retryable = (error.flags & TENON_ERROR_RETRYABLE) != 0;
    out.not_sent = (error.flags & TENON_ERROR_NOT_SENT) != 0;
    out.http_status = error.http_status;
    if (error.retry_after_ms >= 0) out.retry_after_ms = error.retry_after_ms;
    if (TENON_HAS(&error, tenon_error, message)) out.message = copy(error.message);
    if (TENON_HAS(&error, tenon_error, provider_code))
        out.provider_code = copy(error.provider_code);
    if (TENON_HAS(&error, tenon_error, detail_json)) out.detail_json = copy(error.detail_json);
    return out;
}

tenon_error Error::to_abi() const noexcept {
    tenon_error out{};
    out.struct_size = sizeof out;
    out.flags = (retryable ? unsigned{TENON_ERROR_RETRYABLE} : 0u) |
                (not_sent ? unsigned{TENON_ERROR_NOT_SENT} : 0u);
    out.code = static_cast<std::int32_t>(code);
    out.scope = static_cast<std::uint32_t>(scope);
    out.http_status = http_status;
    out.retry_after_ms = retry_after_ms.value_or(-1);
    out.message = view(message);
    out.provider_code = view(provider_code);
    out.detail_json = view(detail_json);
    return out;
}

}  // namespace tenon
