#pragma once

#include <cstdint>

#include "core/route_table.hpp"
#include "tenon/error.hpp"

namespace tenon::core {

enum class FailureKind : std::uint8_t {
    passing,     ///< the same may succeed elsewhere, or later
    ineligible,  ///< this provider cannot answer it at all
    context_window,
    content_filter,
    final,  ///< nobody can answer it
};

/// What an error means for where a request goes on.
struct FailureMeaning {
    FailureKind kind = FailureKind::final;
    Cause cause = Cause::unavailable;
    bool blames_provider = false;  ///< as a whole, not the model alone
};
[[nodiscard]] FailureMeaning meaning_of(const Error& error) noexcept;

}  // namespace tenon::core
