#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "core/random.hpp"
#include "tenon/result.hpp"

namespace tenon::core {

/// How a tier's usable members share the requests.
enum class BalancePolicy : std::uint8_t {
    weighted,         ///< by chance, in proportion to the weights
    round_robin,      ///< in turn, a member of weight 2 twice as often, never in bursts
    least_in_flight,  ///< the one with the least work for its weight
    peak_ewma,        ///< the one whose answer is expected first
    health_weighted,  ///< by chance, in proportion to weight * health
};

struct BalancerSettings {
    BalancePolicy policy = BalancePolicy::peak_ewma;

    /// Requests with a session key go to the same member while it is usable, for caches of prompts
    /// live there; the policy has the others.
    bool session_affinity = false;

    /// A member that became usable is given a share that grows from the floor to its weight in this
    /// time (Envoy slow_start: min_weight_percent 10 %); 0 = off.
    std::chrono::milliseconds slow_start{30'000};
    double slow_start_floor = 0.1;

    /// A member whose health is below counts as ailing: load is no reason to prefer it to one that
    /// is not (Finagle, P2CPick: the better status wins before load). Peak EWMA and least in
    /// flight.
    double ailing_below = 0.5;

    /// Code::invalid with the member, its value and the allowed range of the first that is wrong.
    [[nodiscard]] Result<void> validate() const;

    friend bool operator==(const BalancerSettings&, const BalancerSettings&) = default;
};

/// What is known of a member at the moment of a pick, copied from its atomics.
struct Member {
    std::uint64_t id = 0;         ///< the same over reloads and restarts; sessions hang on it
    double weight = 1;            ///< 0 = drained: it gets nothing new
    bool usable = true;           ///< enabled, connected, admitted by its breaker, not yet asked
    bool no_free_slot = false;    ///< whoever comes now waits for somebody's end first
    std::uint32_t in_flight = 0;  ///< requests that it has, those waiting for it included
    std::uint32_t capacity = 0;   ///< how many it takes at once; 0 = unknown
    double cost_ms = 0;           ///< PeakEwma::cost_ms; 0 = no history
    double health = 1;            ///< 0 = worst, 1 = best

    /// When it became usable, by recovery or by being enabled. Left alone: long ago, so that a
    /// program's first requests need no slow start.
    base::TimePoint since{};
};

struct PickRequest {
    std::optional<std::uint64_t> session;  ///< stable_hash() of the session's name
    /// Take a member that starts slowly beyond its share rather than none.
    bool beyond_share = false;
};

/// Why nothing was picked.
enum class NoPick : std::uint8_t {
    none,        ///< something was
    no_members,  ///< the tier is empty
    unusable,    ///< every member is unusable or drained
    starting,    ///< the usable ones start slowly and have all they may have for now
};

struct Pick {
    NoPick why_not = NoPick::no_members;
    std::uint32_t index = 0;  ///< in the span that was given

    explicit operator bool() const noexcept { return why_not == NoPick::none; }
};

/// Picks one member of a tier for each request.
///
/// A member that starts slowly has at most its share of its capacity in flight, one at least. So a
/// tier that was down as a whole is not run over when it comes back, and rare requests are never
/// refused, as they would be by chance alone (brpc's cluster recovery rejects a part of all).
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe. Have one for each thread and tier; turns are
/// then fair on each thread.
class Balancer {
public:
    /// \par Preconditions
    /// `settings` is valid.
    Balancer(const BalancerSettings& settings, std::size_t capacity);

    /// Room for the members of the tier, so that who fills in a snapshot need not allocate.
    [[nodiscard]] std::span<Member> room() noexcept { return room_; }

    /// Picks one that is usable and has a weight, or says why none. Does not count the request:
    /// the caller raises the member's in_flight in the same step. Neither allocates nor throws.
    /// \par Preconditions
    /// There are no more members than `capacity`; those beyond are not seen. A member keeps its
    /// place in the span from pick to pick (if not, turns start anew for it).
    [[nodiscard]] Pick pick(std::span<const Member> members, const PickRequest& request,
                            base::TimePoint now, Random& random) noexcept;

    [[nodiscard]] const BalancerSettings& settings() const noexcept { return settings_; }

private:
    struct Turn {
        std::uint64_t id = 0;
        double credit = 0;
    };

    NoPick weigh(std::span<const Member> members, bool beyond_share, base::TimePoint now) noexcept;
    [[nodiscard]] double ramp(const Member& member, base::TimePoint now) const noexcept;
    [[nodiscard]] double score(const Member& member, double weight) const noexcept;
    [[nodiscard]] std::size_t by_chance(Random& random) const noexcept;
    [[nodiscard]] std::size_t in_turn(std::span<const Member> members) noexcept;
    [[nodiscard]] std::size_t best(std::span<const Member> members, Random& random) noexcept;
    [[nodiscard]] std::size_t better_of_two(std::span<const Member> members,
                                            Random& random) const noexcept;
    [[nodiscard]] std::size_t home(std::span<const Member> members,
                                   std::uint64_t session) const noexcept;
    [[nodiscard]] std::size_t nth(std::size_t rank) const noexcept;

    BalancerSettings settings_;
    std::vector<Member> room_;
    std::vector<double> weights_;  ///< as weigh() left them; 0 = may not be picked
    std::vector<double> sums_;     ///< of the weights up to each
    std::vector<double> scores_;
    std::vector<Turn> turns_;
    std::size_t candidates_ = 0;  ///< how many may be picked
    std::size_t last_ = 0;        ///< the last of them
    double total_ = 0;            ///< the sum of their weights
    bool equal_weights_ = true;
};

}  // namespace tenon::core
