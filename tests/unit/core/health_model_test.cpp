#include "health_model.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "health_rig.hpp"

namespace tenon::core {

/// All that decides what a monitor does next, at `now`: times as far as they still matter.
struct HealthMonitorTest {
    static std::string key(const HealthMonitor& m, base::TimePoint now) {
        std::string key;
        const auto add = [&](auto number) {
            key += std::to_string(static_cast<long long>(number)) + ' ';
        };
        const auto add_time = [&](base::TimePoint time, base::Duration matters) {
            const bool is_old = time == HealthMonitor::kNever || now - time >= matters;
            add(is_old ? -1 : (now - time) / std::chrono::milliseconds(1));
        };
        const auto add_wait = [&](base::TimePoint time) {
            if (time == base::kNoDeadline || time == HealthMonitor::kNever) {
                add(-1);
            } else {
                add(std::max((time - now) / std::chrono::milliseconds(1), -1L));
            }
        };
        const HealthSettings& s = m.settings_;
        for (const int part :
             {static_cast<int>(m.state_), m.running_ ? 1 : 0, m.without_checks_ ? 1 : 0,
              m.failures_, m.successes_, m.check_ != 0 ? 1 : 0, m.again_ ? 1 : 0,
              m.next_ == base::kNoDeadline ? 9 : static_cast<int>(m.due_)}) {
            add(part);
        }
        add_time(m.started_, s.interval + s.recheck);
        add_time(m.ended_, s.min_gap);
        add_time(m.requested_, s.min_gap);
        add_time(m.ticked_, s.interval);
        add_time(m.last_success_, s.interval);
        add_wait(m.next_);
        add_wait(m.cool_down_until_);
        return key;
    }
};

namespace {

using namespace std::chrono_literals;
using Event = HealthEvent;

std::string to_text(const HealthSteps& steps) {
    std::string text;
    if (steps.abandoned != 0) text += "abandon " + std::to_string(steps.abandoned) + "; ";
    if (steps.verdict != HealthVerdict::undecided) {
        text += "verdict " + std::to_string(static_cast<int>(steps.verdict)) + "; ";
    }
    if (steps.transition) {
        text += std::to_string(steps.transition->sequence) + " " +
                std::string(to_string(steps.transition->from)) + ">" +
                std::string(to_string(steps.transition->to)) + "; ";
    }
    if (steps.check) {
        text += "check " + std::to_string(steps.check->id) +
                (steps.check->periodic ? " periodic" : "") + "; ";
    }
    return text;
}

bool are_equal(const HealthSteps& a, const HealthSteps& b) {
    return a.abandoned == b.abandoned && a.verdict == b.verdict && a.transition == b.transition &&
           a.check == b.check;
}

/// Monitor and model side by side.
struct Pair {
    explicit Pair(const HealthSettings& settings) : monitor(settings, 1), model(settings) {}

    HealthSteps done_by_monitor(Event event) {
        static const Error refused = refused_connection();
        static const Error limited = answered(Code::throttled, 429);
        static const Error unauthorised = answered(Code::auth, 401);
        static const Error cancelled(Code::cancelled, "Cancelled.");
        static const Error unsupported(Code::unsupported, "No check.");
        const auto end = [&](const Error* error) {
            return monitor.check_done(running, {.error = error}, now);
        };
        switch (event) {
            case Event::start: return monitor.start(now);
            case Event::stop: return monitor.stop(now);
            case Event::passes: return end(nullptr);
            case Event::fails: return end(&refused);
            case Event::throttled: return end(&limited);
            case Event::refused: return end(&unauthorised);
            case Event::says_nothing: return end(&cancelled);
            case Event::unsupported: return end(&unsupported);
            case Event::late_reply: return monitor.check_done(running + 1000, {}, now);
            case Event::timer:
            case Event::sleep:
            case Event::time_passes: return monitor.tick(now);
            case Event::request_succeeds:
                monitor.request_ended({.outcome = Outcome::success}, {}, now);
                return {};
            case Event::request_fails:
                monitor.request_ended({.outcome = Outcome::failure}, {}, now);
                return {};
            case Event::request_throttled:
                monitor.request_ended({.cool_down = true}, {}, now);
                return {};
            case Event::request_check: return monitor.request_check(now);
            case Event::verify: return monitor.verify(now);
            case Event::recover: break;
        }
        return monitor.recover(now);
    }

