#include "core/failover.hpp"

#include "base/duration.hpp"
#include "base/text.hpp"
#include "core/attempt_trail.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tenon::core {
namespace {

/// Further ones are counted: a message is for a person.
constexpr std::size_t kMostReasons = 12;

std::string_view what_is_wrong(Availability availability) noexcept {
    switch (availability) {
        case Availability::ready: return "was not asked";
        case Availability::disconnected: return "is disconnected";
        case Availability::connecting: return "is still connecting";
        case Availability::cooling_down: return "limits the rate";
        case Availability::breaker_open: return "failed too often lately";
        case Availability::unhealthy: return "is unhealthy";
        case Availability::misconfigured: return "is misconfigured";
        case Availability::disconnecting: return "is being disconnected";
        case Availability::kept_disconnected: return "was disconnected by hand (connect it first)";
        case Availability::disabled: return "is disabled (enable it first)";
    }
    return "is not available";
}

/// Rounded up, to whole seconds from one on: nobody waits for "2.417 s".
std::string in_words(base::Duration wait) {
    using std::chrono::ceil;
    using std::chrono::milliseconds;
    const auto ms = ceil<milliseconds>(wait);
    const bool short_wait = ms < std::chrono::seconds(1);
    return base::format_duration(short_wait ? ms : ceil<std::chrono::seconds>(ms));
}

/// A sentence as part of another one.
std::string_view without_full_stop(std::string_view sentence) noexcept {
    while (sentence.ends_with('.') || sentence.ends_with(' ')) sentence.remove_suffix(1);
    return sentence;
}

std::string quoted(std::string_view text) {
    return '"' + std::string(text) + '"';
}

}  // namespace

Error FailoverPlan::explain(Error last, base::TimePoint now, const Providers& providers) const {
    std::size_t candidates = 0;
    for_each([&](const Match&, const Target&) { ++candidates; });
    if (final_ || candidates <= 1) {
        AttemptTrail trail;
        for (std::size_t i = 0; i + 1 < visits_.size(); ++i) {
            trail.add(table_.providers()[visits_[i].provider], visits_[i].error);
        }
        return trail.explain(std::move(last));
    }
    last.message = "No provider could answer for the model " + quoted(asked_.asked) + ": " +
                   reasons(now, providers);
    last.not_sent = std::all_of(visits_.begin(), visits_.end(),
                                [](const Visit& visit) { return visit.error.not_sent; });
    return last;
}

/// Why next() has nobody left.
Error FailoverPlan::nobody(base::TimePoint now, const Providers& providers) const {
    if (!visits_.empty()) return explain(visits_.back().error, now, providers);

    bool hope = false;
    bool all_cool_down = true;
    base::TimePoint first = base::kNoDeadline;
    for_each([&](const Match& match, const Target& target) {
        const ProviderState state = providers.state(target, match);
        const bool pinned_away = forced() && request_.pin->provider != target.provider;
        if (pinned_away || target.weight <= 0) return;
        hope = hope || comes_back(state.availability) || state.availability == Availability::ready;
        all_cool_down = all_cool_down && state.availability == Availability::cooling_down;
        if (comes_back(state.availability)) first = std::min(first, state.available_at);
    });
    Error error(all_cool_down && hope ? Code::throttled : Code::unavailable,
                "No provider can be asked for the model " + quoted(asked_.asked) + ": " +
                    reasons(now, providers));
    error.scope = Scope::request;  // each provider has been blamed for its own failures
    error.retryable = hope;
    error.not_sent = true;
    if (first > now && first != base::kNoDeadline) {
        error.retry_after_ms = std::chrono::ceil<std::chrono::milliseconds>(first - now).count();
    }
    return error;
}

Error FailoverPlan::out_of_time(base::TimePoint now, const Providers& providers) const {
    Error error(Code::deadline, "The time for an answer of the model " + quoted(asked_.asked) +
                                    " is over: " + reasons(now, providers));
    error.not_sent = std::all_of(visits_.begin(), visits_.end(),
                                 [](const Visit& visit) { return visit.error.not_sent; });
    return error;
}

/// Each provider's reason: those that were asked in their order, then the others.
std::string FailoverPlan::reasons(base::TimePoint now, const Providers& providers) const {
    std::vector<std::string> out;
    const auto note = [&](std::string reason) {
        if (std::find(out.begin(), out.end(), reason) == out.end()) {
            out.push_back(std::move(reason));
        }
    };
    for (const auto& visit : visits_) {
        const std::string_view message = without_full_stop(visit.error.message);
        note(table_.providers()[visit.provider] + " (" + visit.model +
             ") failed: " + std::string(message.empty() ? to_string(visit.error.code) : message));
    }
    if (forced()) {
        note("the route is pinned to " + table_.providers()[request_.pin->provider]);
    }
    for_each([&](const Match& match, const Target& target) {
        if (forced() && request_.pin->provider != target.provider) return;
        const bool asked = std::any_of(visits_.begin(), visits_.end(), [&](const Visit& visit) {
            std::string scratch;
            return visit.provider == target.provider &&
                   (visit.blames || visit.model == model_at(target, match, scratch));
        });
        if (!asked) note(reason_of(target, match, now, providers));
    });
    if (out.size() > kMostReasons) {
        const auto more = out.size() - kMostReasons;
        out.resize(kMostReasons);
        out.push_back("and " + std::to_string(more) + " more");
    }
    return base::join(out, "; ") + ".";
}

std::string FailoverPlan::reason_of(const Target& target, const Match& match, base::TimePoint now,
                                    const Providers& providers) const {
    const ProviderState state = providers.state(target, match);
    std::string out = table_.providers()[target.provider] + ' ';
    if (target.weight <= 0) return out + "is drained";
    out += what_is_wrong(state.availability);
    if (comes_back(state.availability) && state.available_at > now &&
        state.available_at != base::kNoDeadline) {
        out += " and is asked again in " + in_words(state.available_at - now);
    }
    const std::string why = providers.reason(target, match);
    const std::string_view known = without_full_stop(why);
    if (!known.empty()) out.append(" (").append(known).append(")");
    return out;
}

}  // namespace tenon::core
