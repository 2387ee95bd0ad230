#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tenon/abi/error.h"

namespace tenon {

/// What happened. The values are those of `tenon_code`; the comments there say what to do.
enum class Code : std::int32_t {
    ok = TENON_OK,
    cancelled = TENON_CANCELLED,
    stale = TENON_STALE,
    again = TENON_AGAIN,
    invalid = TENON_E_INVALID,
    unsupported = TENON_E_UNSUPPORTED,
    internal = TENON_E_INTERNAL,
    no_memory = TENON_E_NOMEM,
    unavailable = TENON_E_UNAVAILABLE,
    deadline = TENON_E_DEADLINE,
    auth = TENON_E_AUTH,
    forbidden = TENON_E_FORBIDDEN,
    throttled = TENON_E_THROTTLED,
    too_large = TENON_E_TOO_LARGE,
    refused = TENON_E_REFUSED,
    protocol = TENON_E_PROTOCOL,
    not_found = TENON_E_NOT_FOUND,
    overloaded = TENON_E_OVERLOADED,
};

/// Who pays for the failure.
enum class Scope : std::uint32_t {
    request = TENON_SCOPE_REQUEST,
    connection = TENON_SCOPE_CONNECTION,
    provider = TENON_SCOPE_PROVIDER,
};

/// The code's stable name for logs, metrics and JSON, e.g. "throttled". Unknown values: "internal".
[[nodiscard]] std::string_view to_string(Code code) noexcept;
[[nodiscard]] std::string_view to_string(Scope scope) noexcept;

/// The code of a status that crossed the ABI; an unknown negative value is `Code::internal`.
[[nodiscard]] Code code_from_status(std::int32_t status) noexcept;

/// One failure: what, who pays, whether to retry, and one sentence for a person.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
struct Error {
    Code code = Code::internal;
    Scope scope = Scope::request;
    bool retryable = false;  ///< the same request may succeed later
    bool not_sent = false;   ///< nothing reached the provider: sending again is always safe
    int http_status = 0;     ///< 100..599, 0 = none
    std::optional<std::int64_t> retry_after_ms;  ///< how long the provider asks to wait
    std::string message;        ///< one sentence: what failed and why; never a secret
    std::string provider_code;  ///< the provider's own code, may be empty
    std::string detail_json;    ///< further members as a JSON object, may be empty

    Error() = default;

    /// An error with the scope and retry hint that usually go with `code`
    /// (docs/errors.md): unavailable and protocol blame the connection and are retryable, throttled
    /// and overloaded blame the request and are retryable, auth blames the provider, all others
    /// blame the request and are final.
    Error(Code code, std::string message);

    /// Copies what came over the ABI, as far as the sender filled it.
    [[nodiscard]] static Error from_abi(const tenon_error& error);

    /// A view of this error for the ABI; borrows this object's strings.
    [[nodiscard]] tenon_error to_abi() const noexcept;
};

}  // namespace tenon
