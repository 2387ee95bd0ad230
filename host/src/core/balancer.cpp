#include "core/balancer.hpp"

#include "core/setting_range.hpp"
#include "core/stable_hash.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tenon::core {
namespace {

/// What a member without history and with requests in flight costs: more than any that is known,
/// so that one pilot tells what it is worth before others follow (Finagle, PeakEwma: Penalty).
constexpr double kUnknownCostMs = 1e9;

/// No cost is less than what PeakEwma forgets; an idle member without history goes first.
constexpr double kLeastCostMs = 0.001;

/// An ailing member's score: above all that load and cost can make of a healthy one's.
constexpr double kAiling = 1e100;

constexpr double kNever = std::numeric_limits<double>::infinity();

/// An ailing member keeps this part of its weight, so that it is picked if there is no other.
constexpr double kLeastHealth = 0.01;

/// Up to here all members are compared, and above two by chance: of few members those two would
/// too often be the two worst.
constexpr std::size_t kCompareAll = 4;

/// Even in (0, 1): never 0, whose logarithm has no value.
double unit_of(std::uint64_t hash) noexcept {
    return (static_cast<double>(hash >> 11) + 0.5) * 0x1.0p-53;
}

/// Even in [0, n). Random::below() is even to the last bit, this to the 53rd, and it needs no
/// division.
std::size_t rank_below(std::size_t n, Random& random) noexcept {
    return static_cast<std::size_t>(random.unit() * static_cast<double>(n));
}

/// Whether a member that starts slowly has its part of what it can take.
bool beyond(const Member& member, double part) noexcept {
    return member.capacity > 0 &&
           member.in_flight >= std::max(1.0, std::ceil(part * member.capacity));
}

}  // namespace

Result<void> BalancerSettings::validate() const {
    using std::chrono::milliseconds;
    return first_failure(check_range("slow_start", slow_start, milliseconds(0)),
                         check_range("slow_start_floor", slow_start_floor, 0.01, 1.0),
                         check_range("ailing_below", ailing_below, 0.0, 1.0));
}

Balancer::Balancer(const BalancerSettings& settings, std::size_t capacity)
    : settings_(settings),
      room_(capacity),
      weights_(capacity),
      sums_(capacity),
      scores_(capacity),
      turns_(capacity) {}

Pick Balancer::pick(std::span<const Member> members, const PickRequest& request,
                    base::TimePoint now, Random& random) noexcept {
    members = members.first(std::min(members.size(), weights_.size()));
    if (const NoPick why_not = weigh(members, request.beyond_share, now); why_not != NoPick::none) {
        return {why_not, 0};
    }
    const auto chosen = [&]() -> std::size_t {
        if (candidates_ == 1) return last_;
        if (settings_.session_affinity && request.session) return home(members, *request.session);
        switch (settings_.policy) {
            case BalancePolicy::round_robin: return in_turn(members);
            case BalancePolicy::least_in_flight: return best(members, random);
            case BalancePolicy::peak_ewma:
                return candidates_ <= kCompareAll ? best(members, random)
                                                  : better_of_two(members, random);
            case BalancePolicy::weighted:
            case BalancePolicy::health_weighted: break;
        }
        return by_chance(random);
    };
    return {NoPick::none, static_cast<std::uint32_t>(chosen())};
}

/// The weight of each member for this pick, 0 for those that may not be picked.
NoPick Balancer::weigh(std::span<const Member> members, bool beyond_share,
                       base::TimePoint now) noexcept {
    // In locals: the compiler must take each store of a weight for one to any other double here.
    double* const weights = weights_.data();
    double* const sums = sums_.data();
    const bool by_health = settings_.policy == BalancePolicy::health_weighted;
    double total = 0;
    std::size_t candidates = 0;
    std::size_t last = 0;
    bool equal_weights = true;
    bool starting = false;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const Member& member = members[i];
        weights[i] = 0;
        sums[i] = total;
        if (!member.usable || !(member.weight > 0)) continue;
        const double part = ramp(member, now);
        if (part < 1 && !beyond_share && beyond(member, part)) {
            starting = true;
            continue;
        }
        double weight = member.weight * part;
        if (by_health) weight *= std::max(kLeastHealth, member.health);
        equal_weights = equal_weights && (candidates == 0 || weight == weights[last]);
        weights[i] = weight;
        sums[i] = total += weight;
        last = i;
        ++candidates;
    }
    candidates_ = candidates;
    last_ = last;
    total_ = total;
    equal_weights_ = equal_weights;
    if (candidates > 0) return NoPick::none;
    if (members.empty()) return NoPick::no_members;
    return starting ? NoPick::starting : NoPick::unusable;
}

