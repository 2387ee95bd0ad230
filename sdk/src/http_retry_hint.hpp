#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "tenon/http_error.hpp"

/// When may the request be sent again? Providers say so in many ways.
namespace tenon::detail {

/// The first header of that name, without regard to case; empty if there is none.
[[nodiscard]] std::string_view header(std::span<const HttpHeader> headers,
                                      std::string_view lower_name) noexcept;

/// Milliseconds to wait, by `retry-after-ms`, then `retry-after` (seconds or a date), then
/// google.rpc.RetryInfo in the body, then, if `limits` is set, the reset times of exhausted rate
/// limits. 0 for a time that has passed, at most a day; nullopt if nothing plausible is there.
[[nodiscard]] std::optional<std::int64_t> retry_hint_ms(std::span<const HttpHeader> headers,
                                                        const HttpErrorContext& context,
                                                        bool limits);

}  // namespace tenon::detail
