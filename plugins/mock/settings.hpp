#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "answer.hpp"
#include "fault.hpp"
#include "tenon/plugin/json.hpp"
#include "tenon/result.hpp"

namespace tenon::mock {

/// JSON Schema of the configuration; says what each member means and what it is by default.
extern const std::string_view kConfigSchema;

/// How a health check or a connect ends.
struct Behaviour {
    enum class Kind { ok, fail, auth, slow };
    Kind kind = Kind::ok;
    std::uint64_t times = 0;  ///< only the first `times`; 0 = for ever

    [[nodiscard]] Kind of(std::uint64_t number) const noexcept {
        return still_applies(times, number) ? kind : Kind::ok;
    }
};

/// The configuration of one mock provider.
struct Settings {
    Style style;
    double tokens_per_second = 0;  ///< 0 = at once
    std::chrono::milliseconds latency{0};
    std::chrono::milliseconds jitter{0};
    std::uint32_t dimensions = 8;
    std::vector<std::string> models = {"mock-1"};
    FaultPlan faults;
    Behaviour health;
    Behaviour connect;
    std::chrono::milliseconds slow{60'000};

    /// The pause between two deltas.
    [[nodiscard]] std::chrono::nanoseconds token_gap() const noexcept;
};

/// The configuration in `config`, which has been checked against the schema: a member of another
/// type counts as absent. Error: a word that names nothing.
[[nodiscard]] Result<Settings> read_settings(const JsonDocument& config);

}  // namespace tenon::mock
