#include "core/health.hpp"

#include <algorithm>
#include <utility>

#include "core/setting_range.hpp"

namespace tenon::core {

using State = HealthState;

namespace {

constexpr std::string_view kTimedOut = "The health check did not end in time.";

}  // namespace

Result<void> HealthSettings::validate() const {
    using std::chrono::milliseconds;
    constexpr milliseconds kNone{0};
    constexpr milliseconds kLeast{1};
    return first_failure(
        check_range("interval", interval, kLeast), check_range("jitter", jitter, 0.0, 0.5),
        check_range("timeout", timeout, kLeast),
        check_range("unhealthy_after", std::int64_t{unhealthy_after}, 1, 1000),
        check_range("healthy_after", std::int64_t{healthy_after}, 1, 1000),
        check_range("recheck", recheck, kLeast), check_range("first_within", first_within, kNone),
        check_range("min_gap", min_gap, kLeast), check_range("cool_down", cool_down, kNone),
        check_range("longest_cool_down", longest_cool_down, kNone));
}

std::string_view to_string(HealthState state) noexcept {
    switch (state) {
        case State::unknown: return "unknown";
        case State::healthy: return "healthy";
        case State::degraded: return "degraded";
        case State::unhealthy: return "unhealthy";
        case State::misconfigured: break;
    }
    return "misconfigured";
}

CheckMeaning judge_check(const CheckEnd& end) noexcept {
    if (end.stop == Stop::attempt_timeout) return CheckMeaning::failed;
    if (end.stop != Stop::none) return CheckMeaning::nothing;
    if (end.error == nullptr || end.error->code == Code::ok) return CheckMeaning::passed;

    const Error& error = *end.error;
    if (blames_configuration(error)) return CheckMeaning::misconfigured;
    switch (error.code) {
        case Code::throttled:
        case Code::overloaded: return CheckMeaning::throttled;
        case Code::unsupported:
            if (error.http_status == 0) return CheckMeaning::unsupported;
            break;
        case Code::unavailable:
        case Code::protocol:
        case Code::internal:
            // Whatever the scope says: a check is nobody's request.
            if (error.http_status < 300) return CheckMeaning::failed;
            break;
        default: break;
    }
    if (error.http_status == 429) return CheckMeaning::throttled;
    switch (judge({.error = end.error}).outcome) {
        case Outcome::success: return CheckMeaning::passed;
        case Outcome::failure: return CheckMeaning::failed;
        case Outcome::ignored: break;
    }
    return CheckMeaning::nothing;
}

// --- Start and stop ---

HealthSteps HealthMonitor::start(base::TimePoint now) noexcept {
    HealthSteps steps;
    if (std::exchange(running_, true)) return steps;
    without_checks_ = !settings_.active;
    if (without_checks_) {
        without_checks(now, steps);
        return steps;
    }
    const auto window = static_cast<double>(base::Duration(settings_.first_within).count());
    next_ = now + base::Duration(static_cast<base::Duration::rep>(window * random_.unit()));
    due_ = Due::periodic;
    return steps;
}

HealthSteps HealthMonitor::stop(base::TimePoint now) noexcept {
    HealthSteps steps;
    if (!std::exchange(running_, false)) return steps;
    steps.abandoned = std::exchange(check_, 0);
    next_ = base::kNoDeadline;
    requested_ = kNever;  // a check that was given up is not good enough for the next who asks
    again_ = false;
    failures_ = 0;
    successes_ = 0;
    move(State::unknown, now, steps);
    return steps;
}

// --- Checks ---

HealthSteps HealthMonitor::tick(base::TimePoint now) {
    HealthSteps steps;
    if (check_ != 0) {
        if (now < deadline_) return steps;
        const bool slept = has_slept(now);
        if (!slept) last_error_ = kTimedOut;
        steps.abandoned = check_;
        end_check(now);
        if (slept) {
            check_after_sleep(now);
            return steps;
        }
        failed(now, steps);
        schedule(now);
        return steps;
    }
    if (now < next_ || next_ == base::kNoDeadline) return steps;
    if (due_ == Due::periodic && settings_.passive_replaces && state_ == State::healthy &&
        last_success_ != kNever) {
        const base::TimePoint later = last_success_ + jittered_interval();
        if (later > now) {
            next_ = later;
            return steps;
        }
    }
    return begin_check(now, steps);
}

HealthSteps HealthMonitor::begin_check(base::TimePoint now, HealthSteps steps) noexcept {
    check_ = ++last_id_;
    started_ = now;
    deadline_ = now + settings_.timeout;
    next_ = base::kNoDeadline;
    bool periodic = due_ == Due::periodic;
    if (due_ == Due::requested) {
        requested_ = now;
        // Whoever asks again and again must not put the ticks off for ever.
        periodic = ticked_ == kNever || now - ticked_ >= settings_.interval;
    }
    if (periodic) ticked_ = now;
    steps.check = CheckStart{.id = check_, .deadline = deadline_, .periodic = periodic};
    return steps;
}

void HealthMonitor::end_check(base::TimePoint now) noexcept {
    check_ = 0;
    ended_ = now;
}

HealthSteps HealthMonitor::check_done(std::uint64_t id, const CheckEnd& end, base::TimePoint now) {
    HealthSteps steps;
    if (id == 0 || id != check_) return steps;
    const CheckMeaning meaning = judge_check(end);
    if (meaning == CheckMeaning::passed) {
        if (!end.server_version.empty()) server_version_ = end.server_version;
    } else if (end.error != nullptr) {
        last_error_ = end.error->message;
    } else if (meaning == CheckMeaning::failed) {
        last_error_ = kTimedOut;
    }
    end_check(now);
    if (meaning == CheckMeaning::failed && has_slept(now)) {
        check_after_sleep(now);
        return steps;
    }
    switch (meaning) {
        case CheckMeaning::passed:
            again_ = false;
            response_time_ = now - started_;
            record_.add_response_time(*response_time_);
            passed(now, steps);
            break;
        case CheckMeaning::failed: failed(now, steps); break;
        case CheckMeaning::throttled: cool_down(end.error->retry_after_ms, now); break;
        case CheckMeaning::misconfigured:
            again_ = false;
            move(State::misconfigured, now, steps);
            steps.verdict = HealthVerdict::misconfigured;
            break;
        case CheckMeaning::unsupported:
            without_checks_ = true;
            without_checks(now, steps);
            return steps;
        case CheckMeaning::nothing: break;
    }
    schedule(now);
    // Whoever limits the rate of checks is not asked more often than he wants.
    if (meaning == CheckMeaning::throttled && next_ != base::kNoDeadline) {
        next_ = std::max(next_, cool_down_until_);
    }
    return steps;
}

void HealthMonitor::passed(base::TimePoint now, HealthSteps& steps) noexcept {
    passed_ = now;
    record_.add_outcome(true);
    failures_ = 0;
    if (state_ == State::unhealthy && ++successes_ < settings_.healthy_after) return;
    successes_ = 0;
    move(State::healthy, now, steps);
    steps.verdict = HealthVerdict::healthy;
}

void HealthMonitor::failed(base::TimePoint now, HealthSteps& steps) noexcept {
    record_.add_outcome(false);
    successes_ = 0;
    failures_ = std::min(failures_ + 1, settings_.unhealthy_after);
    if (state_ == State::misconfigured) return;
    if (state_ == State::unhealthy || failures_ >= settings_.unhealthy_after) {
        move(State::unhealthy, now, steps);
        steps.verdict = HealthVerdict::unhealthy;
    } else if (state_ == State::healthy) {
        move(State::degraded, now, steps);
    }
}

/// Nothing can be asked, so nothing speaks against it.
void HealthMonitor::without_checks(base::TimePoint now, HealthSteps& steps) noexcept {
    next_ = base::kNoDeadline;
    again_ = false;
    failures_ = 0;
    move(State::healthy, now, steps);
    steps.verdict = HealthVerdict::healthy;
}

void HealthMonitor::move(State to, base::TimePoint now, HealthSteps& steps) noexcept {
    const State from = std::exchange(state_, to);
    if (from == to) return;
    steps.transition =
        HealthTransition{.sequence = ++sequence_, .from = from, .to = to, .time = now};
}

// --- When ---

/// After a check that began at started_ and ended now.
void HealthMonitor::schedule(base::TimePoint now) noexcept {
    due_ = Due::edge;
    if (std::exchange(again_, false)) {
        next_ = now + settings_.min_gap;
        due_ = Due::verify;
    } else if (state_ == State::misconfigured) {
        next_ = base::kNoDeadline;
    } else if (is_on_edge()) {
        next_ = now + settings_.recheck;
    } else {
        next_ = std::max(started_ + jittered_interval(), now + settings_.min_gap);
        due_ = Due::periodic;
    }
}

/// The check that ended says nothing about the provider, and is old.
void HealthMonitor::check_after_sleep(base::TimePoint now) noexcept {
    again_ = false;
    next_ = now;
    due_ = Due::edge;
}

bool HealthMonitor::is_on_edge() const noexcept {
    return state_ == State::unhealthy ? successes_ > 0 : failures_ > 0;
}

/// A loop that comes by 1.5 periods late was suspended or starved.
bool HealthMonitor::has_slept(base::TimePoint now) const noexcept {
    return now - started_ > settings_.timeout * 3 / 2;
}

base::Duration HealthMonitor::jittered_interval() noexcept {
    const base::Duration interval = settings_.interval;
    const double shift = settings_.jitter * (2 * random_.unit() - 1);
    return interval + base::Duration(static_cast<base::Duration::rep>(
                          static_cast<double>(interval.count()) * shift));
}

/// The next check is to be at `at`, if not sooner.
void HealthMonitor::advance(base::TimePoint at, Due due) noexcept {
    if (next_ <= at) return;
    next_ = at;
    due_ = due;
}

HealthSteps HealthMonitor::check_soon(base::TimePoint now, Due due) noexcept {
    if (without_checks_) {
        HealthSteps steps;
        steps.verdict = HealthVerdict::healthy;
        return steps;
    }
    advance(ended_ == kNever ? now : std::max(now, ended_ + settings_.min_gap), due);
    due_ = due;
    return now < next_ ? HealthSteps{} : begin_check(now, {});
}

HealthSteps HealthMonitor::request_check(base::TimePoint now) {
    if (!running_ || check_ != 0) return {};
    const bool is_fresh = requested_ != kNever && now < requested_ + settings_.min_gap;
    if (is_fresh && !without_checks_) return {};
    return check_soon(now, Due::requested);
}

HealthSteps HealthMonitor::verify(base::TimePoint now) {
    if (!running_) return {};
    if (check_ != 0) {
        again_ = true;
        return {};
    }
    return check_soon(now, Due::verify);
}

HealthSteps HealthMonitor::recover(base::TimePoint now) {
    cool_down_until_ = kNever;
    if (!running_) return {};
    failures_ = 0;
    successes_ = 0;
    HealthSteps steps;
    if (state_ == State::misconfigured) move(State::unhealthy, now, steps);
    HealthSteps more = verify(now);
    more.transition = steps.transition;
    return more;
}

// --- Requests ---

void HealthMonitor::request_ended(const Verdict& verdict,
                                  std::optional<std::int64_t> retry_after_ms,
                                  base::TimePoint now) noexcept {
    if (verdict.cool_down) cool_down(retry_after_ms, now);
    if (verdict.outcome == Outcome::success) {
        record_.add_outcome(true);
        last_success_ = now;
    } else if (verdict.outcome == Outcome::failure) {
        record_.add_outcome(false);
    }
    const bool is_bad = verdict.misconfigured || verdict.outcome == Outcome::failure;
    const bool is_asking = state_ == State::unknown || state_ == State::healthy;
    if (!is_bad || !is_asking || !running_ || without_checks_ || check_ != 0) return;
    // SDAM: a network error on a known server is looked into at once; not more often than the rest.
    advance(started_ == kNever ? now : std::max(now, started_ + settings_.recheck), Due::edge);
}

void HealthMonitor::cool_down(std::optional<std::int64_t> hint_ms, base::TimePoint now) noexcept {
    const bool is_hint = hint_ms && *hint_ms >= 0;
    const std::int64_t longest = settings_.longest_cool_down.count();
    const std::chrono::milliseconds time(is_hint ? std::min(*hint_ms, longest)
                                                 : settings_.cool_down.count());
    cool_down_until_ = std::max(cool_down_until_, now + time);
}

void HealthMonitor::resume_cool_down(base::TimePoint until, base::TimePoint now) noexcept {
    if (until <= now) return;
    const base::TimePoint latest = now + settings_.longest_cool_down;
    cool_down_until_ = std::max(cool_down_until_, std::min(until, latest));
}

// --- Status ---

int HealthMonitor::score(BreakerState breaker) const noexcept {
    return health_score({
        .success_ratio = record_.success_ratio(),
        .recent = record_.recent(),
        .baseline = record_.baseline(),
        .breaker = breaker,
        .working = state_ != State::unhealthy && state_ != State::misconfigured,
    });
}

HealthStatus HealthMonitor::status(base::TimePoint now, BreakerState breaker) const {
    HealthStatus status;
    status.state = state_;
    status.healthy = state_ == State::healthy || state_ == State::degraded;
    status.checked = !without_checks_;
    status.checking = check_ != 0;
    status.failures_in_a_row = failures_;
    status.response_time = response_time_;
    status.server_version = server_version_;
    status.last_error = last_error_;
    status.score = score(breaker);
    if (ended_ != kNever) status.last_check = ended_;
    if (passed_ != kNever) status.last_passed = passed_;
    if (next_ != base::kNoDeadline) status.next_check = next_;
    if (is_cooling_down(now)) status.cool_down_until = cool_down_until_;
    return status;
}

}  // namespace tenon::core
