#include "core/breaker.hpp"

#include <algorithm>

#include "core/random.hpp"

namespace tenon::core {
namespace {

constexpr std::uint64_t kMostReopens = 255;  // 8 bits of the word
constexpr int kUntilBits = 40;
constexpr std::uint64_t kUntilMask = (std::uint64_t{1} << kUntilBits) - 1;
constexpr std::uint64_t kUntilKeyMask = 0xff'ffff;
constexpr base::Duration kLeastWait = std::chrono::milliseconds(1);

}  // namespace

std::string_view to_string(BreakerState state) noexcept {
    switch (state) {
        case BreakerState::closed: return "closed";
        case BreakerState::forced_closed: return "forced_closed";
        case BreakerState::disabled: return "disabled";
        case BreakerState::open: return "open";
        case BreakerState::half_open: return "half_open";
        case BreakerState::forced_open: return "forced_open";
    }
    return "closed";
}

std::string_view to_string(BreakerCause cause) noexcept {
    switch (cause) {
        case BreakerCause::too_many_failures: return "too_many_failures";
        case BreakerCause::recovery_over: return "recovery_over";
        case BreakerCause::probes_succeeded: return "probes_succeeded";
        case BreakerCause::probe_failed: return "probe_failed";
        case BreakerCause::probe_never_reported: return "probe_never_reported";
        case BreakerCause::by_hand: return "by_hand";
    }
    return "by_hand";
}

Breaker::Breaker(const BreakerSettings& settings, base::TimePoint origin,
                 std::uint64_t seed) noexcept
    : word_(Word{.state = settings.enabled ? BreakerState::closed : BreakerState::disabled,
                 .generation = kFirstGeneration}
                .packed()),
      settings_(settings),
      origin_(origin),
      seed_(seed),
      window_(settings.window, origin) {}

// --- Admission -----------------------------------------------------------------------------------

Admission Breaker::reject(base::Duration retry_after, std::optional<BreakerEvent> event) noexcept {
    count(rejected_);
    return {.retry_after = std::max(retry_after, kLeastWait), .event = event};
}

Admission Breaker::admit_slowly(base::TimePoint now) noexcept {
    // One admission makes one change at most, for it can return one event.
    std::optional<BreakerEvent> event;
    for (;;) {
        const Word word = load();
        if (lets_all_through(word.packed())) {
            return {.permit = BreakerPermit(word.generation), .event = event};
        }
        if (word.state == BreakerState::forced_open) return reject(kNotByItself, event);
        if (word.state == BreakerState::open) {
            const auto until = until_of(word.generation);
            if (!until) continue;  // the state has just changed
            if (now < *until || event) return reject(*until - now, event);
            leases_.prepare(word.generation + 1, [&] { return is_current(word.generation); });
            Word next = word;
            next.state = BreakerState::half_open;
            event = change(word, next, BreakerCause::recovery_over, now);
            continue;
        }
        const auto held = leases_.held(word.generation);
        const base::TimePoint deadline = from_ms(held.earliest_deadline);
        if (held.count > 0 && now >= deadline && !event) {
            event = open(word, BreakerCause::probe_never_reported, now);
            continue;
        }
        const auto lease =
            leases_.claim(word.generation, to_ms(now + settings_.probe_lease()), settings_.probes,
                          [&] { return is_current(word.generation); });
        if (lease) return {.permit = BreakerPermit(word.generation, *lease), .event = event};
        if (held.count > 0) return reject(deadline - now, event);
    }
}

// --- Reports -------------------------------------------------------------------------------------

std::optional<BreakerEvent> Breaker::record_slowly(const BreakerPermit& permit, Outcome outcome,
                                                   base::TimePoint now) noexcept {
    if (permit.is_probe()) return record_probe(permit, outcome, now);
    if (!permit) return std::nullopt;
    if (!is_current(permit.generation())) {
        count(late_);
        return std::nullopt;
    }
    if (outcome == Outcome::ignored) return std::nullopt;
    return record_failure(permit, now);
}

std::optional<BreakerEvent> Breaker::record_failure(const BreakerPermit& permit,
                                                    base::TimePoint now) noexcept {
    const std::uint64_t generation = permit.generation();
    if (!window_.add_failure(generation, now, [&] { return is_current(generation); })) {
        count(late_);
        return std::nullopt;
    }
    const Word word = load();
    if (word.generation != generation || word.state != BreakerState::closed) return std::nullopt;
    if (window_.failures(generation, now) <
            static_cast<std::uint64_t>(settings_.failure_threshold) ||
        !is_enough(window_.counts(generation, now))) {
        return std::nullopt;
    }
    return open(word, BreakerCause::too_many_failures, now);
}

/// Enough traffic, and enough of it failed.
bool Breaker::is_enough(const FailureWindow::Counts& counts) const noexcept {
    const auto failures = static_cast<double>(counts.failures);
    const auto total = static_cast<double>(counts.total());
    return counts.total() >= static_cast<std::uint64_t>(settings_.min_throughput) &&
           failures / total >= settings_.min_failure_ratio;
}

std::optional<BreakerEvent> Breaker::record_probe(const BreakerPermit& permit, Outcome outcome,
                                                  base::TimePoint now) noexcept {
    for (;;) {
        const Word word = load();
        if (word.generation != permit.generation() ||
            !leases_.holds(permit.generation(), permit.lease_id())) {
            count(late_);
            return std::nullopt;
        }
        if (outcome == Outcome::ignored) {
            leases_.release(permit.generation(), permit.lease_id());
            return std::nullopt;
        }
        if (outcome == Outcome::failure) {
            if (auto event = open(word, BreakerCause::probe_failed, now)) return event;
            continue;
        }
        Word next = word;
        ++next.successes;
        if (next.successes >= static_cast<std::uint64_t>(settings_.successes_to_close)) {
            next.state = BreakerState::closed;
            next.reopens = 0;
            if (auto event = change(word, next, BreakerCause::probes_succeeded, now)) return event;
            continue;
        }
        std::uint64_t expected = word.packed();
        if (word_.compare_exchange_strong(expected, next.packed(), std::memory_order_acq_rel)) {
            leases_.release(permit.generation(), permit.lease_id());
            return std::nullopt;
        }
    }
}

std::optional<BreakerEvent> Breaker::tick(base::TimePoint now) noexcept {
    for (;;) {
        const Word word = load();
        if (word.state != BreakerState::half_open) return std::nullopt;
        const auto held = leases_.held(word.generation);
        if (held.count == 0 || now < from_ms(held.earliest_deadline)) return std::nullopt;
        if (auto event = open(word, BreakerCause::probe_never_reported, now)) return event;
    }
}

// --- Changes of state ----------------------------------------------------------------------------

/// Makes the change unless another thread was faster: then there is no event.
std::optional<BreakerEvent> Breaker::change(const Word& from, const Word& to, BreakerCause cause,
                                            base::TimePoint now) noexcept {
    Word next = to;
    next.generation = from.generation + 1;
    next.successes = 0;
    std::uint64_t expected = from.packed();
    if (!word_.compare_exchange_strong(expected, next.packed())) return std::nullopt;
    if (cause == BreakerCause::too_many_failures) count(trips_);
    if (cause == BreakerCause::probes_succeeded) count(repairs_);
    BreakerEvent event{
        .sequence = next.generation, .from = from.state, .to = next.state, .cause = cause};
    if (lets_all_through(from.packed())) event.counts = window_.counts(from.generation, now);
    return event;
}

std::optional<BreakerEvent> Breaker::open(const Word& from, BreakerCause cause,
                                          base::TimePoint now) noexcept {
    Word next = from;
    next.state = BreakerState::open;
    next.generation = from.generation + 1;
    if (from.state == BreakerState::half_open && next.reopens < kMostReopens) ++next.reopens;
    const auto until = publish_until(from, next.generation, now + recovery_of(next));
    if (!until) return std::nullopt;
    auto event = change(from, next, cause, now);
    if (event) event->open_for = *until - now;
    return event;
}

BreakerEvent Breaker::change_by_hand(BreakerState state, base::TimePoint now) noexcept {
    for (;;) {
        if (auto event = change(load(), Word{.state = state}, BreakerCause::by_hand, now)) {
            return *event;
        }
    }
}

BreakerEvent Breaker::force_open(base::TimePoint now) noexcept {
    return change_by_hand(BreakerState::forced_open, now);
}

BreakerEvent Breaker::force_closed(base::TimePoint now) noexcept {
    return change_by_hand(BreakerState::forced_closed, now);
}

BreakerEvent Breaker::disable(base::TimePoint now) noexcept {
    return change_by_hand(BreakerState::disabled, now);
}

BreakerEvent Breaker::reset(base::TimePoint now) noexcept {
    return change_by_hand(settings_.enabled ? BreakerState::closed : BreakerState::disabled, now);
}

// --- Time ----------------------------------------------------------------------------------------

std::uint64_t Breaker::to_ms(base::TimePoint time) const noexcept {
    const auto since = std::chrono::ceil<std::chrono::milliseconds>(time - origin_).count();
    return since < 1 ? 1 : static_cast<std::uint64_t>(since);
}

base::TimePoint Breaker::from_ms(std::uint64_t ms) const noexcept {
    return origin_ + std::chrono::milliseconds(ms);
}

/// The jitter is drawn from the seed and the generation, so it is the same whoever asks.
base::Duration Breaker::recovery_of(const Word& open) const noexcept {
    const auto most = static_cast<double>(settings_.max_recovery.count());
    auto wait = static_cast<double>(settings_.recovery.count());
    for (std::uint64_t i = 0; i < open.reopens && wait < most; ++i) {
        wait *= settings_.recovery_growth;
    }
    const double jitter = 2 * Random(seed_ ^ open.generation).unit() - 1;
    wait = std::min(wait, most) * (1 + settings_.recovery_jitter * jitter);
    return std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::duration<double, std::milli>(std::max(wait, 1.0)));
}

