#include "core/retry.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <string>

#include "core/setting_range.hpp"

namespace tenon::core {
namespace {

using base::Duration;
using base::TimePoint;

constexpr int kMostAttempts = 100;

/// Throttling begins at longer steps: 429, or 503 with a hint (AWS SDKs, 2026).
Pressure pressure_of(const Error* error) noexcept {
    if (error == nullptr) return Pressure::transient;
    const bool throttled = error->code == Code::throttled || error->code == Code::overloaded ||
                           error->http_status == 429 ||
                           (error->http_status == 503 && error->retry_after_ms);
    return throttled ? Pressure::throttled : Pressure::transient;
}

/// May the same request succeed at the same provider? `retryable` has been set by
/// `x-should-retry` too. What a plugin reports when it was stopped does not count.
bool may_succeed_later(const FailedTry& failed) noexcept {
    if (failed.stop == Stop::attempt_timeout) return true;
    return failed.error != nullptr && failed.error->retryable &&
           failed.error->code != Code::cancelled;
}

/// May another provider do what this one does not? What is wrong with the request itself stays
/// wrong elsewhere.
bool may_succeed_elsewhere(const FailedTry& failed) noexcept {
    if (may_succeed_later(failed)) return true;
    if (failed.error == nullptr) return false;
    switch (failed.error->code) {
        case Code::unsupported:
        case Code::internal:
        case Code::unavailable:
        case Code::deadline:
        case Code::auth:
        case Code::forbidden:
        case Code::throttled:
        case Code::protocol:
        case Code::not_found:
        case Code::overloaded: return true;
        default: return false;
    }
}

bool is_about_connection(const FailedTry& failed) noexcept {
    return failed.dialing || failed.stale_connection ||
           (failed.error != nullptr && failed.error->not_sent);
}

RetryDecision give_up(RetryReason reason) noexcept {
    return {.action = RetryAction::give_up, .reason = reason};
}

/// No further try at this provider.
RetryDecision leave(const FailedTry& failed, RetryReason reason) noexcept {
    const auto action = failed.alternatives ? RetryAction::fail_over : RetryAction::give_up;
    return {.action = action, .reason = reason};
}

Result<void> within(const char* strategy, const Result<void>& checked) {
    if (checked) return {};
    Error error = checked.error();
    error.message = std::string(strategy) + ".backoff." + error.message;
    return error;
}

}  // namespace

Result<void> RetrySettings::validate() const {
    const auto retries = [](std::string_view member, const RetryStrategy& strategy) {
        return check_range(member, std::int64_t{strategy.max_retries.value_or(0)}, 0,
                           kMostAttempts);
    };
    return first_failure(check_range("max_attempts", std::int64_t{max_attempts}, 1, kMostAttempts),
                         retries("request.max_retries", request),
                         retries("connection.max_retries", connection),
                         within("request", request.backoff.validate()),
                         within("connection", connection.backoff.validate()));
}

RetryPlan::RetryPlan(const RetrySettings& settings, TimePoint deadline) noexcept
    : settings_(settings),
      deadline_(deadline),
      request_{.strategy = &settings.request, .backoff = Backoff(settings.request.backoff)},
      connection_{.strategy = &settings.connection,
                  .backoff = Backoff(settings.connection.backoff)} {}

bool RetryPlan::attempt_started(TimePoint now) noexcept {
    assert(state_ != State::running);
    if (now >= deadline_) state_ = State::ended;
    if (state_ == State::ended) return false;
    state_ = State::running;
    ++attempts_;
    return true;
}

void RetryPlan::attempt_succeeded(RetryBudget* budget) noexcept {
    assert(state_ == State::running || state_ == State::ended);
    state_ = State::ended;
    if (budget != nullptr) budget->on_success();
}

void RetryPlan::cancel() noexcept {
    state_ = State::ended;
}

RetryDecision RetryPlan::attempt_failed(const FailedTry& failed, TimePoint now,
                                        Random& random) noexcept {
    assert(failed.error != nullptr || failed.stop != Stop::none);
    if (state_ == State::ended) return give_up(RetryReason::cancelled);
    assert(state_ == State::running);

    const RetryDecision decision = decide(failed, now, random);
    state_ = decision.action == RetryAction::give_up ? State::ended : State::between;
    if (decision.action == RetryAction::fail_over) request_.retries = connection_.retries = 0;
    return decision;
}

RetryDecision RetryPlan::decide(const FailedTry& failed, TimePoint now, Random& random) noexcept {
    switch (failed.stop) {
        case Stop::caller_cancelled:
        case Stop::hedge_lost: return give_up(RetryReason::cancelled);
        case Stop::caller_deadline: return give_up(RetryReason::deadline);
        case Stop::shutting_down: return give_up(RetryReason::shutting_down);
        case Stop::not_admitted: --attempts_; break;
        case Stop::attempt_timeout:
        case Stop::none: break;
    }
    const bool in_time = now < deadline_;
    if (failed.stop == Stop::not_admitted) {
        return in_time ? leave(failed, RetryReason::not_admitted) : give_up(RetryReason::deadline);
    }
    if (failed.stale_connection && !transparent_used_ && !failed.committed && in_time) {
        transparent_used_ = true;
        --attempts_;
        return {.action = RetryAction::transparent_retry, .reason = RetryReason::stale_connection};
    }
    if (!failed.counts) --attempts_;
    if (may_succeed_later(failed) && failed.budget != nullptr) failed.budget->on_failure();
    if (failed.committed) return give_up(RetryReason::committed);
    if (!failed.other_model && !may_succeed_elsewhere(failed))
        return give_up(RetryReason::final_error);
    if (!in_time) return give_up(RetryReason::deadline);
    if (attempts_ >= settings_.max_attempts) return give_up(RetryReason::attempts_exhausted);
    return decide_by_error(failed, now, random);
}

/// There is time and a try left, and an error that does not exclude that somebody answers.
RetryDecision RetryPlan::decide_by_error(const FailedTry& failed, TimePoint now,
                                         Random& random) noexcept {
    if (failed.other_model) {
        return {.action = RetryAction::fail_over, .reason = RetryReason::not_here};
    }
    if (!failed.counts || !may_succeed_later(failed)) {
        return leave(failed,
                     failed.alternatives ? RetryReason::not_here : RetryReason::final_error);
    }
    if (!failed.admits) return leave(failed, RetryReason::not_admitted);
    if (failed.plugin_retries) return leave(failed, RetryReason::plugin_retries);

    const Pressure pressure = pressure_of(failed.error);
    if (failed.alternatives) {
        if (pressure == Pressure::throttled) return leave(failed, RetryReason::throttled);
        if (failed.error != nullptr && failed.error->scope == Scope::provider) {
            return leave(failed, RetryReason::provider_down);
        }
        if (attempts_ + 1 >= settings_.max_attempts) return leave(failed, RetryReason::last_try);
    }
    return wait_here(failed, pressure, now, random);
}

RetryDecision RetryPlan::wait_here(const FailedTry& failed, Pressure pressure, TimePoint now,
                                   Random& random) noexcept {
    Track& track = is_about_connection(failed) ? connection_ : request_;
    if (!track.has_retry()) return leave(failed, RetryReason::attempts_exhausted);

    const auto k = static_cast<std::uint64_t>(track.retries) + 1;
    Duration wait = track.backoff.delay(pressure, k, random);
    if (failed.error != nullptr && failed.error->retry_after_ms) {
        const std::chrono::milliseconds hint(*failed.error->retry_after_ms);
        const auto asked = track.backoff.delay_for_hint(hint, wait, random);
        if (!asked) return leave(failed, RetryReason::hint_too_long);
        wait = *asked;
        // What has been added to the hint is not worth giving up for.
        const bool hinted = hint > Duration::zero();
        if (hinted && wait >= deadline_ - now) wait = hint;
    }
    if (wait >= deadline_ - now) return leave(failed, RetryReason::deadline);
    if (failed.budget != nullptr && !failed.budget->try_retry(now)) {
        return leave(failed, RetryReason::budget_exhausted);
    }
    ++track.retries;
    const auto reason =
        pressure == Pressure::throttled ? RetryReason::throttled : RetryReason::transient;
    return {.action = RetryAction::retry_here, .reason = reason, .wait = wait};
}

std::string_view to_string(RetryAction action) noexcept {
    switch (action) {
        case RetryAction::retry_here: return "retry_here";
        case RetryAction::transparent_retry: return "transparent_retry";
        case RetryAction::fail_over: return "fail_over";
        case RetryAction::give_up: break;
    }
    return "give_up";
}

std::string_view to_string(RetryReason reason) noexcept {
    switch (reason) {
        case RetryReason::transient: return "transient";
        case RetryReason::throttled: return "throttled";
        case RetryReason::stale_connection: return "stale_connection";
        case RetryReason::last_try: return "last_try";
        case RetryReason::provider_down: return "provider_down";
        case RetryReason::not_admitted: return "not_admitted";
        case RetryReason::not_here: return "not_here";
        case RetryReason::hint_too_long: return "hint_too_long";
        case RetryReason::budget_exhausted: return "budget_exhausted";
        case RetryReason::plugin_retries: return "plugin_retries";
        case RetryReason::attempts_exhausted: return "attempts_exhausted";
        case RetryReason::deadline: return "deadline";
        case RetryReason::final_error: return "final_error";
        case RetryReason::committed: return "committed";
        case RetryReason::cancelled: return "cancelled";
        case RetryReason::shutting_down: break;
    }
    return "shutting_down";
}

IdempotencyKey::IdempotencyKey(Random& random) noexcept {
    constexpr std::string_view kShape = "tenon-xxxxxxxx-xxxx-4xxx-Vxxx-xxxxxxxxxxxx";
    static_assert(kShape.size() == kLength);
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::copy(kShape.begin(), kShape.end(), text_.begin());
    std::uint64_t bits = random.next();
    const auto fill = [&](std::size_t begin, std::size_t count) {
        for (std::size_t i = begin; i < begin + count; ++i, bits >>= 4) {
            text_[i] = kDigits[bits & 0xf];
        }
    };
    fill(6, 8);
    fill(15, 4);
    fill(21, 3);
    text_[25] = kDigits[0x8 | (bits & 0x3)];  // the variant's two bits are 10
    bits = random.next();
    fill(26, 3);
    fill(30, 12);
}

}  // namespace tenon::core
