#include "core/failover.hpp"

#include "core/failure_kind.hpp"
#include "core/setting_range.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace tenon::core {
namespace {

/// Every time that may be asked for again.
constexpr std::size_t kAnyTimes = std::numeric_limits<std::size_t>::max();

/// Whether two names lead to the same model: an alias is the same, two names of a prefix are not.
bool same_model(const Match& a, const Match& b) noexcept {
    return a.route == b.route && (a.asked == b.asked || !a.route->model.ends_with('*'));
}

}  // namespace

struct FailoverPlan::Look {
    base::TimePoint now;
    const Providers& providers;
    std::span<Balancer> balancers;
    Random& random;
    bool probation = true;  ///< may be asked who is on it
};

Result<void> FailoverSettings::validate() const {
    return check_range("wait_when_down", wait_when_down, std::chrono::milliseconds(0),
                       std::chrono::hours(1));
}

std::vector<Balancer> balancers_for(const RouteTable& table, const BalancerSettings& settings) {
    std::vector<Balancer> out;
    out.reserve(table.tiers());
    for (const auto& route : table.routes()) {
        // Routes and their tiers are numbered in the order in which they stand.
        for (const auto& tier : route.tiers) out.emplace_back(settings, tier.targets.size());
    }
    return out;
}

FailoverPlan::FailoverPlan(const RouteTable& table, const FailoverSettings& settings,
                           const Match& asked, const FailoverRequest& request) noexcept
    : table_(table), settings_(settings), asked_(asked), request_(request) {}

Step FailoverPlan::next(base::TimePoint now, int attempts_left, const Providers& providers,
                        std::span<Balancer> balancers, Random& random) {
    if (final_) return *final_;
    if (now >= request_.deadline) return out_of_time(now, providers);
    if (attempts_left <= 0) return nobody(now, providers);

    Look look{now, providers, balancers, random};
    if (request_.pin) {
        if (auto attempt = pinned(look)) return *attempt;
        if (forced()) return nobody(now, providers);
    }
    look.probation = attempts_left > 1 || visits_.empty();
    do {
        if (auto attempt = offer(look, 0, false)) return *attempt;
        // Another provider goes before more than a slow start's share, and that before a model
        // that was not asked for.
        if (auto attempt = offer(look, 0, true)) return *attempt;
    } while (widen(why_nobody(providers)) || widen(Cause::unavailable));
    if (!std::exchange(look.probation, true)) {
        if (auto attempt = offer(look, 0, true)) return *attempt;
    }

    if (settings_.repeat) {
        for (std::size_t times = 1; times <= visits_.size(); ++times) {
            if (auto attempt = offer(look, times, true)) return *attempt;
        }
    }
    if (const auto time = wait_until(now, providers)) {
        wait_end_ = end_of_wait(now);
        return WaitUntil{*time};
    }
    if (settings_.last_resort && !last_resort_used_) {
        if (auto attempt = least_bad(look)) {
            last_resort_used_ = true;
            return *attempt;
        }
    }
    return nobody(now, providers);
}

AfterFailure FailoverPlan::failed(const Attempt& attempt, Error error) {
    using Onward = AfterFailure::Onward;
    using Kind = FailureKind;
    const FailureMeaning sorted = meaning_of(error);
    const bool passes = sorted.kind == Kind::passing && (error.retryable || error.not_sent);
    std::string scratch;
    const std::string_view model = model_at(*attempt.target, attempt.match, scratch);
    visits_.push_back({attempt.target->provider, std::string(model), sorted.blames_provider, passes,
                       std::move(error)});
    cause_ = sorted.cause;

    AfterFailure after{Onward::elsewhere, sorted.kind != Kind::ineligible};
    const bool unfit = sorted.kind == Kind::context_window || sorted.kind == Kind::content_filter;
    if (committed_ || sorted.kind == Kind::final || (forced() && sorted.kind != Kind::passing)) {
        after.onward = Onward::nowhere;
    } else if (unfit) {
        after.onward = leave(attempt.match, sorted.cause) ? Onward::other_model : Onward::nowhere;
    }
    if (after.onward == Onward::nowhere) final_ = visits_.back().error;
    return after;
}

/// The match's model does not fit the request: only the chain for that helps, the rest of one that
/// led here included. \return whether there is one.
bool FailoverPlan::leave(const Match& match, Cause cause) {
    const Match left = match;  // which may be an element of what is erased
    unfit_.push_back(left);
    asked_fits_ = false;
    request_.pin.reset();  // it is about the model that was asked for
    std::erase_if(
        more_, [&](const Line& line) { return line.via != cause || same_model(line.match, left); });
    // Its own chain where those count, and then that of the model that was asked for.
    for (const Route* route : {left.route, asked_.route}) {
        if (route != asked_.route && !table_.nested_fallbacks()) continue;
        for (const auto& next : route->chain(cause)) add(next.match(table_.routes()), cause);
    }
    return !more_.empty();
}