/// Before the word says open, so that whoever reads it there finds the time here. Of several that
/// are about to make the same change the first one's time counts.
/// \return nothing if `from` no longer holds.
std::optional<base::TimePoint> Breaker::publish_until(const Word& from, std::uint64_t generation,
                                                      base::TimePoint until) noexcept {
    const std::uint64_t key = generation & kUntilKeyMask;
    std::uint64_t found = until_.load(std::memory_order_acquire);
    for (;;) {
        if (!is_current(from.generation)) return std::nullopt;
        if (found >> kUntilBits == key) return from_ms(found & kUntilMask);
        const std::uint64_t mine = key << kUntilBits | (to_ms(until) & kUntilMask);
        if (until_.compare_exchange_weak(found, mine, std::memory_order_acq_rel)) {
            return from_ms(mine & kUntilMask);
        }
    }
}

std::optional<base::TimePoint> Breaker::until_of(std::uint64_t generation) const noexcept {
    const std::uint64_t found = until_.load(std::memory_order_acquire);
    if (found >> kUntilBits != (generation & kUntilKeyMask)) return std::nullopt;
    return from_ms(found & kUntilMask);
}

// --- A look inside -------------------------------------------------------------------------------

base::Duration Breaker::retry_after(const Word& word, const ProbeLeases::Held& held,
                                    base::TimePoint now) const noexcept {
    if (word.state == BreakerState::forced_open) return kNotByItself;
    if (word.state == BreakerState::open) {
        const auto until = until_of(word.generation);
        if (until && now < *until) return *until - now;
    }
    if (word.state == BreakerState::half_open && held.count >= settings_.probes) {
        return std::max(from_ms(held.earliest_deadline) - now, kLeastWait);
    }
    return base::Duration::zero();
}

