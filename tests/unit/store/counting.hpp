#pragma once

#include <cstdint>
#include <iomanip>
#include <ostream>

#include "store/state_store.hpp"

namespace tenon::store {

/// The n-th write of a process that does nothing but write and count.
inline Result<void> write_number(StateStore& store, std::int64_t n) {
    switch (n % 4) {
        case 0: return store.set_last_state("mock", {"connected", "dialled", n});
        case 1: return store.set_cool_down("mock", n);
        case 2: return store.pin({"fast", "mock", n, false});
        default: return store.set_enabled("mock", n % 8 != 3);
    }
}

/// What the writes leave behind; each of them changes it.
struct Marks {
    std::int64_t state = 0;
    std::int64_t cool_down = 0;
    std::int64_t pin = 0;
    bool enabled = true;

    friend bool operator==(const Marks&, const Marks&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Marks& marks) {
        return out << '{' << marks.state << ' ' << marks.cool_down << ' ' << marks.pin << ' '
                   << std::boolalpha << marks.enabled << '}';
    }
};

/// After the writes 1 to n.
inline Marks marks_after(std::int64_t n) {
    const auto last = [n](std::int64_t kind) { return n < kind ? 0 : n - (n - kind) % 4; };
    return {last(4), last(1), last(2), n < 3 || last(3) % 8 != 3};
}

inline Marks marks_in(const Snapshot& snapshot) {
    Marks marks;
    if (!snapshot.providers.empty()) {
        const ProviderRecord& record = snapshot.providers.front();
        if (record.last) marks.state = record.last->since;
        marks.cool_down = record.cool_down_until.value_or(0);
        marks.enabled = record.enabled.value_or(true);
    }
    if (!snapshot.pins.empty()) marks.pin = snapshot.pins.front().until.value_or(0);
    return marks;
}

}  // namespace tenon::store
