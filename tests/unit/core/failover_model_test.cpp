#include "failover_support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace tenon::core {
namespace {

/// What happened: all that the model below looks at.
struct Event {
    std::string provider;
    std::string model;
    Code code;
};

constexpr Code kCodes[] = {Code::unavailable, Code::throttled, Code::deadline,
                           Code::auth,        Code::not_found, Code::too_large};

bool passes(Code code) {
    return code == Code::unavailable || code == Code::throttled;
}
bool blames(Code code) {
    return code == Code::unavailable || code == Code::deadline || code == Code::auth;
}

struct Line {
    std::string model;
    std::vector<std::string> tiers;  ///< of providers, a letter each
};

/// Whom a plan may ask, worked out from the whole log each time.
struct Reference {
    std::vector<Line> asked;    ///< the model, one line
    std::vector<Line> backups;  ///< its chain for unavailable
    std::vector<Line> larger;   ///< its chain for too large
    bool repeat = true;
    std::vector<Event> log;

    [[nodiscard]] bool too_large(const std::string& model) const {
        return std::any_of(log.begin(), log.end(), [&](const Event& event) {
            return event.code == Code::too_large && event.model == model;
        });
    }
    [[nodiscard]] std::vector<Line> lines() const {
        const bool any = std::any_of(log.begin(), log.end(), [](const Event& event) {
            return event.code == Code::too_large;
        });
        std::vector<Line> out;
        if (any) {
            std::copy_if(larger.begin(), larger.end(), std::back_inserter(out),
                         [&](const Line& line) { return !too_large(line.model); });
            return out;
        }
        out = asked;
        out.insert(out.end(), backups.begin(), backups.end());
        return out;
    }
    [[nodiscard]] bool may(char provider, const std::string& model, std::size_t times) const {
        std::size_t count = 0;
        for (const auto& event : log) {
            if (event.provider[0] != provider) continue;
            if (!blames(event.code) && event.model != model) continue;
            if (!passes(event.code)) return false;
            ++count;
        }
        return count <= times;
    }
    /// "a/m" and so on; empty if nobody.
    [[nodiscard]] std::set<std::string> right(const FailoverRig& rig) const {
        for (std::size_t times = 0; times <= (repeat ? log.size() : 0); ++times) {
            for (const auto& line : lines()) {
                for (const auto& tier : line.tiers) {
                    for (const auto state : {Availability::ready, Availability::disconnected}) {
                        std::set<std::string> out;
                        for (const char provider : tier) {
                            const auto number = static_cast<std::size_t>(provider - 'a');
                            if (rig.providers.states[number].availability != state) continue;
                            if (!may(provider, line.model, times)) continue;
                            out.insert(std::string(1, provider) + '/' + line.model +
                                       (state == Availability::disconnected ? "+" : ""));
                        }
                        if (!out.empty()) return out;
                    }
                }
            }
        }
        return {};
    }
};

std::vector<std::string> any_tiers(Random& random) {
    std::vector<std::string> out;
    std::string left = "abcd";
    while (out.empty() || (random.below(2) == 0 && !left.empty())) {
        std::string tier;
        while (tier.empty() || (random.below(2) == 0 && !left.empty())) {
            const auto i = random.below(left.size());
            tier += left[i];
            left.erase(i, 1);
        }
        out.push_back(tier);
    }
    return out;
}

RouteSpec spec_of(const Line& line) {
    std::vector<std::vector<TargetSpec>> tiers;
    for (const auto& providers : line.tiers) {
        tiers.emplace_back();
        for (const char provider : providers) {
            tiers.back().push_back({std::string(1, provider), "", 1});
        }
    }
    return route(line.model, tiers);
}

/// Runs one request of random failures. \return "" or what went wrong, with the log.
std::string run(std::uint64_t seed) {
    Random random(seed);
    Reference reference;
    std::vector<RouteSpec> routes;
    for (auto* lines : {&reference.asked, &reference.backups, &reference.larger}) {
        const auto n = lines == &reference.asked ? 1 : random.below(3);
        for (std::uint64_t i = 0; i < n; ++i) {
            lines->push_back({"m" + std::to_string(routes.size()), any_tiers(random)});
            routes.push_back(spec_of(lines->back()));
        }
    }
    for (const auto& line : reference.backups) {
        chain(routes[0], Cause::unavailable).push_back(line.model);
    }
    for (const auto& line : reference.larger) {
        chain(routes[0], Cause::context_window).push_back(line.model);
    }
    FailoverRig rig(routes, random.below(2) == 0);
    reference.repeat = rig.settings.repeat = random.below(2) == 0;
    rig.random = Random(seed);
    auto plan = rig.plan("m0");
    std::string story = "seed " + std::to_string(seed) + ":";
    for (int i = 0; i < 12; ++i) {
        for (std::uint32_t provider = 0; provider < 4; ++provider) {
            if (random.below(3) != 0) continue;
            constexpr Availability kStates[] = {Availability::ready, Availability::ready,
                                                Availability::disconnected,
                                                Availability::breaker_open, Availability::disabled};
            rig.set(provider, kStates[random.below(std::size(kStates))]);
        }
        const auto right = reference.right(rig);
        const std::string step = rig.next(plan);
        story += ' ' + step;
        if (right.empty() ? step != "error" : !right.contains(step)) {
            for (const auto& each : right) story += " [rather " + each + "]";
            return story;
        }
        if (!rig.attempt) continue;  // the states may change
        const Code code = kCodes[random.below(std::size(kCodes))];
        story += '(' + std::string(to_string(code)) + ')';
        reference.log.push_back({step.substr(0, 1), step.substr(2, 2), code});
        const auto after = rig.fail(plan, code);
        const bool ended = after.onward == AfterFailure::Onward::nowhere;
        if (ended != (code == Code::too_large && reference.lines().empty())) {
            return story + " [ended]";
        }
        if (ended) return {};
        const auto others = [&] {
            Reference once = reference;
            once.repeat = false;
            return !once.right(rig).empty();
        };
        if (plan.has_alternative(rig.providers) != others()) return story + " [alternative]";
    }
    return {};
}

BOOST_AUTO_TEST_SUITE(failover_model)

// L10
BOOST_AUTO_TEST_CASE(any_request_asks_whom_the_whole_log_says) {
    for (std::uint64_t seed = 1; seed <= 5'000; ++seed) {
        const std::string wrong = run(seed);
        if (!wrong.empty()) BOOST_FAIL(wrong);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