base::Duration Breaker::retry_after_slowly(base::TimePoint now) const noexcept {
    for (;;) {
        const std::uint64_t before = word_.load(std::memory_order_acquire);
        const Word word = Word::unpack(before);
        const auto wait = retry_after(word, leases_.held(word.generation), now);
        if (word_.load(std::memory_order_acquire) == before) return wait;
    }
}

BreakerSnapshot Breaker::snapshot(base::TimePoint now) const noexcept {
    for (;;) {
        const std::uint64_t before = word_.load(std::memory_order_acquire);
        const Word word = Word::unpack(before);
        BreakerSnapshot snapshot{.state = word.state, .generation = word.generation};
        snapshot.probe_successes = static_cast<int>(word.successes);
        snapshot.reopens = static_cast<int>(word.reopens);
        snapshot.counts = window_.counts(word.generation, now);
        const auto held = leases_.held(word.generation);
        snapshot.probes_in_flight = held.count;
        snapshot.retry_after = retry_after(word, held, now);
        snapshot.trips = trips_.load(std::memory_order_relaxed);
        snapshot.repairs = repairs_.load(std::memory_order_relaxed);
        snapshot.rejected = rejected_.load(std::memory_order_relaxed);
        snapshot.late = late_.load(std::memory_order_relaxed);
        if (word_.load(std::memory_order_acquire) == before) return snapshot;
    }
}

}  // namespace tenon::core
