#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "core/balancer.hpp"
#include "core/route_pins.hpp"
#include "core/route_table.hpp"
#include "tenon/error.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// Whether a provider can be asked now, and if not, why.
enum class Availability : std::uint8_t {
    ready,  ///< an attempt may start; its breaker would admit it
    disconnected,
    connecting,
    cooling_down,   ///< it limits the rate
    breaker_open,   ///< it failed too often lately
    unhealthy,      ///< its checks fail
    misconfigured,  ///< a person has to repair it
    disconnecting,
    kept_disconnected,  ///< by hand: requests do not connect it
    disabled,
};

/// A provider at this moment, read from its atomics.
struct ProviderState {
    Availability availability = Availability::ready;
    base::TimePoint available_at = base::kNoDeadline;  ///< when it may be asked again, if known
    /// Its breaker was open, and the next attempt finds out whether it works again.
    bool on_probation = false;
    Member load;  ///< id, weight and usable are left to the plan
};

/// The providers of a route table. Each of a provider's models may be in a state of its own, hence
/// the match: model_at(target, match) is the model's name there.
class Providers {
public:
    virtual ~Providers() = default;

    [[nodiscard]] virtual ProviderState state(const Target& target, const Match& match) const = 0;

    /// What is known about why it cannot be asked, e.g. "connection refused"; may be empty. For
    /// errors only.
    [[nodiscard]] virtual std::string reason(const Target& /*target*/,
                                             const Match& /*match*/) const {
        return {};
    }
};

struct FailoverSettings {
    /// When nothing else is left, candidates whose failure may pass are asked again.
    bool repeat = true;

    /// A disconnected provider is connected by the request that needs it; else it is skipped.
    bool connect_on_demand = true;

    /// When nobody can be asked, how long to wait for the first to come back; 0 = fail at once.
    std::chrono::milliseconds wait_when_down{0};

    /// Then the least bad one is asked once in spite of its state, if it is not disabled (Envoy's
    /// and Finagle's panic mode).
    bool last_resort = false;

    /// Code::invalid with the member, its value and the allowed range of the first that is wrong.
    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const FailoverSettings&, const FailoverSettings&) = default;
};

/// The next provider to ask.
/// \par Object lifetimes
/// Borrows the table.
struct Attempt {
    const Target* target = nullptr;
    Match match;                 ///< model_at(*target, match) is the model's name there
    bool connect_first = false;  ///< it is not connected: connect it, or join who does
    bool in_spite = false;  ///< of its state, as a last resort or by force: pass its breaker by
};

/// Nobody can be asked now: call next() again at this time, or when a provider's state changes.
struct WaitUntil {
    base::TimePoint time;
};

using Step = std::variant<Attempt, WaitUntil, Error>;

/// What a failed attempt means for the request.
struct AfterFailure {
    enum class Onward : std::uint8_t {
        elsewhere,    ///< RetryPlan decides: here again, or next()
        other_model,  ///< a model with a larger context, or another content policy
        nowhere,      ///< report the error
    };
    Onward onward = Onward::elsewhere;
    bool counts = true;  ///< against max_attempts; false: the provider was not eligible at all
};

/// What is left to a request after a failure: members of FailedTry.
struct Outlook {
    bool admits = true;         ///< the provider would take the same attempt again
    bool alternatives = false;  ///< next() has, or may wait for, somebody
};

/// One for each tier of the table, with room for its members: what a thread needs to ask.
[[nodiscard]] std::vector<Balancer> balancers_for(const RouteTable& table,
                                                  const BalancerSettings& settings);

struct FailoverRequest {
    base::TimePoint deadline = base::kNoDeadline;
    std::optional<std::uint64_t> session;  ///< for Balancer
    std::optional<PinnedProvider> pin;     ///< RoutePins::find()
};

