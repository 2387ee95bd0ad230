#include "core/deadline.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include "core/retry.hpp"
#include "retry_request.hpp"

namespace tenon::core {
namespace {

using base::Duration;
using base::TimePoint;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

Deadline deadline_of(OperationClass operation, const PhaseLimits& request = {}) {
    return {resolve_limits(operation, {}, request), kStart};
}

PhaseLimits only(Phase phase, milliseconds limit) {
    PhaseLimits limits;
    limits[phase] = limit;
    return limits;
}

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(the_defaults_are_those_of_the_design) {
    const Limits chat = default_limits(OperationClass::chat);
    BOOST_TEST((chat[Phase::queue] == 5s && chat[Phase::connect] == 10s));
    BOOST_TEST((chat[Phase::total] == 30s));
    const Limits stream = default_limits(OperationClass::stream);
    BOOST_TEST((stream[Phase::first_byte] == 30s && stream[Phase::idle] == 60s));
    BOOST_TEST((stream[Phase::total] == 600s));
    BOOST_TEST((default_limits(OperationClass::health)[Phase::total] == 5s));
    BOOST_TEST((default_limits(OperationClass::connect)[Phase::total] == 10s));
    BOOST_TEST((default_limits(OperationClass::embed)[Phase::total] == 30s));
}

// Law 5
BOOST_AUTO_TEST_CASE(every_operation_has_a_total_and_ends_each_phase_with_it) {
    for (std::size_t i = 0; i < kOperationClasses; ++i) {
        const auto deadline = deadline_of(static_cast<OperationClass>(i));
        BOOST_TEST((deadline.total() < kStart + 1h));
        for (std::size_t phase = 0; phase < kPhases; ++phase) {
            BOOST_TEST(
                (deadline.phase_deadline(static_cast<Phase>(phase), kStart) <= deadline.total()));
        }
    }
}

BOOST_AUTO_TEST_CASE(an_answer_that_comes_as_a_whole_has_no_first_byte_before_its_end) {
    DeadlineSettings global;
    global.all[Phase::first_byte] = 3s;
    global.all[Phase::idle] = 4s;
    const Limits chat = resolve_limits(OperationClass::chat, {&global});
    BOOST_TEST((chat[Phase::first_byte] == kNoLimit && chat[Phase::idle] == kNoLimit));
    const Limits stream = resolve_limits(OperationClass::stream, {&global});
    BOOST_TEST((stream[Phase::first_byte] == 3s && stream[Phase::idle] == 4s));
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_set_for_the_operation_itself_holds_there) {
    DeadlineSettings global;
    global[OperationClass::chat][Phase::first_byte] = 7s;
    BOOST_TEST((resolve_limits(OperationClass::chat, {&global})[Phase::first_byte] == 7s));
    BOOST_TEST((resolve_limits(OperationClass::embed, {&global})[Phase::first_byte] == kNoLimit));
}

BOOST_AUTO_TEST_CASE(the_operation_s_own_limit_goes_before_that_of_all) {
    DeadlineSettings global;
    global.all[Phase::total] = 20s;
    global[OperationClass::stream][Phase::total] = 100s;
    BOOST_TEST((resolve_limits(OperationClass::stream, {&global})[Phase::total] == 100s));
    BOOST_TEST((resolve_limits(OperationClass::chat, {&global})[Phase::total] == 20s));
}

BOOST_AUTO_TEST_CASE(the_provider_goes_before_the_global_settings_and_the_request_before_both) {
    DeadlineSettings global;
    global[OperationClass::chat][Phase::total] = 20s;
    global.all[Phase::queue] = 1s;
    DeadlineSettings provider;
    provider.all[Phase::total] = 40s;
    const Limits limits = resolve_limits(OperationClass::chat, {&global, nullptr, &provider});
    BOOST_TEST((limits[Phase::total] == 40s && limits[Phase::queue] == 1s));
    const Limits longer =
        resolve_limits(OperationClass::chat, {&global, &provider}, only(Phase::total, 300s));
    BOOST_TEST((longer[Phase::total] == 300s && longer.configured_total == 40s));
}

BOOST_AUTO_TEST_CASE(a_limit_below_a_millisecond_or_beyond_100_years_is_refused_by_its_name) {
    const auto message = [](Phase phase, milliseconds limit) {
        DeadlineSettings settings;
        settings[OperationClass::embed][phase] = limit;
        const auto checked = settings.validate();
        return checked ? std::string() : checked.error().message;
    };
    BOOST_TEST(message(Phase::idle, 1ms).empty());
    BOOST_TEST(message(Phase::idle, 0ms).starts_with("embed.idle is 0"));
    BOOST_TEST(message(Phase::queue, -5ms).starts_with("embed.queue is -5ms"));
    BOOST_TEST(message(Phase::total, kNoLimit).starts_with("embed.total is "));
    DeadlineSettings settings;
    settings.all[Phase::connect] = 0ms;
    BOOST_TEST(settings.validate().error().message.starts_with("connect is 0"));
}

BOOST_AUTO_TEST_CASE(every_phase_and_operation_has_its_own_name) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kPhases; ++i) names.insert(to_string(static_cast<Phase>(i)));
    BOOST_TEST(names.size() == kPhases);
    names.clear();
    for (std::size_t i = 0; i < kOperationClasses; ++i) {
        names.insert(to_string(static_cast<OperationClass>(i)));
    }
    BOOST_TEST(names.size() == kOperationClasses);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deadline)

