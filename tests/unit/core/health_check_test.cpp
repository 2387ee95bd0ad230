#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "health_rig.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using State = HealthState;
using Verdict = HealthVerdict;

/// Lets checks end as written: F fails, S passes, T is throttled, A is refused by its credentials,
/// N says nothing; the last one again and again. Returns the rig after that many checks.
HealthRig after(const std::string& ends, HealthSettings settings = exact()) {
    HealthRig rig(settings);
    rig.start();
    std::size_t next = 0;
    rig.server = [&](base::Duration) -> CheckReply {
        switch (ends.at(next++)) {
            case 'F': return {1ms, refused_connection()};
            case 'T': return {1ms, answered(Code::throttled, 429)};
            case 'A': return {1ms, answered(Code::auth, 401)};
            case 'N': return {1ms, Error(Code::cancelled, "Cancelled.")};
            default: return {1ms};
        }
    };
    while (next < ends.size()) rig.run_until(rig.monitor.next_wake() - at(0s) + 2ms);
    rig.server = [](base::Duration) { return CheckReply{}; };
    return rig;
}

std::size_t times_unhealthy(const HealthRig& rig) {
    std::size_t times = 0;
    for (const auto& change : rig.changes) times += change.to == State::unhealthy ? 1U : 0U;
    return times;
}

BOOST_AUTO_TEST_SUITE(health_check)

// H1
BOOST_AUTO_TEST_CASE(two_failures_and_a_success_are_never_unhealthy_three_failures_are_once) {
    BOOST_TEST(times_unhealthy(after("SFFS")) == 0U);
    BOOST_TEST(times_unhealthy(after("FFS")) == 0U);
    BOOST_TEST(times_unhealthy(after("SFFF")) == 1U);
    BOOST_TEST(times_unhealthy(after("FFF")) == 1U);
    BOOST_TEST(times_unhealthy(after("SFFFFFFF")) == 1U);
}

// H2
BOOST_AUTO_TEST_CASE(failures_that_are_not_in_a_row_are_never_unhealthy) {
    BOOST_TEST(times_unhealthy(after("FSFSF")) == 0U);
    BOOST_TEST(times_unhealthy(after("SFFSFFSFFS")) == 0U);
}

BOOST_AUTO_TEST_CASE(one_success_at_the_start_is_enough) {
    HealthSettings settings = exact();
    settings.healthy_after = 3;
    const HealthRig rig = after("S", settings);
    BOOST_TEST((rig.monitor.state() == State::healthy));
    BOOST_TEST((rig.verdicts == std::vector{Verdict::healthy}));
}

BOOST_AUTO_TEST_CASE(a_failure_of_a_healthy_provider_is_seen_and_decides_nothing) {
    const HealthRig rig = after("SF");
    BOOST_TEST((rig.monitor.state() == State::degraded));
    BOOST_TEST(rig.monitor.status(rig.now, {}).healthy);
    BOOST_TEST((rig.verdicts == std::vector{Verdict::healthy}));
}

