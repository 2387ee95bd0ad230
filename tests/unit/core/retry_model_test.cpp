#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "retry_request.hpp"

// One request in any weather: thousands of them with everything drawn at random, and after each the
// log of all that has happened is held against the promises, one by one.

namespace tenon::core {
namespace {

using base::Duration;
using base::TimePoint;
using namespace std::chrono_literals;

/// One try and what followed.
struct Entry {
    TimePoint failed;
    FailedTry how;
    Error error;
    RetryDecision decision;
};

struct Log {
    RetrySettings settings;
    TimePoint deadline;
    std::vector<Entry> entries;
    bool cancelled_in_wait = false;
    double tokens_spent = 0;
};

Error draw_error(Random& random) {
    constexpr std::array kCodes = {Code::unavailable, Code::protocol, Code::throttled,
                                   Code::overloaded,  Code::internal, Code::invalid,
                                   Code::auth,        Code::deadline, Code::cancelled};
    Error error(kCodes.at(random.below(kCodes.size())), "It failed.");
    if (random.below(4) == 0) error.retryable = !error.retryable;
    if (random.below(4) == 0) error.not_sent = true;
    if (random.below(6) == 0) error.scope = Scope::provider;
    if (random.below(3) == 0) {
        error.retry_after_ms = static_cast<std::int64_t>(random.below(40'000)) - 100;
    }
    return error;
}

FailedTry draw_how(Random& random) {
    constexpr std::array kStops = {Stop::attempt_timeout, Stop::not_admitted,
                                   Stop::caller_cancelled, Stop::caller_deadline,
                                   Stop::shutting_down};
    FailedTry how;
    if (random.below(5) == 0) how.stop = kStops.at(random.below(kStops.size()));
    how.committed = random.below(12) == 0;
    how.dialing = random.below(6) == 0;
    how.stale_connection = random.below(4) == 0;
    how.admits = random.below(8) != 0;
    how.plugin_retries = random.below(10) == 0;
    how.alternatives = random.below(2) == 0;
    return how;
}

RetrySettings draw_settings(Random& random) {
    RetrySettings settings;
    settings.max_attempts = static_cast<int>(1 + random.below(6));
    if (random.below(3) == 0) settings.request.max_retries = static_cast<int>(random.below(3));
    if (random.below(3) == 0) settings.connection.max_retries = static_cast<int>(random.below(3));
    settings.request.backoff.jitter = static_cast<Jitter>(random.below(4));
    return settings;
}

Log run(std::uint64_t seed) {
    Random random(seed);
    Log log;
    log.settings = draw_settings(random);
    log.deadline = kStart + std::chrono::milliseconds(random.below(60'000));
    RetryPlan plan(log.settings, log.deadline);
    RetryBudget budget{RetryBudgetSettings{}};
    TimePoint now = kStart;
    while (plan.attempt_started(now)) {
        Entry entry;
        entry.how = draw_how(random);
        entry.error = draw_error(random);
        now += std::chrono::milliseconds(random.below(3'000));
        entry.failed = now;
        entry.how.error = &entry.error;
        entry.how.budget = &budget;
        entry.decision = plan.attempt_failed(entry.how, now, random);
        log.entries.push_back(entry);
        now += entry.decision.wait;
        if (random.below(20) == 0) {
            plan.cancel();
            log.cancelled_in_wait = true;
        }
    }
    BOOST_TEST_REQUIRE(plan.ended());
    log.tokens_spent = 100 - budget.tokens();
    return log;
}

bool is_final(const Entry& entry) {
    return entry.decision.action == RetryAction::give_up;
}

bool is_counted(const Entry& entry) {
    return entry.how.stop != Stop::not_admitted &&
           entry.decision.action != RetryAction::transparent_retry;
}

/// The error or the host says that the same may work later.
bool is_mendable(const Entry& entry) {
    if (entry.how.stop == Stop::attempt_timeout) return true;
    return entry.how.stop == Stop::none && entry.error.retryable &&
           entry.error.code != Code::cancelled;
}

void check_end(const Log& log) {
    for (std::size_t i = 0; i + 1 < log.entries.size(); ++i) {
        BOOST_TEST_REQUIRE(!is_final(log.entries[i]));  // nothing follows giving up
    }
    const bool over = log.entries.empty() || is_final(log.entries.back());
    if (!over) {
        const Entry& last = log.entries.back();
        const TimePoint next = last.failed + last.decision.wait;
        BOOST_TEST_REQUIRE((log.cancelled_in_wait || next >= log.deadline));
    }
}

void check_counts(const Log& log) {  // R1, R10
    const auto count = [&](auto what) {
        return std::count_if(log.entries.begin(), log.entries.end(), what);
    };
    BOOST_TEST_REQUIRE(count(is_counted) <= log.settings.max_attempts);
    BOOST_TEST_REQUIRE(count([](const Entry& entry) {
                           return entry.decision.action == RetryAction::transparent_retry;
                       }) <= 1);
    const auto costly =
        count([](const Entry& entry) { return is_counted(entry) && is_mendable(entry); });
    BOOST_TEST_REQUIRE(log.tokens_spent == double(costly), boost::test_tools::tolerance(1e-9));
}

void check_entry(const Log& log, const Entry& entry) {
    const RetryAction action = entry.decision.action;
    const bool again = action != RetryAction::give_up;
    if (again) {
        BOOST_TEST_REQUIRE((!entry.how.committed || entry.how.stop == Stop::not_admitted));  // R8
        BOOST_TEST_REQUIRE((entry.failed + entry.decision.wait < log.deadline));             // R4
        BOOST_TEST_REQUIRE((entry.how.stop != Stop::caller_cancelled));
    }
    if (action == RetryAction::fail_over) BOOST_TEST_REQUIRE(entry.how.alternatives);
    if (action != RetryAction::retry_here) {
        BOOST_TEST_REQUIRE((entry.decision.wait == 0s));  // R11
        return;
    }
    BOOST_TEST_REQUIRE(is_mendable(entry));
    BOOST_TEST_REQUIRE((entry.how.admits && !entry.how.plugin_retries));
    BOOST_TEST_REQUIRE((entry.decision.wait >= 0s && entry.decision.wait <= 30s));
    const auto hint = entry.error.retry_after_ms.value_or(0);
    BOOST_TEST_REQUIRE((entry.decision.wait >= std::chrono::milliseconds(hint)));  // R6
}

/// Retries in a row at one provider.
void check_strategies(const Log& log) {
    int connection = 0;
    int request = 0;
    for (const Entry& entry : log.entries) {
        if (entry.decision.action == RetryAction::fail_over) connection = request = 0;
        if (entry.decision.action != RetryAction::retry_here) continue;
        const bool about_connection =
            entry.how.dialing || entry.how.stale_connection || entry.error.not_sent;
        ++(about_connection ? connection : request);
        BOOST_TEST_REQUIRE(connection <= log.settings.connection.max_retries.value_or(100));
        BOOST_TEST_REQUIRE(request <= log.settings.request.max_retries.value_or(100));
    }
}

BOOST_AUTO_TEST_SUITE(retry_model)

// D7
BOOST_AUTO_TEST_CASE(no_request_breaks_a_promise_whatever_happens_to_it) {
    std::array<int, 4> actions{};
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            const Log log = run(seed);
            check_end(log);
            check_counts(log);
            check_strategies(log);
            for (const Entry& entry : log.entries) {
                check_entry(log, entry);
                ++actions.at(static_cast<std::size_t>(entry.decision.action));
            }
        }
    }
    for (const int count : actions) BOOST_TEST(count > 500);  // the dice met everything
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
