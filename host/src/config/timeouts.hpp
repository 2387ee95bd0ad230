#pragma once

#include <array>
#include <chrono>

#include "core/deadline.hpp"

namespace tenon::config {

/// What differs for single operations.
struct OperationTimeouts {
    std::array<core::PhaseLimits, core::kOperationClasses> of{};

    [[nodiscard]] core::PhaseLimits& operator[](core::OperationClass operation) noexcept {
        return of[static_cast<std::size_t>(operation)];
    }
    [[nodiscard]] const core::PhaseLimits& operator[](
        core::OperationClass operation) const noexcept {
        return of[static_cast<std::size_t>(operation)];
    }
    friend bool operator==(const OperationTimeouts&, const OperationTimeouts&) = default;
};

struct Timeouts {
    std::chrono::milliseconds queue = std::chrono::seconds(5);
    std::chrono::milliseconds connect = std::chrono::seconds(10);
    std::chrono::milliseconds first_byte = std::chrono::seconds(30);
    std::chrono::milliseconds idle = std::chrono::seconds(60);
    std::chrono::milliseconds health_check = std::chrono::seconds(5);
    std::chrono::milliseconds request = std::chrono::seconds(30);
    std::chrono::milliseconds stream = std::chrono::seconds(600);
    OperationTimeouts operations;

    friend bool operator==(const Timeouts&, const Timeouts&) = default;
};

/// The same as core has it: the one level that core::resolve_limits() needs for a provider, for
/// what is at the top is in its timeouts already.
[[nodiscard]] core::DeadlineSettings to_deadlines(const Timeouts& timeouts);

/// The limits of an operation that nobody has shortened.
[[nodiscard]] core::Limits limits_of(const Timeouts& timeouts, core::OperationClass operation);

}  // namespace tenon::config
