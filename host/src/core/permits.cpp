#include "core/permits.hpp"

#include <algorithm>
#include <cassert>
#include <string>

#include "base/duration.hpp"
#include "core/setting_range.hpp"

namespace tenon::core {
namespace {

constexpr std::uint32_t kMostPermits = 100'000;
constexpr std::uint32_t kLongestQueue = 1'000'000;

// Weight of the newest sample: 1/8, as TCP weighs round trips (RFC 6298).
constexpr double kHoldWeight = 0.125;

std::string in_words(base::Duration duration) {
    const auto rounded = std::chrono::duration_cast<std::chrono::milliseconds>(duration);
    return base::format_duration(std::max(rounded, std::chrono::milliseconds(0)));
}

std::string cause(PermitReason reason, const PermitReport& report, base::Duration waited) {
    switch (reason) {
        case PermitReason::queue_full: return "the queue for it is full";
        case PermitReason::predicted_wait:
            return "about " + in_words(report.predicted_wait) +
                   " in the queue is longer than the request may wait";
        case PermitReason::deadline:
            return "its deadline passed" +
                   (waited.count() > 0 ? " after " + in_words(waited) + " in the queue" : "");
        case PermitReason::queue_timeout: return "its turn did not come within " + in_words(waited);
        case PermitReason::closed: return "the provider is being stopped";
        case PermitReason::none: break;
    }
    return "it was not admitted";
}

}  // namespace

Result<void> OverloadSettings::validate() const {
    using std::chrono::milliseconds;
    return first_failure(check_range("overload.interval", interval, milliseconds(1)),
                         check_range("overload.queue_timeout", queue_timeout, milliseconds(1)));
}

Result<void> PermitSettings::validate() const {
    return first_failure(check_range("permits", std::int64_t{permits}, 1, kMostPermits),
                         check_range("queue", std::int64_t{queue}, 0, kLongestQueue),
                         check_range("queue_timeout", queue_timeout, std::chrono::milliseconds(0)),
                         overload.validate());
}

Error to_error(PermitReason reason, const PermitReport& report, base::Duration waited) {
    const Code code = reason == PermitReason::deadline ? Code::deadline
                      : reason == PermitReason::closed ? Code::unavailable
                                                       : Code::overloaded;
    Error error(code, "The request was not sent: " + cause(reason, report, waited) + " (" +
                          std::to_string(report.held) + " of " + std::to_string(report.limit) +
                          " calls at once are under way, " + std::to_string(report.waiting) +
                          " wait).");
    error.scope = Scope::request;
    error.not_sent = true;
    if (code == Code::overloaded) {
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(report.predicted_wait);
        error.retry_after_ms = wait.count();
    }
    return error;
}

Permits::Permits(const PermitSettings& settings)
    : settings_(settings),
      tickets_(std::size_t{settings.permits} + settings.queue),
      limit_(settings.permits) {
    assert(settings.validate());
}

bool Permits::overloaded(base::TimePoint now) const noexcept {
    return settings_.overload.enabled && tickets_.waiting() > 0 &&
           now - busy_since_ >= settings_.overload.interval;
}

double Permits::predicted_wait() const noexcept {
    return static_cast<double>(tickets_.waiting()) * hold_ns_ / limit_;
}

Permits::Admission Permits::acquire(WaiterTag tag, base::TimePoint deadline, base::TimePoint now,
                                    PermitActions& actions) {
    if (closed_) return {Outcome::rejected, PermitReason::closed, kNoTicket};
    if (deadline < now) return {Outcome::rejected, PermitReason::deadline, kNoTicket};
    if (held_ >= limit_) return enqueue(tag, deadline, now, actions);
    assert(tickets_.waiting() == 0);  // or this newcomer would overtake
    ++held_;
    const Ticket permit = tickets_.issue({.tag = tag, .since = now, .until = deadline});
    assert(permit != kNoTicket);
    return {Outcome::granted, PermitReason::none, permit};
}

Permits::Admission Permits::enqueue(WaiterTag tag, base::TimePoint deadline, base::TimePoint now,
                                    PermitActions& actions) {
    const auto reject = [](PermitReason reason) {
        return Admission{Outcome::rejected, reason, kNoTicket};
    };
    if (deadline <= now) return reject(PermitReason::deadline);

    // Waiters whose time is over still stand there until the next tick; they take nobody's place.
    actions.reserve(tickets_.waiting());
    if (tickets_.waiting() >= settings_.queue) expire(now, actions);
    if (tickets_.waiting() >= settings_.queue) return reject(PermitReason::queue_full);

    Record record{.tag = tag, .since = now, .until = deadline, .until_is_deadline = true};
    const auto wait_at_most = [&](base::Duration longest) {
        if (longest <= base::Duration::zero() || deadline - now <= longest) return;
        record.until = std::min(record.until, now + longest);
        record.until_is_deadline = false;
    };
    wait_at_most(settings_.queue_timeout);
    if (overloaded(now)) wait_at_most(settings_.overload.queue_timeout);

    // In overload the newest is served first: those who wait already are not ahead of it.
    const auto remaining = static_cast<double>((record.until - now).count());
    if (settings_.predict_wait && !overloaded(now) && predicted_wait() > remaining) {
        return reject(PermitReason::predicted_wait);
    }

    if (tickets_.waiting() == 0) busy_since_ = now;
    const Ticket ticket = tickets_.issue(record);
    assert(ticket != kNoTicket);
    tickets_.join(ticket);
    earliest_ = std::min(earliest_, record.until);
    return {Outcome::queued, PermitReason::none, ticket};
}

bool Permits::release(Ticket permit, base::TimePoint now, PermitActions& actions) {
    const Record* record = tickets_.find(permit);
    if (record == nullptr) return false;
    actions.reserve(tickets_.waiting());
    if (!tickets_.is_waiting(permit)) {
        const auto held_ns = static_cast<double>((now - record->since).count());
        hold_ns_ = hold_ns_ == 0 ? held_ns : hold_ns_ + kHoldWeight * (held_ns - hold_ns_);
        --held_;
    }
    tickets_.retire(permit);
    serve(now, actions);
    return true;
}

void Permits::serve(base::TimePoint now, PermitActions& actions) noexcept {
    while (held_ < limit_ && tickets_.waiting() > 0) {
        const Ticket next = overloaded(now) ? tickets_.last() : tickets_.first();
        Record& record = *tickets_.find(next);
        if (record.until <= now) {
            fail(next,
                 record.until_is_deadline ? PermitReason::deadline : PermitReason::queue_timeout,
                 now, actions);
            continue;
        }
        tickets_.leave(next);
        ++held_;
        actions.push_back({.kind = PermitAction::Kind::grant,
                           .reason = PermitReason::none,
                           .tag = record.tag,
                           .permit = next,
                           .waited = now - record.since});
        record.since = now;
    }
    if (tickets_.waiting() == 0) earliest_ = base::kNoDeadline;
}

void Permits::fail(Ticket waiter, PermitReason reason, base::TimePoint now,
                   PermitActions& actions) noexcept {
    const Record& record = *tickets_.find(waiter);
    actions.push_back({.kind = PermitAction::Kind::fail,
                       .reason = reason,
                       .tag = record.tag,
                       .permit = waiter,
                       .waited = now - record.since});
    tickets_.retire(waiter);
}

void Permits::expire(base::TimePoint now, PermitActions& actions) noexcept {
    if (now < earliest_) return;
    earliest_ = base::kNoDeadline;
    for (Ticket waiter = tickets_.first(); waiter != kNoTicket;) {
        const Ticket next = tickets_.after(waiter);
        const Record& record = *tickets_.find(waiter);
        if (record.until <= now) {
            fail(waiter,
                 record.until_is_deadline ? PermitReason::deadline : PermitReason::queue_timeout,
                 now, actions);
        } else {
            earliest_ = std::min(earliest_, record.until);
        }
        waiter = next;
    }
}

void Permits::tick(base::TimePoint now, PermitActions& actions) {
    actions.reserve(tickets_.waiting());
    expire(now, actions);
}

base::TimePoint Permits::next_tick() const noexcept {
    return tickets_.waiting() == 0 ? base::kNoDeadline : earliest_;
}

void Permits::resize(std::uint32_t limit, base::TimePoint now, PermitActions& actions) {
    assert(limit > 0);
    tickets_.grow(std::size_t{limit} + settings_.queue);
    actions.reserve(tickets_.waiting());
    limit_ = limit;
    serve(now, actions);
}

void Permits::close(base::TimePoint now, PermitActions& actions) {
    actions.reserve(tickets_.waiting());
    closed_ = true;
    while (tickets_.waiting() > 0) fail(tickets_.first(), PermitReason::closed, now, actions);
}

PermitReport Permits::report() const noexcept {
    return {.limit = limit_,
            .held = held_,
            .waiting = static_cast<std::uint32_t>(tickets_.waiting()),
            .predicted_wait = base::Duration(static_cast<base::Duration::rep>(predicted_wait()))};
}

}  // namespace tenon::core
