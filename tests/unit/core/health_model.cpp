#include "health_model.hpp"

#include <algorithm>
#include <array>

namespace tenon::core {

using State = HealthState;

std::string name_of(HealthEvent event) {
    constexpr std::array kNames = {
        "start",       "stop",        "passes",     "fails",         "throttled", "refused",
        "nothing",     "unsupported", "late_reply", "timer",         "sleep",     "time_passes",
        "req_success", "req_failure", "req_429",    "request_check", "verify",    "recover",
    };
    static_assert(kNames.size() == kHealthEvents);
    return kNames.at(static_cast<std::size_t>(event));
}

bool HealthModel::is_end(What what) {
    switch (what) {
        case What::passed:
        case What::failed:
        case What::throttled:
        case What::refused:
        case What::neutral:
        case What::slept:
        case What::unsupported: return true;
        default: return false;
    }
}

const HealthModel::Entry* HealthModel::last(What what) const {
    const auto found = std::find_if(log_.rbegin(), log_.rend(),
                                    [&](const Entry& entry) { return entry.what == what; });
    return found == log_.rend() ? nullptr : &*found;
}

const HealthModel::Entry* HealthModel::last_end() const {
    const auto found = std::find_if(log_.rbegin(), log_.rend(),
                                    [](const Entry& entry) { return is_end(entry.what); });
    return found == log_.rend() ? nullptr : &*found;
}

bool HealthModel::is_on() const {
    for (auto entry = log_.rbegin(); entry != log_.rend(); ++entry) {
        if (entry->what == What::started) return true;
        if (entry->what == What::stopped) return false;
    }
    return false;
}

bool HealthModel::has_no_check() const {
    if (!settings_.active) return true;
    const Entry* unsupported = last(What::unsupported);
    return unsupported != nullptr && unsupported > last(What::started);
}

const HealthModel::Entry* HealthModel::running() const {
    const Entry* check = last(What::check);
    if (check == nullptr || check < last(What::stopped) || check < last_end()) return nullptr;
    return check;
}

State HealthModel::state() const {
    if (!is_on()) return State::unknown;
    if (has_no_check()) return State::healthy;
    State state = State::unknown;
    int failures = 0;
    int successes = 0;
    for (const Entry* entry = last(What::started); entry != log_.data() + log_.size(); ++entry) {
        switch (entry->what) {
            case What::passed:
                failures = 0;
                ++successes;
                if (state != State::unhealthy || successes >= settings_.healthy_after) {
                    state = State::healthy;
                }
                break;
            case What::failed:
                successes = 0;
                ++failures;
                if (state == State::misconfigured) break;
                if (failures >= settings_.unhealthy_after) state = State::unhealthy;
                if (state == State::healthy) state = State::degraded;
                break;
            case What::refused: state = State::misconfigured; break;
            case What::recovered:
                failures = successes = 0;
                if (state == State::misconfigured) state = State::unhealthy;
                break;
            default: break;
        }
        if (state != State::unhealthy) successes = 0;
    }
    return state;
}

bool HealthModel::is_cooling_down(base::TimePoint now) const {
    const Entry* recovered = last(What::recovered);
    return std::any_of(log_.begin(), log_.end(), [&](const Entry& entry) {
        const bool limits = entry.what == What::limited || entry.what == What::throttled;
        return limits && (recovered == nullptr || &entry > recovered) &&
               now < entry.time + settings_.cool_down;
    });
}

/// What is due after a check's end, by itself.
HealthModel::Wish HealthModel::wish_after(std::size_t end) const {
    HealthModel then = *this;  // as it was at that moment
    then.log_.resize(end + 1);
    const Entry& ended = log_[end];
    if (ended.what == What::slept) return {ended.time, 'e'};

    const Entry* check = then.last(What::check);
    const Entry* after = then.log_.data() + then.log_.size();
    const bool verifying =
        std::any_of(check, after, [](const Entry& entry) { return entry.what == What::verifying; });
    Wish wish;
    const State state = then.state();
    int failures = 0;
    int successes = 0;
    for (const Entry* entry = then.last(What::started); entry != after; ++entry) {
        if (entry->what == What::recovered) failures = successes = 0;
        if (entry->what == What::passed) ++successes, failures = 0;
        if (entry->what == What::failed) ++failures, successes = 0;
    }
    if (verifying && ended.what != What::passed && ended.what != What::refused) {
        wish = {ended.time + settings_.min_gap, 'v'};
    } else if (state == State::misconfigured) {
        return {};
    } else if (state == State::unhealthy ? successes > 0 : failures > 0) {
        wish = {ended.time + settings_.recheck, 'e'};
    } else {
        wish = {std::max(check->time + settings_.interval, ended.time + settings_.min_gap), 'p'};
    }
    if (ended.what == What::throttled) {
        const Entry* recovered = then.last(What::recovered);
        for (const Entry& entry : then.log_) {
            const bool limits = entry.what == What::limited || entry.what == What::throttled;
            if (!limits || (recovered != nullptr && &entry < recovered)) continue;
            wish.time = std::max(wish.time, entry.time + settings_.cool_down);
        }
    }
    return wish;
}

HealthModel::Wish HealthModel::wish() const {
    if (!is_on() || has_no_check() || running() != nullptr) return {};
    const auto first = static_cast<std::size_t>(last(What::started) - log_.data());
    Wish wish{log_[first].time, 'p'};
    base::TimePoint began = base::TimePoint::min();  // the last check before the entry
    base::TimePoint ended = base::TimePoint::min();
    base::TimePoint asked = base::TimePoint::min();
    bool runs = false;
    bool by_request = false;
    for (std::size_t i = 0; i < log_.size(); ++i) {
        const Entry& entry = log_[i];
        const bool now = i >= first;  // since it was started
        const auto soon = [&](char why) {
            const auto time = ended == base::TimePoint::min()
                                  ? entry.time
                                  : std::max(entry.time, ended + settings_.min_gap);
            wish = {std::min(wish.time, time), why};
        };
        switch (entry.what) {
            case What::stopped: runs = false; break;
            case What::check:
                began = entry.time;
                runs = true;
                if (by_request) asked = entry.time;
                by_request = false;
                break;
            case What::requested:
                if (!now || runs) break;
                if (asked != base::TimePoint::min() && entry.time < asked + settings_.min_gap) {
                    break;
                }
                soon('r');
                by_request = true;
                break;
            case What::verifying:
                if (!now || runs) break;
                soon('v');
                by_request = false;
                break;
            case What::bad: {
                if (!now || runs) break;
                HealthModel then = *this;
                then.log_.resize(i);
                if (then.state() != State::unknown && then.state() != State::healthy) break;
                const auto time = began == base::TimePoint::min()
                                      ? entry.time
                                      : std::max(entry.time, began + settings_.recheck);
                if (time < wish.time) {
                    wish = {time, 'e'};
                    by_request = false;
                }
                break;
            }
            case What::good:
                if (now && entry.next != base::TimePoint{}) wish.time = entry.next;
                break;
            default: break;
        }
        if (is_end(entry.what)) {
            runs = false;
            by_request = false;
            ended = entry.time;
            if (now) wish = wish_after(i);
        }
        if (entry.what == What::started) by_request = false;
    }
    return wish;
}

base::TimePoint HealthModel::next_wake() const {
    const Entry* check = running();
    return check == nullptr ? wish().time : check->time + settings_.timeout;
}

void HealthModel::check(const Wish& wish, base::TimePoint now, HealthSteps& steps) {
    bool periodic = wish.why == 'p';
    if (wish.why == 'r') {
        periodic = std::none_of(log_.begin(), log_.end(), [&](const Entry& entry) {
            return entry.what == What::check && entry.periodic &&
                   now - entry.time < settings_.interval;
        });
    }
    log_.push_back({.what = What::check, .time = now, .periodic = periodic});
    steps.check =
        CheckStart{.id = ++checks_, .deadline = now + settings_.timeout, .periodic = periodic};
}

void HealthModel::end(What what, base::TimePoint now, HealthSteps& steps) {
    const Entry* check = running();
    if (check == nullptr) return;
    if (what == What::failed && (now - check->time) * 2 > settings_.timeout * 3) what = What::slept;
    note(what, now);
    switch (what) {
        case What::passed:
            if (state() == State::healthy) steps.verdict = HealthVerdict::healthy;
            break;
        case What::failed:
            if (state() == State::unhealthy) steps.verdict = HealthVerdict::unhealthy;
            break;
        case What::refused: steps.verdict = HealthVerdict::misconfigured; break;
        case What::unsupported: steps.verdict = HealthVerdict::healthy; break;
        default: break;
    }
}

void HealthModel::tick(base::TimePoint now, HealthSteps& steps) {
    if (now < next_wake() || next_wake() == base::kNoDeadline) return;
    if (running() != nullptr) {
        steps.abandoned = checks_;
        end(What::failed, now, steps);
        return;
    }
    const Wish due = wish();
    if (due.why == 'p' && state() == State::healthy && last(What::good) != nullptr) {
        base::TimePoint later{};
        for (const Entry& entry : log_) {
            if (entry.what == What::good && entry.next == base::TimePoint{}) {
                later = entry.time + settings_.interval;
            }
        }
        if (later > now) {
            log_.push_back({.what = What::good, .time = now, .next = later});
            return;
        }
    }
    check(due, now, steps);
}

void HealthModel::want(What what, base::TimePoint now, HealthSteps& steps) {
    if (!is_on()) return;
    if (what == What::requested && running() != nullptr) return;
    if (has_no_check()) {
        steps.verdict = HealthVerdict::healthy;
        return;
    }
    note(what, now);
    if (running() != nullptr) return;
    const Wish due = wish();
    if (due.time <= now && (due.why == 'r' || due.why == 'v')) check(due, now, steps);
}

HealthSteps HealthModel::happen(HealthEvent event, base::TimePoint now) {
    using Event = HealthEvent;
    HealthSteps steps;
    const State before = state();
    switch (event) {
        case Event::start:
            if (is_on()) break;
            note(What::started, now);
            if (has_no_check()) steps.verdict = HealthVerdict::healthy;
            break;
        case Event::stop:
            if (!is_on()) break;
            if (running() != nullptr) steps.abandoned = checks_;
            note(What::stopped, now);
            break;
        case Event::passes: end(What::passed, now, steps); break;
        case Event::fails: end(What::failed, now, steps); break;
        case Event::throttled: end(What::throttled, now, steps); break;
        case Event::refused: end(What::refused, now, steps); break;
        case Event::says_nothing: end(What::neutral, now, steps); break;
        case Event::unsupported: end(What::unsupported, now, steps); break;
        case Event::late_reply: break;
        case Event::timer:
        case Event::sleep:
        case Event::time_passes: tick(now, steps); break;
        case Event::request_succeeds: note(What::good, now); break;
        case Event::request_fails: note(What::bad, now); break;
        case Event::request_throttled: note(What::limited, now); break;
        case Event::request_check: want(What::requested, now, steps); break;
        case Event::verify: want(What::verifying, now, steps); break;
        case Event::recover:
            note(What::recovered, now);
            want(What::verifying, now, steps);
            break;
    }
    if (state() != before) {
        steps.transition =
            HealthTransition{.sequence = ++sequence_, .from = before, .to = state(), .time = now};
    }
    return steps;
}

}  // namespace tenon::core
