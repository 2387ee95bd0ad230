#pragma once

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "provider/breakers.hpp"

namespace tenon {

inline std::ostream& boost_test_print_type(std::ostream& out, Code code) {
    return out << to_string(code);
}
inline std::ostream& boost_test_print_type(std::ostream& out, Scope scope) {
    return out << to_string(scope);
}
namespace core {
inline std::ostream& boost_test_print_type(std::ostream& out, BreakerState state) {
    return out << to_string(state);
}
}  // namespace core

namespace provider::breakers_tests {

using core::BreakerState;
using core::Outcome;
using core::Stop;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Pass = Breakers::Pass;

inline constexpr base::TimePoint kStart{std::chrono::hours(77)};

/// The defaults without jitter: 5 failures, open for 30 s, a lease of 35 s.
inline core::BreakerSettings exact() {
    core::BreakerSettings settings;
    settings.recovery_jitter = 0;
    return settings;
}

inline Error with_status(int status, Scope scope = Scope::request) {
    Error error(Code::unavailable, "the server has failed");
    error.http_status = status;
    error.scope = scope;
    return error;
}
inline const Error kServerError = with_status(500);
inline const Error kRefused(Code::unavailable, "connection refused");  // by its socket
inline const Error kBadRequest(Code::invalid, "no such parameter");

inline const core::AttemptEnd kAnswer{};
inline const core::AttemptEnd kModelFails{.error = &kServerError};
inline const core::AttemptEnd kProviderFails{.error = &kRefused};
inline const core::AttemptEnd kNothing{.stop = Stop::caller_cancelled};

/// The breakers of provider "alpha" at virtual time.
class Rig {
public:
    explicit Rig(const core::BreakerSettings& settings = exact())
        : breakers("alpha", settings, kStart, 1, [this](std::string_view model, const auto& event) {
              told.emplace_back(model, event);
          }) {}

    Pass admit(std::string_view model = "m") {
        auto pass = breakers.admit(model, now);
        BOOST_TEST_REQUIRE(pass.has_value());
        return std::move(pass).value();
    }
    Error rejection(std::string_view model = "m") {
        auto pass = breakers.admit(model, now);
        BOOST_TEST_REQUIRE(!pass.has_value());
        return std::move(pass).error();
    }
    /// Makes `times` attempts that end so.
    void attempts(int times, const core::AttemptEnd& end, std::string_view model = "m") {
        for (int i = 0; i < times; ++i) admit(model).report(end, now);
    }

    [[nodiscard]] core::BreakerSnapshot look() const { return breakers.snapshot(now).provider; }
    /// Of a model's breaker; that of one at rest if snapshot() does not show it.
    [[nodiscard]] core::BreakerSnapshot look(std::string_view model) const {
        for (const auto& each : breakers.snapshot(now).models) {
            if (each.model == model) return each.breaker;
        }
        return {};
    }
    [[nodiscard]] std::size_t models() const { return breakers.snapshot(now).models.size(); }

    base::TimePoint now = kStart;
    std::vector<std::pair<std::string, core::BreakerEvent>> told;
    Breakers breakers;
};

}  // namespace provider::breakers_tests
}  // namespace tenon
