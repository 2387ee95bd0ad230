#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/duration.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// Whether `value` is within [least, most]; if not, Code::invalid with a message that names the
/// member, its value and what is allowed. A double that is not a number is never within.
[[nodiscard]] Result<void> check_range(std::string_view member, std::int64_t value,
                                       std::int64_t least, std::int64_t most);
[[nodiscard]] Result<void> check_range(std::string_view member, double value, double least,
                                       double most);
[[nodiscard]] Result<void> check_range(std::string_view member, std::chrono::milliseconds value,
                                       std::chrono::milliseconds least,
                                       std::chrono::milliseconds most = base::kLongestDuration);

/// The first that failed of some checks, or success.
template <class... Checks>
[[nodiscard]] Result<void> first_failure(Checks... checks) {
    Result<void> first;
    const auto keep = [&first](Result<void>& check) {
        if (first && !check) first = std::move(check);
    };
    (keep(checks), ...);
    return first;
}

}  // namespace tenon::core
