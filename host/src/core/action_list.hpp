#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <memory>
#include <type_traits>

namespace tenon::core {

/// What a decision machine wants done, in order. The first kInline actions need no heap.
///
/// A machine reserves room for all that an event may ask for before it changes anything; so if
/// memory runs out, std::bad_alloc leaves the machine as it was.
template <class Action, std::size_t kInline>
requires(std::is_trivially_copyable_v<Action>&&
             std::is_trivially_default_constructible_v<Action>) class ActionList {
public:
    ActionList() noexcept = default;
    ActionList(const ActionList&) = delete;
    ActionList& operator=(const ActionList&) = delete;
    ~ActionList() = default;

    /// Room for `more` actions after those that are here. Throws std::bad_alloc.
    void reserve(std::size_t more) {
        if (size_ + more <= capacity_) return;
        auto bigger = std::make_unique<Action[]>(size_ + more);
        for (std::size_t i = 0; i < size_; ++i) bigger[i] = begin()[i];
        heap_ = std::move(bigger);
        capacity_ = size_ + more;
    }

    /// \par Preconditions
    /// There is room.
    void push_back(const Action& action) noexcept {
        assert(size_ < capacity_);
        begin()[size_++] = action;
    }

    /// Forgets the actions and keeps the room, for the next event.
    void clear() noexcept { size_ = 0; }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] Action* begin() noexcept { return heap_ ? heap_.get() : inline_.data(); }
    [[nodiscard]] Action* end() noexcept { return begin() + size_; }
    [[nodiscard]] const Action* begin() const noexcept {
        return heap_ ? heap_.get() : inline_.data();
    }
    [[nodiscard]] const Action* end() const noexcept { return begin() + size_; }
    [[nodiscard]] const Action& operator[](std::size_t i) const noexcept {
        assert(i < size_);
        return begin()[i];
    }

private:
    std::size_t size_ = 0;
    std::size_t capacity_ = kInline;
    std::unique_ptr<Action[]> heap_;
    std::array<Action, kInline> inline_;  // not initialised: it would cost more than the decision
};

}  // namespace tenon::core