/// Whom one logical request asks, one after the other: the tiers of its model, then the models of
/// the chain that fits the cause. A candidate (provider and model there) is asked once, and again
/// only when nothing else is left; one whose failure blames the provider takes the provider's other
/// models with it. After the first delta nobody else is asked. The last attempt of several is at a
/// provider on probation only if nobody else is left.
///
/// How it works with RetryPlan: next() before the first attempt and after each fail_over; after
/// each attempt that fails failed() and then RetryPlan::attempt_failed(), to which outlook() says
/// what it has to know; explain() if either of them ends the request. Until something fails nothing
/// is allocated.
///
/// \par Object lifetimes
/// Borrows table, settings and the asked name: whoever holds the plan holds a shared_ptr of them.
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class FailoverPlan {
public:
    FailoverPlan(const RouteTable& table, const FailoverSettings& settings, const Match& asked,
                 const FailoverRequest& request) noexcept;

    /// Whom to ask next, how long to wait, or why nobody: with the reason of every provider.
    /// \param attempts_left what RetryPlan leaves, this one included.
    /// \param balancers balancers_for() the table.
    [[nodiscard]] Step next(base::TimePoint now, int attempts_left, const Providers& providers,
                            std::span<Balancer> balancers, Random& random);

    /// `attempt` has failed so.
    AfterFailure failed(const Attempt& attempt, Error error);

    /// Whether somebody is there who has not been asked. Call it after failed().
    [[nodiscard]] bool has_alternative(const Providers& providers) const;

    /// What RetryPlan has to know about the attempt that failed() was told of last.
    [[nodiscard]] Outlook outlook(const Attempt& attempt, base::TimePoint now,
                                  const Providers& providers) const;

    /// The caller has a delta, or the answer: from here on an error is final.
    void committed() noexcept { committed_ = true; }

    /// `last`, the error that the request ends with, and in its message every provider's reason. If
    /// it is final, or there is one candidate only: `last`, and in its message what went before.
    [[nodiscard]] Error explain(Error last, base::TimePoint now, const Providers& providers) const;

private:
    struct Look;
    struct Visit {
        std::uint32_t provider = 0;
        std::string model;    ///< there
        bool blames = false;  ///< the provider as a whole, not the model alone
        bool passes = false;  ///< the same may succeed later
        Error error;
    };

    /// A model of a chain.
    struct Line {
        Match match;
        Cause via;
    };

    [[nodiscard]] std::optional<Attempt> pinned(const Look& look) const;
    [[nodiscard]] std::optional<Attempt> offer(const Look& look, std::size_t times,
                                               bool beyond_share) const;
    [[nodiscard]] std::optional<Attempt> offer_tier(const Look& look, const Match& match,
                                                    const Tier& tier, std::size_t times,
                                                    bool beyond_share) const;
    [[nodiscard]] std::optional<Attempt> least_bad(const Look& look) const;
    [[nodiscard]] std::optional<base::TimePoint> wait_until(base::TimePoint now,
                                                            const Providers& providers) const;
    [[nodiscard]] base::TimePoint end_of_wait(base::TimePoint now) const noexcept;
    [[nodiscard]] Cause why_nobody(const Providers& providers) const;
    bool leave(const Match& match, Cause cause);
    bool widen(Cause cause);
    void add(const Match& match, Cause via);
    [[nodiscard]] bool follows(const Match& match) const noexcept;
    [[nodiscard]] bool can_answer(const Match& match, const Providers& providers) const;

    /// The models at hand, in the order in which they are asked: the one that was asked for, while
    /// it fits, then those of chains.
    [[nodiscard]] std::size_t first_line() const noexcept { return asked_fits_ ? 0 : 1; }
    [[nodiscard]] std::size_t lines() const noexcept { return 1 + more_.size(); }
    [[nodiscard]] const Match& line(std::size_t i) const noexcept {
        return i == 0 ? asked_ : more_[i - 1].match;
    }
    /// Calls `visit(match, target)` for all their candidates.
    template <class Visitor>
    void for_each(const Visitor& visit) const;

    [[nodiscard]] bool forced() const noexcept { return request_.pin && request_.pin->force; }
    [[nodiscard]] bool spent(const Target& target, const Match& match, std::size_t times) const;
    [[nodiscard]] bool connectable(Availability availability) const noexcept;
    [[nodiscard]] bool comes_back(Availability availability) const noexcept;

    [[nodiscard]] Error nobody(base::TimePoint now, const Providers& providers) const;
    [[nodiscard]] Error out_of_time(base::TimePoint now, const Providers& providers) const;
    [[nodiscard]] std::string reasons(base::TimePoint now, const Providers& providers) const;
    [[nodiscard]] std::string reason_of(const Target& target, const Match& match,
                                        base::TimePoint now, const Providers& providers) const;

    const RouteTable& table_;
    const FailoverSettings& settings_;
    Match asked_;
    FailoverRequest request_;
    bool asked_fits_ = true;
    std::vector<Line> more_;
    std::vector<Match> unfit_;  ///< models that do not fit the request
    std::vector<Visit> visits_;
    std::optional<Cause> cause_;  ///< of the last failure
    std::optional<base::TimePoint> wait_end_;
    std::optional<Error> final_;
    bool committed_ = false;
    bool last_resort_used_ = false;
};

template <class Visitor>
void FailoverPlan::for_each(const Visitor& visit) const {
    for (std::size_t i = first_line(); i < lines(); ++i) {
        for (const auto& tier : line(i).route->tiers) {
            for (const auto& target : tier.targets) visit(line(i), target);
        }
    }
}

}  // namespace tenon::core