Outlook FailoverPlan::outlook(const Attempt& attempt, base::TimePoint now,
                              const Providers& providers) const {
    Outlook outlook;
    const auto availability = providers.state(*attempt.target, attempt.match).availability;
    switch (availability) {
        case Availability::ready:
        case Availability::cooling_down: break;  // a hint is waited for
        case Availability::disconnected:
        case Availability::connecting: outlook.admits = connectable(availability); break;
        case Availability::disabled:
        case Availability::kept_disconnected: outlook.admits = false; break;
        case Availability::breaker_open:
        case Availability::unhealthy:
        case Availability::misconfigured:
        case Availability::disconnecting: outlook.admits = attempt.in_spite && forced(); break;
    }
    const bool waits = !outlook.admits && !final_ && !forced() && wait_until(now, providers);
    outlook.alternatives = has_alternative(providers) || waits;
    return outlook;
}

bool FailoverPlan::has_alternative(const Providers& providers) const {
    if (final_ || forced()) return false;
    const Cause cause = why_nobody(providers);
    std::vector<Match> seen;
    for (std::size_t i = first_line(); i < lines(); ++i) seen.push_back(line(i));
    const auto known = [&](const Match& match) {
        const auto same = [&](const Match& other) { return same_model(match, other); };
        return std::any_of(seen.begin(), seen.end(), same) ||
               std::any_of(unfit_.begin(), unfit_.end(), same);
    };
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const Match match = seen[i];
        if (can_answer(match, providers)) return true;
        if (!follows(match)) continue;
        for (const Cause way : {cause, Cause::unavailable}) {
            for (const auto& fallback : match.route->chain(way)) {
                const Match next = fallback.match(table_.routes());
                if (!known(next)) seen.push_back(next);
            }
        }
    }
    return false;
}

/// Whether the match has a candidate that can be asked and has not been.
bool FailoverPlan::can_answer(const Match& match, const Providers& providers) const {
    for (const auto& tier : match.route->tiers) {
        for (const auto& target : tier.targets) {
            const auto availability = providers.state(target, match).availability;
            const bool there = availability == Availability::ready || connectable(availability);
            if (there && target.weight > 0 && !spent(target, match, 0)) return true;
        }
    }
    return false;
}

/// The provider that the route is pinned to, if it can be asked.
std::optional<Attempt> FailoverPlan::pinned(const Look& look) const {
    const PinnedProvider& pin = *request_.pin;
    for (const auto& tier : asked_.route->tiers) {
        for (const auto& target : tier.targets) {
            if (target.provider != pin.provider) continue;
            const auto availability = look.providers.state(target, asked_).availability;
            const bool again = pin.force && settings_.repeat;
            if (spent(target, asked_, again ? kAnyTimes : 0)) continue;
            if (availability == Availability::ready) return Attempt{&target, asked_, false, false};
            if (connectable(availability)) return Attempt{&target, asked_, true, false};
            const bool by_hand = availability == Availability::disabled ||
                                 availability == Availability::kept_disconnected;
            if (!pin.force || by_hand) continue;
            const bool connected = availability != Availability::disconnected &&
                                   availability != Availability::connecting;
            return Attempt{&target, asked_, !connected, true};
        }
    }
    return std::nullopt;
}

/// The first candidate that can be asked and has been asked `times` times at most.
std::optional<Attempt> FailoverPlan::offer(const Look& look, std::size_t times,
                                           bool beyond_share) const {
    for (std::size_t i = first_line(); i < lines(); ++i) {
        for (const auto& tier : line(i).route->tiers) {
            if (auto attempt = offer_tier(look, line(i), tier, times, beyond_share)) return attempt;
        }
    }
    return std::nullopt;
}

std::optional<Attempt> FailoverPlan::offer_tier(const Look& look, const Match& match,
                                                const Tier& tier, std::size_t times,
                                                bool beyond_share) const {
    Balancer& balancer = look.balancers[tier.index];
    const auto members =
        balancer.room().first(std::min(balancer.room().size(), tier.targets.size()));
    // Those that are connected go first; then those that can be.
    for (const bool connect : {false, true}) {
        bool any = false;
        bool others = false;
        for (std::size_t i = 0; i < members.size(); ++i) {
            const Target& target = tier.targets[i];
            const ProviderState state = look.providers.state(target, match);
            members[i] = state.load;
            members[i].id = target.id;
            members[i].weight = target.weight;
            const bool can_connect = connectable(state.availability);
            const bool fits = connect ? can_connect : state.availability == Availability::ready;
            const bool wanted = look.probation || !state.on_probation;
            members[i].usable = fits && wanted && !spent(target, match, times);
            any = any || members[i].usable;
            others = others || can_connect;
        }
        if (any) {
            const PickRequest request{request_.session, beyond_share};
            if (const Pick pick = balancer.pick(members, request, look.now, look.random)) {
                return Attempt{&tier.targets[pick.index], match, connect, false};
            }
        }
        if (!others) break;
    }
    return std::nullopt;
}

