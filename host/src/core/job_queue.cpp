#include "core/job_queue.hpp"

#include <algorithm>

namespace tenon::core {

TryReport report_of(const Error& error) {
    TryReport report;
    if (error.retry_after_ms) report.hint = std::chrono::milliseconds(*error.retry_after_ms);
    if (error.code == Code::throttled || error.code == Code::overloaded) {
        report.pressure = Pressure::throttled;
    }
    const bool may_pass = error.retryable || error.code == Code::deadline;
    if (error.code == Code::cancelled) {
        report.end = TryEnd::cancelled;
        return report;
    }
    if (!may_pass) return report;
    report.end = error.not_sent ? TryEnd::nobody : TryEnd::failed;
    return report;
}

JobQueue::Key JobQueue::add(int priority, std::string_view lane, std::uint32_t max_tries) {
    auto found = lanes_.find(lane);
    if (found == lanes_.end()) found = lanes_.emplace(std::string(lane), Lane{}).first;
    ++found->second.users;
    const Key key = ++last_ticket_;
    const Order order{-std::int64_t{priority}, key, key};
    Job& job = jobs_.emplace(key, Job{order, found}).first->second;
    job.max_tries = max_tries == 0 ? settings_.max_tries : max_tries;
    queue(job);
    return key;
}

std::optional<JobQueue::Key> JobQueue::next(base::TimePoint now) {
    if (paused_ || running_ >= settings_.concurrency) return std::nullopt;
    wake(now);
    if (fronts_.empty()) return std::nullopt;
    const Key key = fronts_.begin()->first.key;
    Job& job = jobs_.at(key);
    Lane& lane = job.lane->second;
    lane.jobs.erase(job.order);
    --queued_;
    if (lane.gate == Gate::trying) lane.trial = key;
    list(lane);
    job.state = State::running;
    ++job.tries;
    ++running_;
    return key;
}

bool JobQueue::finished(Key key, const TryReport& report, base::TimePoint now) {
    Job& job = jobs_.at(key);
    --running_;
    if (report.end == TryEnd::cancelled) {
        release(key);
        return true;
    }
    if (speaks_of_lane(job, report)) {
        Lane& lane = job.lane->second;
        if (!lane.alone_since) lane.alone_since = now;
        const bool impatient = now - *lane.alone_since >= settings_.patience;
        const bool stays = !impatient && stays_with_lane(job, report, now);
        if (impatient) {
            open(lane);
        } else {
            close(lane, report, now);
        }
        if (stays) {
            queue(job);
        } else {
            release(key);
        }
        return !stays;
    }
    open(job.lane->second);
    job.lane->second.alone_since.reset();
    if (report.end == TryEnd::over || job.tries >= job.max_tries) {
        release(key);
        return true;
    }
    job.state = State::delayed;
    job.due = now + delay(job, report);
    delayed_.emplace(job.due, key);
    return false;
}

/// Whether the end of its try says something about the lane and nothing about the job.
bool JobQueue::speaks_of_lane(Job& job, const TryReport& report) {
    if (report.end == TryEnd::nobody) return true;
    const Lane& lane = job.lane->second;
    const bool went_ahead = lane.gate == Gate::trying && lane.trial == job.order.key;
    if (report.end != TryEnd::failed || !went_ahead) return false;
    // It has met the old trouble, or is the trouble: another one goes ahead next.
    job.order.ticket = ++last_ticket_;
    return true;
}

/// Whether it waits on; what it has tried counts only if it has been put off for too long.
bool JobQueue::stays_with_lane(Job& job, const TryReport& report, base::TimePoint now) {
    const Lane& lane = job.lane->second;
    if (report.end == TryEnd::failed) {
        if (!job.put_off_since || *job.put_off_since < *lane.alone_since) job.put_off_since = now;
        const bool too_long = now - *job.put_off_since >= settings_.longest_put_off;
        if (too_long) return job.tries < job.max_tries;
    }
    --job.tries;
    return true;
}

bool JobQueue::remove(Key key) {
    const auto found = jobs_.find(key);
    if (found == jobs_.end() || found->second.state == State::running) return false;
    Job& job = found->second;
    if (job.state == State::delayed) {
        delayed_.erase({job.due, key});
    } else {
        Lane& lane = job.lane->second;
        lane.jobs.erase(job.order);
        --queued_;
        list(lane);
    }
    release(key);
    return true;
}

void JobQueue::providers_changed(base::TimePoint now) {
    for (Lane* lane : closed_) lane->opens = std::min(lane->opens, std::max(now, lane->earliest));
}

base::TimePoint JobQueue::next_look() const {
    if (paused_ || running_ >= settings_.concurrency) return base::kNoDeadline;
    if (!fronts_.empty()) return base::TimePoint::min();
    base::TimePoint next = delayed_.empty() ? base::kNoDeadline : delayed_.begin()->first;
    for (const Lane* lane : closed_) {
        if (!lane->jobs.empty()) next = std::min(next, lane->opens);
    }
    return next;
}

JobQueue::Counts JobQueue::counts() const noexcept {
    Counts counts;
    counts.running = running_;
    counts.delayed = delayed_.size();
    for (const auto& [name, lane] : lanes_) {
        if (lane.gate != Gate::open) counts.held += lane.jobs.size();
    }
    counts.ready = queued_ - counts.held;
    return counts;
}

std::uint32_t JobQueue::tries(Key key) const {
    return jobs_.at(key).tries;
}

/// Keeps the lane's entry among those whose first job may start.
void JobQueue::list(Lane& lane) {
    const bool lets_in =
        lane.gate == Gate::open || (lane.gate == Gate::trying && !lane.trial.has_value());
    std::optional<Order> front;
    if (lets_in && !lane.jobs.empty()) front = *lane.jobs.begin();
    if (front == lane.listed) return;
    if (lane.listed) fronts_.erase({*lane.listed, &lane});
    if (front) fronts_.emplace(*front, &lane);
    lane.listed = front;
}

void JobQueue::queue(Job& job) {
    job.state = State::queued;
    job.lane->second.jobs.insert(job.order);
    ++queued_;
    list(job.lane->second);
}

void JobQueue::close(Lane& lane, const TryReport& report, base::TimePoint now) {
    if (lane.gate == Gate::closed) return;  // the others that were running say no more
    lane.pause = lane.gate == Gate::open ? settings_.first_pause
                                         : std::min(lane.pause * 2, settings_.longest_pause);
    lane.gate = Gate::closed;
    lane.trial.reset();
    const auto wait = std::clamp(report.hint.value_or(lane.pause), settings_.least_pause,
                                 std::max(settings_.longest_pause, settings_.least_pause));
    lane.opens = now + wait;
    lane.earliest = now + settings_.least_pause;
    closed_.insert(&lane);
    list(lane);
}

void JobQueue::open(Lane& lane) {
    if (lane.gate == Gate::open) return;
    closed_.erase(&lane);
    lane.gate = Gate::open;
    lane.trial.reset();
    list(lane);
}

/// Lets through what time has come for.
void JobQueue::wake(base::TimePoint now) {
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
        const Key key = delayed_.begin()->second;
        delayed_.erase(delayed_.begin());
        queue(jobs_.at(key));
    }
    for (auto it = closed_.begin(); it != closed_.end();) {
        Lane& lane = **it;
        if (lane.opens > now) {
            ++it;
            continue;
        }
        it = closed_.erase(it);
        lane.gate = Gate::trying;
        list(lane);
    }
}

/// Forgets a job, and its lane with the last one.
void JobQueue::release(Key key) {
    const auto job = jobs_.find(key);
    const auto lane = job->second.lane;
    jobs_.erase(job);
    if (--lane->second.users > 0) {
        // Who went ahead is gone without a word: the next one does.
        if (lane->second.trial == key) lane->second.trial.reset();
        list(lane->second);
        return;
    }
    closed_.erase(&lane->second);
    lanes_.erase(lane);
}

base::Duration JobQueue::delay(const Job& job, const TryReport& report) {
    Backoff backoff(settings_.backoff);
    const base::Duration computed = backoff.delay(report.pressure, job.tries, random_);
    if (!report.hint) return computed;
    // Longer than the longest back-off is still waited for: nobody sits there waiting.
    return backoff.delay_for_hint(*report.hint, computed, random_).value_or(*report.hint);
}

}  // namespace tenon::core
