#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "connection_model.hpp"
#include "core/connection_state.hpp"
#include "core/random.hpp"
#include "virtual_time.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Event = ConnectionEvent;

/// Machine and model side by side, and what became of them.
struct Pair {
    Pair(const ConnectionSettings& settings, bool enabled, WantedState wanted)
        : machine(settings, enabled, wanted), model(settings, enabled, wanted) {}

    /// Lets the event happen to both. Returns what is wrong, or "".
    std::string step(Event event) {
        if (event == Event::time_passes) now += 3s;
        if (event == Event::timer && model.wake() != base::kNoDeadline) {
            now = std::max(now, model.wake());
        }
        const ConnectionReport before = machine.report();
        const std::string expected = model.happen(event, now);
        const std::string done = happen(machine, event, now);
        if (done != expected) return "does  " + done + "\nnot   " + expected;
        if (machine.report().wake != model.wake()) return "wakes at another time";
        if (machine.report().state != model.state()) return "is in another state";
        if (machine.admit() != model.admit()) return "admits otherwise";
        return check_laws(before);
    }

    /// What holds whatever the model says.
    std::string check_laws(const ConnectionReport& before) const {
        const ConnectionReport& report = machine.report();
        const bool drains = report.state == ConnectionState::disconnecting;
        const bool active = !drains && report.state != ConnectionState::disconnected;
        if (active && (!report.enabled || report.shutting_down ||
                       report.wanted == WantedState::disconnected)) {
            return "is connected against the operator's will";
        }
        if (report.generation < before.generation || report.sequence < before.sequence) {
            return "counts backwards";
        }
        const bool in_cycle = report.attempt != 0;
        if ((report.wake != base::kNoDeadline) != (in_cycle || drains)) {
            return "waits without a limit, or for nothing";
        }
        if (in_cycle && report.state != ConnectionState::connecting &&
            report.state != ConnectionState::unhealthy) {
            return "dials for nothing";
        }
        return {};
    }

    std::string key() const {
        const ConnectionReport& r = machine.report();
        const auto wait = r.wake == base::kNoDeadline ? -1 : (r.wake - now) / 1ms;
        return model.key(now) + "/" + std::string(to_string(r.state)) +
               std::string(to_string(r.wanted)) + (r.enabled ? "e" : "") + (r.demanded ? "d" : "") +
               (r.sick ? "s" : "") + (r.misconfigured ? "m" : "") + (r.shutting_down ? "x" : "") +
               (r.dial != 0 ? "D" : "") + std::to_string(r.attempt) + ":" + std::to_string(wait);
    }

    ConnectionMachine machine;
    ConnectionModel model;
    base::TimePoint now = at(0s);
};

struct Case {
    ConnectionSettings settings;
    std::string name;
};

/// Every combination of what can be switched.
std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (unsigned bits = 0; bits < 32; ++bits) {
        ConnectionSettings settings;
        settings.stateless = (bits & 1) != 0;
        settings.needs_check = (bits & 2) != 0;
        settings.auto_recovery = (bits & 4) != 0;
        settings.connect_on_demand = (bits & 8) != 0;
        settings.admit_when_unhealthy = (bits & 16) != 0;
        cases.push_back({settings, "switches " + std::to_string(bits)});
    }
    return cases;
}

/// What a program may find when it starts.
constexpr std::array kBeginnings = {
    std::pair(true, WantedState::on_demand),    std::pair(true, WantedState::connected),
    std::pair(true, WantedState::disconnected), std::pair(false, WantedState::on_demand),
    std::pair(false, WantedState::connected),   std::pair(false, WantedState::disconnected),
};

struct Found {
    Pair pair;
    std::string path;
};

BOOST_AUTO_TEST_SUITE(connection_state_model)

// All sequences of events, of any length: a circumstance in which the pair has been before has
// nothing new behind it. To depth 8 that is the same as trying every sequence.
BOOST_AUTO_TEST_CASE(every_sequence_of_events_does_what_the_model_says) {
    std::size_t tried = 0;
    int deepest = 0;
    for (const Case& c : all_cases()) {
        std::set<std::string> seen;
        std::vector<Found> level;
        for (const auto& [enabled, wanted] : kBeginnings) {
            level.push_back(
                {Pair(c.settings, enabled, wanted), std::string(enabled ? "" : " disabled") + " " +
                                                        std::string(to_string(wanted)) + ":"});
            seen.insert(level.back().pair.key());
        }
        for (int depth = 1; !level.empty(); ++depth) {
            std::vector<Found> next;
            for (const Found& found : level) {
                for (int e = 0; e < kConnectionEvents; ++e) {
                    const auto event = static_cast<Event>(e);
                    Pair pair = found.pair;
                    const std::string wrong = pair.step(event);
                    ++tried;
                    if (!wrong.empty()) {
                        BOOST_FAIL(c.name << ", after" << found.path << ", " << name_of(event)
                                          << ":\n"
                                          << wrong);
                    }
                    if (seen.insert(pair.key()).second) {
                        next.push_back({pair, found.path + " " + name_of(event)});
                        deepest = std::max(deepest, depth);
                    }
                }
            }
            level = std::move(next);
        }
    }
    BOOST_TEST_MESSAGE(tried << " steps, depth " << deepest);
    BOOST_TEST(deepest >= 8);
    BOOST_TEST(tried > 100'000U);
}

/// Returns what goes wrong with these events, or "".
std::string run(const Case& c, const std::vector<Event>& events) {
    Pair pair(c.settings, true, WantedState::on_demand);
    for (const Event event : events) {
        const std::string wrong = pair.step(event);
        if (!wrong.empty()) return name_of(event) + " " + wrong;
    }
    return {};
}

BOOST_AUTO_TEST_CASE(long_random_sequences_do_what_the_model_says) {
    const std::vector<Case> cases = all_cases();
    std::size_t right = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        Random random(seed);
        Case c = cases.at(random.below(cases.size()));
        c.settings.reconnect_attempts = 1 + static_cast<int>(random.below(4));
        c.settings.reconnect_delay = std::chrono::milliseconds(random.below(7'000));
        c.settings.drain_grace = std::chrono::milliseconds(random.below(7'000));
        std::vector<Event> events;
        for (int i = 0; i < 200; ++i) {
            auto event = static_cast<Event>(random.below(kConnectionEvents));
            // An end that comes early leaves nothing to test.
            if (event == Event::shut_down && random.below(20) != 0) event = Event::timer;
            events.push_back(event);
        }
        if (run(c, events).empty()) {
            ++right;
            continue;
        }
        for (std::size_t i = events.size(); i-- > 0;) {  // leave out what is not needed
            auto fewer = events;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            if (!run(c, fewer).empty()) events = std::move(fewer);
        }
        std::string path;
        for (const Event event : events) path += " " + name_of(event);
        BOOST_ERROR("seed " << seed << ", " << c.name << ":" << path << ":\n" << run(c, events));
    }
    BOOST_TEST(right == 100U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