BOOST_AUTO_TEST_CASE(an_unhealthy_provider_needs_as_many_successes_in_a_row_as_configured) {
    BOOST_TEST((after("FFFS").monitor.state() == State::healthy));
    HealthSettings settings = exact();
    settings.healthy_after = 2;
    BOOST_TEST((after("FFFS", settings).monitor.state() == State::unhealthy));
    BOOST_TEST((after("FFFSFS", settings).monitor.state() == State::unhealthy));
    const HealthRig rig = after("FFFSS", settings);
    BOOST_TEST((rig.monitor.state() == State::healthy));
    BOOST_TEST((rig.started[4].at - rig.started[3].at == 5'001ms));  // looked at again soon
    BOOST_TEST((rig.verdicts == std::vector{Verdict::unhealthy, Verdict::healthy}));
}

BOOST_AUTO_TEST_CASE(every_check_of_an_unhealthy_provider_says_so_again) {
    BOOST_TEST((after("FFFFF").verdicts == std::vector(3, Verdict::unhealthy)));
}

// H9
BOOST_AUTO_TEST_CASE(too_many_requests_keeps_the_state_and_sets_a_cool_down) {
    const HealthRig rig = after("ST");
    BOOST_TEST((rig.monitor.state() == State::healthy));
    BOOST_TEST(rig.monitor.is_cooling_down(rig.now));
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 0);
}

// H9
BOOST_AUTO_TEST_CASE(too_many_requests_counts_neither_as_failure_nor_as_success) {
    BOOST_TEST((after("SFTFT").monitor.state() == State::degraded));
    BOOST_TEST((after("SFTFTF").monitor.state() == State::unhealthy));
    BOOST_TEST((after("FFFT").monitor.state() == State::unhealthy));
}

// H9
BOOST_AUTO_TEST_CASE(refused_credentials_are_misconfigured_at_once_and_nothing_is_tried_again) {
    HealthRig rig = after("SA");
    BOOST_TEST((rig.monitor.state() == State::misconfigured));
    BOOST_TEST((rig.verdicts == std::vector{Verdict::healthy, Verdict::misconfigured}));
    BOOST_TEST((rig.monitor.next_wake() == base::kNoDeadline));
    BOOST_TEST(rig.monitor.status(rig.now, {}).last_error == "The server answered 401.");
}

BOOST_AUTO_TEST_CASE(recover_checks_a_misconfigured_provider_and_only_success_makes_it_healthy) {
    for (const bool repaired : {true, false}) {
        HealthRig rig = after("SA");
        rig.server = [&](base::Duration) {
            return repaired ? CheckReply{1ms} : CheckReply{1ms, answered(Code::auth, 401)};
        };
        rig.now += 1h;
        rig.apply(rig.monitor.recover(rig.now));
        BOOST_TEST((rig.monitor.state() == State::unhealthy));
        rig.run_until(rig.since_start() + 1s);
        BOOST_TEST((rig.monitor.state() == (repaired ? State::healthy : State::misconfigured)));
    }
}

BOOST_AUTO_TEST_CASE(recover_forgets_cool_down_and_failures_and_checks_at_once) {
    HealthRig rig = after("SFF");
    rig.server = [](base::Duration) { return CheckReply{.hangs = true}; };
    rig.monitor.request_ended({.cool_down = true}, 60'000, rig.now);
    rig.now += 1s;
    const HealthSteps steps = rig.apply(rig.monitor.recover(rig.now));
    BOOST_TEST(steps.check.has_value());
    BOOST_TEST(!rig.monitor.is_cooling_down(rig.now));
    BOOST_TEST(rig.monitor.status(rig.now, {}).failures_in_a_row == 0);
}

// H10
BOOST_AUTO_TEST_CASE(the_hosts_own_refusals_say_nothing_about_the_provider) {
    const Error error = refused_connection();
    for (const auto stop : {Stop::not_admitted, Stop::caller_cancelled, Stop::caller_deadline,
                            Stop::hedge_lost, Stop::shutting_down}) {
        BOOST_TEST((judge_check({.stop = stop, .error = &error}) == CheckMeaning::nothing));
    }
    const HealthRig rig = after("SNNNNNN");
    BOOST_TEST((rig.monitor.state() == State::healthy));
    BOOST_TEST((after("SFNFNF").monitor.state() == State::unhealthy));
}

BOOST_AUTO_TEST_CASE(what_a_check_means_follows_from_how_it_ended) {
    using M = CheckMeaning;
    const auto meaning = [](const Error& error) { return judge_check({.error = &error}); };
    BOOST_TEST((judge_check({}) == M::passed));
    BOOST_TEST((judge_check({.stop = Stop::attempt_timeout}) == M::failed));
    for (const auto code : {Code::unavailable, Code::protocol, Code::internal, Code::deadline}) {
        for (const auto scope : {Scope::request, Scope::connection, Scope::provider}) {
            Error error(code, "Broken.");
            error.scope = scope;
            BOOST_TEST((meaning(error) == M::failed));
        }
    }
    BOOST_TEST((meaning(answered(Code::unavailable, 502)) == M::failed));
    BOOST_TEST((meaning(answered(Code::overloaded, 529)) == M::throttled));
    BOOST_TEST((meaning(answered(Code::throttled, 429)) == M::throttled));
    BOOST_TEST((meaning(answered(Code::unavailable, 429)) == M::throttled));
    for (const auto code : {Code::auth, Code::forbidden}) {
        BOOST_TEST((meaning(Error(code, "Wrong key.")) == M::misconfigured));
    }
    BOOST_TEST((meaning(answered(Code::invalid, 403)) == M::misconfigured));
    BOOST_TEST((meaning(answered(Code::not_found, 404)) == M::passed));  // it lives
    BOOST_TEST((meaning(answered(Code::unavailable, 301)) == M::nothing));
    BOOST_TEST((meaning(Error(Code::unsupported, "No check.")) == M::unsupported));
    BOOST_TEST((meaning(Error(Code::no_memory, "Out of memory.")) == M::nothing));

    Error malformed(Code::invalid, "No such region.");
    BOOST_TEST((meaning(malformed) == M::nothing));
    malformed.scope = Scope::provider;
    BOOST_TEST((meaning(malformed) == M::misconfigured));
}

BOOST_AUTO_TEST_CASE(a_provider_without_a_check_is_healthy_and_is_not_checked) {
    HealthSettings settings;
    settings.active = false;
    HealthRig rig(settings);
    rig.start();
    BOOST_TEST((rig.monitor.state() == State::healthy));
    BOOST_TEST((rig.verdicts == std::vector{Verdict::healthy}));
    BOOST_TEST((rig.monitor.next_wake() == base::kNoDeadline));
    BOOST_TEST((rig.monitor.verify(rig.now).verdict == Verdict::healthy));
    BOOST_TEST(!rig.monitor.status(rig.now, {}).checked);
    rig.monitor.request_ended({.outcome = Outcome::failure}, {}, rig.now);
    BOOST_TEST((rig.monitor.next_wake() == base::kNoDeadline));
}

BOOST_AUTO_TEST_CASE(a_provider_that_turns_out_to_have_no_check_is_not_asked_again) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) {
        return CheckReply{1ms, Error(Code::unsupported, "No check.")};
    };
    rig.start();
    rig.run_until(1h);
    BOOST_TEST(rig.started.size() == 1U);
    BOOST_TEST((rig.monitor.state() == State::healthy));
}

