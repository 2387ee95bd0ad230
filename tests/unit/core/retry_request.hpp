#pragma once

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>

#include "core/random.hpp"
#include "core/retry.hpp"

namespace tenon::core {

inline constexpr base::TimePoint kStart{std::chrono::hours(1)};

inline Error unavailable() {
    Error error(Code::unavailable, "The server is not there.");
    error.http_status = 503;
    return error;
}

inline Error with_hint(Error error, std::chrono::milliseconds hint) {
    error.retry_after_ms = hint.count();
    return error;
}

inline RetrySettings without_jitter() {
    RetrySettings settings;
    settings.request.backoff.jitter = Jitter::none;
    settings.connection.backoff.jitter = Jitter::none;
    return settings;
}

/// One request that fails as it is told, in virtual time.
struct Request {
    explicit Request(RetrySettings chosen = without_jitter(),
                     base::Duration limit = std::chrono::minutes(10))
        : settings(chosen), plan(settings, kStart + limit) {}

    Request(const Request&) = delete;  // the plan refers to the settings
    Request& operator=(const Request&) = delete;
    ~Request() = default;

    /// Starts a try, lets it fail, and waits if it is told to.
    RetryDecision fail(const Error& error, FailedTry how = {}) {
        how.error = &error;
        how.budget = budget ? &*budget : nullptr;
        return end(how);
    }

    RetryDecision stop(Stop why, FailedTry how = {}) {
        how.stop = why;
        return end(how);
    }

    RetryDecision end(const FailedTry& how) {
        BOOST_TEST_REQUIRE(plan.attempt_started(now));
        const RetryDecision decision = plan.attempt_failed(how, now, random);
        now += decision.wait;
        return decision;
    }

    RetrySettings settings;
    RetryPlan plan;
    base::TimePoint now = kStart;
    Random random{1};
    std::optional<RetryBudget> budget;
};

inline void expect(const RetryDecision& decision, RetryAction action, RetryReason reason) {
    BOOST_TEST(to_string(decision.action) == to_string(action));
    BOOST_TEST(to_string(decision.reason) == to_string(reason));
    if (action != RetryAction::retry_here) BOOST_TEST((decision.wait == base::Duration::zero()));
}

}  // namespace tenon::core
