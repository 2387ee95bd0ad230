#pragma once

#include "core/failover.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tenon::core {

/// Providers in states that the test sets.
class FakeProviders : public Providers {
public:
    explicit FakeProviders(std::size_t n) : states(n), reasons(n) {}

    [[nodiscard]] ProviderState state(const Target& target, const Match& match) const override {
        if (!models.empty()) {
            std::string scratch;
            const auto own =
                models.find({target.provider, std::string(model_at(target, match, scratch))});
            if (own != models.end()) return own->second;
        }
        return states[target.provider];
    }
    [[nodiscard]] std::string reason(const Target& target, const Match& /*match*/) const override {
        return reasons[target.provider];
    }

    std::vector<ProviderState> states;
    std::vector<std::string> reasons;
    std::map<std::pair<std::uint32_t, std::string>, ProviderState> models;  ///< by their name there
};

/// {"a", "b"} -> a tier of these providers, which call the model as the route does.
inline std::vector<TargetSpec> tier(const std::vector<std::string>& providers) {
    std::vector<TargetSpec> out;
    for (const auto& provider : providers) out.push_back({provider, "", 1});
    return out;
}

inline RouteSpec route(std::string model, std::vector<std::vector<TargetSpec>> tiers) {
    return {std::move(model), {}, std::move(tiers), {}};
}

inline std::vector<std::string>& chain(RouteSpec& route, Cause cause) {
    return route.fallbacks[static_cast<std::size_t>(cause)];
}

/// Plans over providers "a", "b", "c", "d" (0 to 3), in virtual time.
class FailoverRig {
public:
    explicit FailoverRig(std::vector<RouteSpec> routes, bool nested = true)
        : table(make(std::move(routes), nested)), balancers(balancers_for(table, {})) {}

    [[nodiscard]] FailoverPlan plan(std::string_view model, const FailoverRequest& request = {}) {
        const auto match = table.find(model);
        BOOST_TEST_REQUIRE(match.has_value());
        return {table, settings, *match, request};
    }

    /// "a/model"; with "+" if it is to be connected, with "!" if in spite of its state; "wait 5ms";
    /// or "error".
    std::string next(FailoverPlan& plan, int attempts_left = 9) {
        attempt.reset();
        const Step step = plan.next(now, attempts_left, providers, balancers, random);
        if (const auto* wait = std::get_if<WaitUntil>(&step)) {
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(wait->time - now);
            return "wait " + std::to_string(left.count()) + "ms";
        }
        if (const auto* failed = std::get_if<Error>(&step)) {
            error = *failed;
            return "error";
        }
        attempt = std::get<Attempt>(step);
        std::string scratch;
        return table.providers()[attempt->target->provider] + "/" +
               std::string(model_at(*attempt->target, attempt->match, scratch)) +
               (attempt->connect_first ? "+" : "") + (attempt->in_spite ? "!" : "");
    }

    /// The attempt that next() gave fails.
    AfterFailure fail(FailoverPlan& plan, Code code = Code::unavailable,
                      std::string message = "It failed.") const {
        return plan.failed(*attempt, Error(code, std::move(message)));
    }

    /// The attempts of a request that all fail in the same way, until there is no next one.
    std::string all(FailoverPlan& plan, Code code, int most = 20) {
        std::string out;
        for (int i = 0; i < most; ++i) {
            const std::string step = next(plan);
            out += (out.empty() ? "" : " ") + step;
            if (!attempt) return out;
            fail(plan, code);
        }
        return out;
    }

    void set(std::uint32_t provider, Availability availability,
             base::TimePoint available_at = base::kNoDeadline) {
        providers.states[provider].availability = availability;
        providers.states[provider].available_at = available_at;
    }
    void set_all(Availability availability) {
        for (auto& state : providers.states) state.availability = availability;
    }

    FakeProviders providers{4};
    RouteTable table;
    std::vector<Balancer> balancers;
    FailoverSettings settings;
    Random random{1};
    base::TimePoint now{std::chrono::hours(1000)};
    std::optional<Attempt> attempt;  ///< of the last next()
    Error error;                     ///< ditto

private:
    static RouteTable make(std::vector<RouteSpec> routes, bool nested) {
        RouteTableSpec spec{{"a", "b", "c", "d"}, std::move(routes), {}, nested};
        auto built = RouteTable::build(spec);
        if (!built) BOOST_FAIL(built.error().message);
        return std::move(built).value();
    }
};

}  // namespace tenon::core
