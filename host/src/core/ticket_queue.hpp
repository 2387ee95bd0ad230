#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace tenon::core {

/// Number of something that comes and goes: generation in the upper 32 bits, slot in the lower. A
/// number whose thing is gone finds nothing, however late it is used; 0 is never one.
using Ticket = std::uint64_t;
inline constexpr Ticket kNoTicket = 0;

/// By what a caller that waits knows itself; means nothing to the machine that it waits for.
using WaiterTag = std::uint64_t;

/// Records known by ticket, some of which stand in line. All operations but grow() take constant
/// time and do not allocate. Room that was never needed has never been touched: of a large limit
/// that is not reached there is nothing in memory.
///
/// \par Thread-safety
/// None: the owner of the machine that it is part of guards it.
template <class Record>
class TicketQueue {
public:
    /// Room for `capacity` records. Throws std::bad_alloc.
    explicit TicketQueue(std::size_t capacity) { grow(capacity); }

    /// Adds room, never takes it away. Throws std::bad_alloc.
    void grow(std::size_t capacity) {
        assert(capacity < kNone);
        if (capacity <= capacity_) return;
        slots_.reserve(capacity);
        capacity_ = capacity;
    }

    /// A ticket for `record`, which stands in no line yet; kNoTicket if there is no room.
    [[nodiscard]] Ticket issue(const Record& record) noexcept {
        if (free_ == kNone && slots_.size() == capacity_) return kNoTicket;
        const bool fresh = free_ == kNone;
        const std::uint32_t index = fresh ? static_cast<std::uint32_t>(slots_.size()) : free_;
        if (fresh) slots_.emplace_back();  // grow() has made room
        Slot& slot = slots_[index];
        if (!fresh) free_ = slot.next;
        slot.state = State::issued;
        slot.record = record;
        return ticket_of(index);
    }

    /// The record, until retire(); null if the ticket is stale.
    [[nodiscard]] Record* find(Ticket ticket) noexcept {
        Slot* slot = slot_of(ticket);
        return slot == nullptr ? nullptr : &slot->record;
    }

    [[nodiscard]] bool is_waiting(Ticket ticket) noexcept {
        const Slot* slot = slot_of(ticket);
        return slot != nullptr && slot->state == State::waiting;
    }

    /// Takes the ticket out of the line, if it stands there, and makes it stale.
    /// \par Preconditions
    /// The ticket is valid.
    void retire(Ticket ticket) noexcept {
        Slot* slot = slot_of(ticket);
        assert(slot != nullptr);
        if (slot->state == State::waiting) leave(ticket);
        if (++slot->generation == 0) slot->generation = 1;
        push_free(static_cast<std::uint32_t>(ticket));
    }

    /// To the end of the line.
    /// \par Preconditions
    /// The ticket is valid and stands in no line.
    void join(Ticket ticket) noexcept {
        Slot* slot = slot_of(ticket);
        assert(slot != nullptr && slot->state == State::issued);
        const auto index = static_cast<std::uint32_t>(ticket);
        slot->state = State::waiting;
        slot->previous = last_;
        slot->next = kNone;
        (last_ == kNone ? first_ : slots_[last_].next) = index;
        last_ = index;
        ++waiting_;
    }

    /// Out of the line; the ticket stays valid.
    /// \par Preconditions
    /// The ticket stands in line.
    void leave(Ticket ticket) noexcept {
        Slot* slot = slot_of(ticket);
        assert(slot != nullptr && slot->state == State::waiting);
        (slot->previous == kNone ? first_ : slots_[slot->previous].next) = slot->next;
        (slot->next == kNone ? last_ : slots_[slot->next].previous) = slot->previous;
        slot->state = State::issued;
        --waiting_;
    }

    /// Who stands in line, oldest first; kNoTicket at the end.
    [[nodiscard]] Ticket first() const noexcept { return ticket_of(first_); }
    [[nodiscard]] Ticket last() const noexcept { return ticket_of(last_); }
    [[nodiscard]] Ticket after(Ticket ticket) const noexcept {
        return ticket_of(slots_[static_cast<std::uint32_t>(ticket)].next);
    }

    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
    enum class State : std::uint8_t { free, issued, waiting };

    struct Slot {
        Record record{};
        std::uint32_t generation = 1;
        std::uint32_t previous = kNone;
        std::uint32_t next = kNone;  ///< in line, or in the list of free slots
        State state = State::free;
    };

    static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

    [[nodiscard]] Ticket ticket_of(std::uint32_t index) const noexcept {
        return index == kNone ? kNoTicket : Ticket{slots_[index].generation} << 32 | index;
    }

    [[nodiscard]] Slot* slot_of(Ticket ticket) noexcept {
        const auto index = static_cast<std::uint32_t>(ticket);
        if (index >= slots_.size()) return nullptr;
        Slot& slot = slots_[index];
        return slot.state == State::free || slot.generation != ticket >> 32 ? nullptr : &slot;
    }

    void push_free(std::uint32_t index) noexcept {
        slots_[index].state = State::free;
        slots_[index].next = free_;
        free_ = index;
    }

    std::vector<Slot> slots_;  ///< those that were ever needed
    std::size_t capacity_ = 0;
    std::uint32_t free_ = kNone;
    std::uint32_t first_ = kNone;
    std::uint32_t last_ = kNone;
    std::size_t waiting_ = 0;
};

}  // namespace tenon::core