/// Of those that cannot be asked, the one that is most likely to answer all the same.
std::optional<Attempt> FailoverPlan::least_bad(const Look& look) const {
    std::optional<Attempt> best;
    std::pair<Availability, base::TimePoint> best_state;
    for_each([&](const Match& match, const Target& target) {
        const ProviderState state = look.providers.state(target, match);
        if (!comes_back(state.availability) || target.weight <= 0) return;
        if (spent(target, match, 0)) return;
        // The states stand in the order of how bad they are.
        const std::pair standing(state.availability, state.available_at);
        if (best && !(standing < best_state)) return;
        best = {&target, match, state.availability == Availability::connecting, true};
        best_state = standing;
    });
    return best;
}

/// Until when to wait, if that is configured and somebody may come back.
std::optional<base::TimePoint> FailoverPlan::wait_until(base::TimePoint now,
                                                        const Providers& providers) const {
    const base::TimePoint end = end_of_wait(now);
    if (now >= end) return std::nullopt;
    const std::size_t times = settings_.repeat ? kAnyTimes : 0;
    bool hope = false;
    base::TimePoint first = end;
    for_each([&](const Match& match, const Target& target) {
        const ProviderState state = providers.state(target, match);
        if (!comes_back(state.availability) || target.weight <= 0) return;
        if (spent(target, match, times)) return;
        hope = true;
        // A time that has passed tells nothing: the change of state is what comes.
        if (state.available_at > now) first = std::min(first, state.available_at);
    });
    if (!hope) return std::nullopt;
    return first;
}

/// There is one wait for the whole request.
base::TimePoint FailoverPlan::end_of_wait(base::TimePoint now) const noexcept {
    if (wait_end_) return *wait_end_;
    return std::min(now + settings_.wait_when_down, request_.deadline);
}

/// Which chain fits: that of the last failure, or of the states if nobody has been asked.
Cause FailoverPlan::why_nobody(const Providers& providers) const {
    if (cause_) return *cause_;
    bool all_cool_down = true;
    for_each([&](const Match& match, const Target& target) {
        const auto availability = providers.state(target, match).availability;
        all_cool_down = all_cool_down && availability == Availability::cooling_down;
    });
    return all_cool_down ? Cause::throttled : Cause::unavailable;
}

/// Adds the chains of the models at hand. \return whether there is a new one.
bool FailoverPlan::widen(Cause cause) {
    const std::size_t before = lines();
    for (std::size_t i = first_line(); i < before; ++i) {
        const Match match = line(i);  // add() may move the lines
        if (!follows(match)) continue;
        for (const auto& next : match.route->chain(cause)) add(next.match(table_.routes()), cause);
    }
    return lines() > before;
}

void FailoverPlan::add(const Match& match, Cause via) {
    for (const auto& unfit : unfit_) {
        if (same_model(unfit, match)) return;
    }
    for (std::size_t i = first_line(); i < lines(); ++i) {
        if (same_model(line(i), match)) return;
    }
    more_.push_back({match, via});
}

/// Whether the chains of the match's model count.
bool FailoverPlan::follows(const Match& match) const noexcept {
    return table_.nested_fallbacks() || same_model(match, asked_);
}

/// Whether the candidate has been asked more than `times` times, or need not be asked again.
bool FailoverPlan::spent(const Target& target, const Match& match, std::size_t times) const {
    if (visits_.empty()) return false;
    std::string scratch;
    const std::string_view model = model_at(target, match, scratch);
    std::size_t asked = 0;
    for (const auto& visit : visits_) {
        if (visit.provider != target.provider) continue;
        if (!visit.blames && visit.model != model) continue;
        if (!visit.passes) return true;
        ++asked;
    }
    return asked > times;
}

bool FailoverPlan::connectable(Availability availability) const noexcept {
    return settings_.connect_on_demand &&
           (availability == Availability::disconnected || availability == Availability::connecting);
}

/// Whether it may become ready without anybody's help.
bool FailoverPlan::comes_back(Availability availability) const noexcept {
    return availability == Availability::connecting || availability == Availability::cooling_down ||
           availability == Availability::breaker_open || availability == Availability::unhealthy;
}

}  // namespace tenon::core