// D2
BOOST_AUTO_TEST_CASE(what_remains_is_never_negative_and_the_deadline_passes_at_its_moment) {
    const Deadline chat = deadline_of(OperationClass::chat);
    BOOST_TEST((chat.remaining(kStart) == 30s));
    BOOST_TEST((chat.remaining(kStart + 29'999ms) == 1ms));
    BOOST_TEST(!chat.expired(kStart + 29'999ms));
    BOOST_TEST(chat.expired(kStart + 30s));
    BOOST_TEST((chat.remaining(kStart + 30s) == 0s));
    BOOST_TEST((chat.remaining(kStart + 1h) == 0s));
}

BOOST_AUTO_TEST_CASE(a_phase_ends_after_its_limit_or_with_the_total) {
    const Deadline stream = deadline_of(OperationClass::stream);
    BOOST_TEST((stream.phase_deadline(Phase::queue, kStart + 1s) == kStart + 6s));
    BOOST_TEST((stream.phase_deadline(Phase::idle, kStart + 590s) == kStart + 600s));
    BOOST_TEST((stream.phase_deadline(Phase::total, kStart + 590s) == kStart + 600s));
}

BOOST_AUTO_TEST_CASE(limits_beyond_the_end_of_time_do_not_overflow) {
    Limits limits = default_limits(OperationClass::stream);
    limits[Phase::total] = kNoLimit;
    limits[Phase::connect] = 24h * 365 * 700;  // in 64 bits of nanoseconds 115 years are left of it
    const Deadline endless(limits, kStart);
    BOOST_TEST((endless.total() == base::kNoDeadline));
    BOOST_TEST(!endless.expired(kStart + 24h * 365 * 100));
    BOOST_TEST((endless.phase_deadline(Phase::idle, base::kNoDeadline - 1s) == base::kNoDeadline));
    BOOST_TEST((endless.phase_deadline(Phase::connect, kStart) == base::kNoDeadline));
}

BOOST_AUTO_TEST_CASE(the_limit_that_passes_first_is_named) {
    const Deadline stream = deadline_of(OperationClass::stream);
    const TimePoint late = kStart + 595s;
    BOOST_TEST(!stream.expired_phase(Phase::queue, kStart, kStart + 4'999ms).has_value());
    BOOST_TEST((stream.expired_phase(Phase::queue, kStart, kStart + 5s) == Phase::queue));
    BOOST_TEST(!stream.expired_phase(Phase::idle, late, kStart + 599'999ms).has_value());
    BOOST_TEST((stream.expired_phase(Phase::idle, late, kStart + 600s) == Phase::total));
}

BOOST_AUTO_TEST_CASE(of_two_limits_that_pass_at_once_the_phase_had_all_its_time) {
    const Deadline stream = deadline_of(OperationClass::stream);
    BOOST_TEST((stream.expired_phase(Phase::idle, kStart + 540s, kStart + 600s) == Phase::idle));
    BOOST_TEST(
        (stream.expired_phase(Phase::idle, kStart + 540s + 1ns, kStart + 600s) == Phase::total));
}

// D3
BOOST_AUTO_TEST_CASE(a_caller_s_short_deadline_is_not_the_provider_s_fault) {
    const Deadline hasty = deadline_of(OperationClass::stream, only(Phase::total, 1s));
    const TimePoint end = kStart + 1s;
    const auto expired = hasty.expired_phase(Phase::first_byte, kStart, end);
    BOOST_TEST((expired == Phase::total));
    const Stop stop = hasty.stop_of(*expired, Phase::first_byte, kStart, end);
    BOOST_TEST((stop == Stop::caller_deadline));
    BOOST_TEST((judge({.stop = stop}).outcome == Outcome::ignored));
}

// D3
BOOST_AUTO_TEST_CASE(an_answer_that_does_not_begin_in_time_is_the_provider_s_fault) {
    const Deadline stream = deadline_of(OperationClass::stream);
    const TimePoint end = kStart + 30s;
    const auto expired = stream.expired_phase(Phase::first_byte, kStart, end);
    BOOST_TEST((expired == Phase::first_byte));
    const Stop stop = stream.stop_of(*expired, Phase::first_byte, kStart, end);
    BOOST_TEST((stop == Stop::attempt_timeout));
    BOOST_TEST((judge({.stop = stop}).outcome == Outcome::failure));
}

// D3: a whole answer has no other limit than the total, and a hung provider must be noticed
BOOST_AUTO_TEST_CASE(the_configured_total_is_the_provider_s_fault_if_it_had_half_of_it) {
    const Deadline chat = deadline_of(OperationClass::chat);
    const TimePoint end = kStart + 30s;
    const auto stop = [&](Duration after, Phase during) {
        return chat.stop_of(Phase::total, during, kStart + after, end);
    };
    BOOST_TEST((stop(0s, Phase::first_byte) == Stop::attempt_timeout));
    BOOST_TEST((stop(15s, Phase::first_byte) == Stop::attempt_timeout));
    BOOST_TEST((stop(15s, Phase::connect) == Stop::attempt_timeout));
    BOOST_TEST((stop(15s + 1ns, Phase::first_byte) == Stop::caller_deadline));
    BOOST_TEST((stop(0s, Phase::queue) == Stop::caller_deadline));
}

BOOST_AUTO_TEST_CASE(a_total_that_the_caller_has_shortened_is_not_the_provider_s_fault) {
    const Deadline hasty = deadline_of(OperationClass::chat, only(Phase::total, 29s));
    BOOST_TEST((hasty.stop_of(Phase::total, Phase::first_byte, kStart, kStart + 29s) ==
                Stop::caller_deadline));
    const Deadline patient = deadline_of(OperationClass::chat, only(Phase::total, 120s));
    BOOST_TEST((patient.stop_of(Phase::total, Phase::first_byte, kStart, kStart + 120s) ==
                Stop::attempt_timeout));
}

BOOST_AUTO_TEST_CASE(a_stream_that_flows_until_the_total_is_nobody_s_fault) {
    const Deadline stream = deadline_of(OperationClass::stream);
    BOOST_TEST((stream.stop_of(Phase::total, Phase::idle, kStart, kStart + 600s) ==
                Stop::caller_deadline));
}

BOOST_AUTO_TEST_CASE(the_limits_of_a_phase_stop_the_attempt_and_the_queue_admits_nobody) {
    const Deadline stream = deadline_of(OperationClass::stream);
    const auto stop = [&](Phase phase) {
        return stream.stop_of(phase, phase, kStart, kStart + 60s);
    };
    BOOST_TEST((stop(Phase::queue) == Stop::not_admitted));
    BOOST_TEST((stop(Phase::connect) == Stop::attempt_timeout));
    BOOST_TEST((stop(Phase::first_byte) == Stop::attempt_timeout));
    BOOST_TEST((stop(Phase::idle) == Stop::attempt_timeout));
}

// D4, with the 60 s between parts that the design has
BOOST_AUTO_TEST_CASE(a_stream_may_take_long_but_not_pause_for_longer_than_its_limit) {
    const Deadline stream = deadline_of(OperationClass::stream);
    TimePoint last_part = kStart;
    for (int part = 0; part < 9; ++part) {
        const TimePoint next = last_part + 59s;
        BOOST_TEST(!stream.expired_phase(Phase::idle, last_part, next).has_value());
        last_part = next;
    }
    BOOST_TEST((last_part - kStart > 30s));
    BOOST_TEST((stream.expired_phase(Phase::idle, last_part, last_part + 61s) == Phase::idle));
}

BOOST_AUTO_TEST_CASE(the_error_tells_which_limit_has_passed) {
    const Deadline stream = deadline_of(OperationClass::stream);
    const auto message = [&](Phase phase) { return stream.error_of(phase).message; };
    BOOST_TEST(message(Phase::queue) ==
               "No permit or connection became free in 5s: all of them are busy.");
    BOOST_TEST(message(Phase::connect) == "Connecting took more than 10s.");
    BOOST_TEST(message(Phase::first_byte) == "The answer did not begin within 30s.");
    BOOST_TEST(message(Phase::idle) == "The answer paused for more than 1m.");
    BOOST_TEST(message(Phase::total) == "The request was not finished within 10m; allow more time or ask for less.");
}

BOOST_AUTO_TEST_CASE(the_error_tells_what_to_do) {
    const Deadline stream = deadline_of(OperationClass::stream);
    const Error queue = stream.error_of(Phase::queue);
    BOOST_TEST((queue.code == Code::overloaded && queue.retryable && queue.not_sent));
    const Error connect = stream.error_of(Phase::connect);
    BOOST_TEST((connect.code == Code::deadline && connect.retryable && connect.not_sent));
    const Error idle = stream.error_of(Phase::idle);
    BOOST_TEST((idle.code == Code::deadline && idle.retryable && !idle.not_sent));
    BOOST_TEST((idle.scope == Scope::connection));
    const Error total = stream.error_of(Phase::total);
    BOOST_TEST((total.code == Code::deadline && !total.retryable && !total.not_sent));
    BOOST_TEST((total.scope == Scope::request));
}

// D7
BOOST_AUTO_TEST_CASE(queue_dials_answers_and_waits_together_never_exceed_the_total) {
    for (std::uint64_t seed = 1; seed <= 3'000; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Random random(seed);
            PhaseLimits asked;
            asked[Phase::total] = milliseconds(1 + random.below(40'000));
            const Deadline limit = deadline_of(OperationClass::stream, asked);
            RetrySettings settings;
            settings.max_attempts = 20;
            RetryPlan plan(settings, limit.total());
            TimePoint now = kStart;
            while (plan.attempt_started(now)) {
                for (const Phase phase : {Phase::queue, Phase::connect, Phase::first_byte}) {
                    const auto lasts = milliseconds(random.below(6'000));
                    now = std::min(now + lasts, limit.phase_deadline(phase, now));
                }
                const Error error = unavailable();
                now += plan.attempt_failed({.error = &error}, now, random).wait;
                BOOST_TEST_REQUIRE((now <= limit.total()));
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