/// The part of its weight that a member has after a new start: 1 = all.
double Balancer::ramp(const Member& member, base::TimePoint now) const noexcept {
    // Compared as points in time: their difference may not be a Duration.
    if (settings_.slow_start.count() == 0 || member.since <= now - settings_.slow_start) return 1;
    if (member.since >= now) return settings_.slow_start_floor;
    const std::chrono::duration<double> usable_for = now - member.since;
    return std::max(settings_.slow_start_floor,
                    usable_for / std::chrono::duration<double>(settings_.slow_start));
}

/// How a member compares: the least is the best.
double Balancer::score(const Member& member, double weight) const noexcept {
    double load = static_cast<double>(member.in_flight) + 1;
    if (member.no_free_slot) load *= 2;  // the wait for a slot lasts as long as an answer
    if (member.health < settings_.ailing_below) load *= kAiling;
    if (settings_.policy == BalancePolicy::peak_ewma) {
        const bool pilot_away = !(member.cost_ms > 0) && member.in_flight > 0;
        load *= pilot_away ? kUnknownCostMs : std::max(kLeastCostMs, member.cost_ms);
    }
    return load / weight;
}

std::size_t Balancer::by_chance(Random& random) const noexcept {
    const double drawn = random.unit() * total_;
    std::size_t passed = 0;  // counted, as chance would make a branch mispredicted
    for (std::size_t i = 0; i < last_; ++i) passed += std::size_t{sums_[i] <= drawn};
    return passed;
}

/// Smooth weighted round robin (nginx, ngx_http_upstream_get_peer): each gains its weight, the
/// richest is picked and pays for all.
std::size_t Balancer::in_turn(std::span<const Member> members) noexcept {
    std::size_t richest = last_;
    double most = -kNever;
    for (std::size_t i = 0; i <= last_; ++i) {
        Turn& turn = turns_[i];
        if (turn.id != members[i].id) turn = {members[i].id, 0};
        if (weights_[i] == 0) continue;
        turn.credit += weights_[i];
        if (turn.credit > most) {
            most = turn.credit;
            richest = i;
        }
    }
    turns_[richest].credit -= total_;
    return richest;
}

/// The best of all; of equally good ones each is as likely as any other.
std::size_t Balancer::best(std::span<const Member> members, Random& random) noexcept {
    const double* const weights = weights_.data();  // in locals, as in weigh()
    double* const scores = scores_.data();
    const std::size_t last = last_;
    double least = kNever;
    for (std::size_t i = 0; i <= last; ++i) {
        scores[i] = weights[i] > 0 ? score(members[i], weights[i]) : kNever;
        least = std::min(least, scores[i]);
    }
    const auto is_best = [&](std::size_t i) {
        return std::size_t{weights[i] > 0} & std::size_t{scores[i] <= least};
    };
    std::size_t equal = 0;
    for (std::size_t i = 0; i <= last; ++i) equal += is_best(i);
    const std::size_t rank = equal > 1 ? rank_below(equal, random) : 0;
    // Counted, as in by_chance(): those before which no more than `rank` best ones end.
    std::size_t passed = 0;
    std::size_t seen = 0;
    for (std::size_t i = 0; i < last; ++i) {
        seen += is_best(i);
        passed += std::size_t{seen <= rank};
    }
    return passed;
}

/// Two different members by chance, each pair as likely as any other (Mitzenmacher: "The power of
/// two choices"): nearly as good as comparing all, and no member attracts everybody at once.
std::size_t Balancer::better_of_two(std::span<const Member> members,
                                    Random& random) const noexcept {
    const std::size_t first_rank = rank_below(candidates_, random);
    std::size_t second_rank = rank_below(candidates_ - 1, random);
    if (second_rank >= first_rank) ++second_rank;
    const std::size_t first = nth(first_rank);
    const std::size_t second = nth(second_rank);
    const bool second_better =
        score(members[second], weights_[second]) < score(members[first], weights_[first]);
    return second_better ? second : first;
}

/// The session's member by weighted rendezvous hashing (Thaler, Ravishankar: "A name-based mapping
/// scheme for rendezvous", 1998; weights after Schindelhauer, Schomaker): if a member goes, only
/// its sessions move; if one comes, only those that it gets.
std::size_t Balancer::home(std::span<const Member> members, std::uint64_t session) const noexcept {
    std::size_t home = last_;
    double most = -1;
    for (std::size_t i = 0; i <= last_; ++i) {
        if (weights_[i] == 0) continue;
        const double drawn = unit_of(mix(session ^ members[i].id));
        // Equal weights leave the order as it was drawn, and a logarithm takes its time.
        const double score = equal_weights_ ? drawn : weights_[i] / -std::log(drawn);
        if (score > most) {
            most = score;
            home = i;
        }
    }
    return home;
}

/// The place of the candidate with so many candidates before it.
std::size_t Balancer::nth(std::size_t rank) const noexcept {
    if (candidates_ == last_ + 1) return rank;  // there are no others between them
    for (std::size_t i = 0; i < last_; ++i) {
        if (weights_[i] > 0 && rank-- == 0) return i;
    }
    return last_;
}

}  // namespace tenon::core
