#include "core/probe_leases.hpp"

namespace tenon::core {

bool ProbeLeases::holds(std::uint64_t generation, std::uint16_t id) const noexcept {
    return is(places_[id >> 8].load(std::memory_order_acquire), generation, id);
}

void ProbeLeases::release(std::uint64_t generation, std::uint16_t id) noexcept {
    auto& place = places_[id >> 8];
    std::uint64_t word = place.load(std::memory_order_acquire);
    if (!is(word, generation, id)) return;
    // The number of uses stays, so that the next lease has another id.
    place.compare_exchange_strong(word, word & ~kDeadlineMask, std::memory_order_acq_rel);
}

ProbeLeases::Held ProbeLeases::held(std::uint64_t generation) const noexcept {
    Held held;
    for (const auto& place : places_) {
        const std::uint64_t word = place.load(std::memory_order_acquire);
        if (!is_taken(word, generation)) continue;
        const std::uint64_t deadline = deadline_of(word);
        if (held.count++ == 0 || deadline < held.earliest_deadline) {
            held.earliest_deadline = deadline;
        }
    }
    return held;
}

}  // namespace tenon::core
