#pragma once

#include <cstdint>

#include "tenon/error.hpp"

namespace tenon::core {

/// What the health monitor tells the connection machine. It may be told again and again: only what
/// is new has an effect.
enum class HealthVerdict : std::uint8_t {
    undecided,      ///< nothing to act on
    healthy,        ///< a check has just passed, and enough of them
    unhealthy,      ///< enough checks in a row have failed
    misconfigured,  ///< credentials, account or configuration: a person has to repair it
};

/// Whether a failed connect or check, which carries nobody's request, is the fault of credentials,
/// account or configuration, so that trying again is useless (Envoy: non-retriable statuses of
/// health checks).
[[nodiscard]] bool blames_configuration(const Error& error) noexcept;

}  // namespace tenon::core