BOOST_AUTO_TEST_CASE(a_check_that_is_throttled_comes_again_when_the_server_wants) {
    HealthRig rig(exact());
    rig.server = [](base::Duration) {
        Error error = answered(Code::throttled, 429);
        error.retry_after_ms = 100'000;
        return CheckReply{0s, error};
    };
    rig.start();
    rig.run_until(150s);
    BOOST_TEST(rig.started.size() == 2U);
    BOOST_TEST((rig.started[1].at == 100s));
}

BOOST_AUTO_TEST_CASE(status_tells_what_the_last_checks_found) {
    HealthRig rig(exact());
    rig.start();
    const auto id = rig.monitor.tick(rig.now).check.value().id;
    BOOST_TEST(rig.monitor.status(rig.now, {}).checking);
    rig.monitor.check_done(id, {.server_version = "0.5.1"}, at(40ms));
    const HealthStatus status = rig.monitor.status(at(40ms), BreakerState::closed);
    BOOST_TEST((status.state == State::healthy && status.healthy && status.checked));
    BOOST_TEST((status.response_time == 40ms));
    BOOST_TEST(status.server_version == "0.5.1");
    BOOST_TEST(status.last_error.empty());
    BOOST_TEST((status.last_check == at(40ms)));
    BOOST_TEST((status.next_check == at(30s)));
    BOOST_TEST(!status.cool_down_until.has_value());
    BOOST_TEST(status.score == 100);
}

BOOST_AUTO_TEST_CASE(transitions_are_numbered_without_gaps_and_never_lead_nowhere) {
    HealthRig rig(exact());
    rig.start();
    std::uint64_t sequence = 0;
    for (int i = 0; i < 200; ++i) {
        rig.now = rig.monitor.next_wake();
        const auto check = rig.monitor.tick(rig.now).check;
        BOOST_TEST_REQUIRE(check.has_value());
        const Error error = refused_connection();
        const bool fails = i % 7 < 4;
        const auto steps =
            rig.monitor.check_done(check->id, {.error = fails ? &error : nullptr}, rig.now);
        if (!steps.transition) continue;
        BOOST_TEST(steps.transition->sequence == ++sequence);
        BOOST_TEST((steps.transition->from != steps.transition->to));
        BOOST_TEST((steps.transition->time == rig.now));
    }
    BOOST_TEST(sequence > 50U);
}

BOOST_AUTO_TEST_CASE(health_settings_out_of_range_are_named) {
    BOOST_TEST(HealthSettings{}.validate().has_value());
    HealthSettings settings;
    settings.unhealthy_after = 0;
    BOOST_TEST(settings.validate().error().message ==
               "unhealthy_after is 0, but must be between 1 and 1000.");
    settings = {};
    settings.jitter = 0.6;
    BOOST_TEST(settings.validate().error().message ==
               "jitter is 0.6, but must be between 0 and 0.5.");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