    /// Lets the event happen to both. Returns what is wrong, or "".
    std::string step(Event event) {
        const base::TimePoint wake = model.next_wake();
        if (event == Event::time_passes) now += 400ms;
        if (wake != base::kNoDeadline && event == Event::timer) now = std::max(now, wake);
        if (wake != base::kNoDeadline && event == Event::sleep) now = std::max(now, wake + 10s);

        const HealthSteps expected = model.happen(event, now);
        const HealthSteps done = done_by_monitor(event);
        if (!are_equal(done, expected)) {
            return "does  " + to_text(done) + "\nnot   " + to_text(expected);
        }
        if (done.abandoned != 0) running = 0;
        if (done.check) running = done.check->id;
        if (monitor.state() != model.state()) return "is in another state";
        if (monitor.is_cooling_down(now) != model.is_cooling_down(now)) return "cools otherwise";
        if (monitor.next_wake() != model.next_wake()) {
            return "wakes at another time, " + std::to_string((monitor.next_wake() - now) / 1ms) +
                   " not " + std::to_string((model.next_wake() - now) / 1ms);
        }
        return {};
    }

    HealthMonitor monitor;
    HealthModel model;
    base::TimePoint now = at(0s);
    std::uint64_t running = 0;
};

struct Found {
    Pair pair;
    std::string path;
};

/// Tries every sequence of `depth` events. What a monitor has been in before, it need not be in
/// again: the same follows.
std::size_t try_all(const HealthSettings& settings, int depth) {
    std::unordered_set<std::string> seen;
    std::vector<Found> level{{Pair(settings), ""}};
    std::size_t tried = 0;
    for (int i = 0; i < depth; ++i) {
        std::vector<Found> next;
        for (const Found& found : level) {
            for (int e = 0; e < kHealthEvents; ++e) {
                const auto event = static_cast<Event>(e);
                Pair pair = found.pair;
                const std::string wrong = pair.step(event);
                ++tried;
                if (!wrong.empty()) {
                    BOOST_FAIL("after" << found.path << ", " << name_of(event) << ":\n" << wrong);
                }
                if (i + 1 == depth) continue;
                if (seen.insert(HealthMonitorTest::key(pair.monitor, pair.now)).second) {
                    next.push_back({std::move(pair), found.path + " " + name_of(event)});
                }
            }
        }
        level = std::move(next);
    }
    return tried;
}

BOOST_AUTO_TEST_SUITE(health_model)

BOOST_AUTO_TEST_CASE(every_sequence_of_eight_events_does_what_the_model_says) {
    BOOST_TEST(try_all(exact(), 8) > 100'000U);
}

BOOST_AUTO_TEST_CASE(so_does_every_sequence_where_one_failure_is_enough_and_one_success_is_not) {
    HealthSettings settings = exact();
    settings.unhealthy_after = 1;
    settings.healthy_after = 2;
    BOOST_TEST(try_all(settings, 6) > 10'000U);
}

/// Returns what goes wrong with these events, or "".
std::string run(const HealthSettings& settings, const std::vector<Event>& events) {
    Pair pair(settings);
    for (const Event event : events) {
        const std::string wrong = pair.step(event);
        if (!wrong.empty()) return name_of(event) + " " + wrong;
    }
    return {};
}

BOOST_AUTO_TEST_CASE(long_random_sequences_do_what_the_model_says) {
    std::size_t right = 0;
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        Random random(seed);
        HealthSettings settings = exact();
        settings.unhealthy_after = 1 + static_cast<int>(random.below(3));
        settings.healthy_after = 1 + static_cast<int>(random.below(3));
        settings.active = random.below(10) != 0;
        std::vector<Event> events = {Event::start};
        while (events.size() < 60) {
            auto event = static_cast<Event>(random.below(kHealthEvents));
            const bool is_end = event == Event::stop || event == Event::unsupported;
            if (is_end && random.below(8) != 0) event = Event::timer;
            events.push_back(event);
        }
        if (run(settings, events).empty()) {
            ++right;
            continue;
        }
        for (std::size_t i = events.size(); i-- > 0;) {  // leave out what is not needed
            auto fewer = events;
            fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
            if (!run(settings, fewer).empty()) events = std::move(fewer);
        }
        std::string path;
        for (const Event event : events) path += " " + name_of(event);
        BOOST_ERROR("seed " << seed << ":" << path << ":\n" << run(settings, events));
    }
    BOOST_TEST(right == 150U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
