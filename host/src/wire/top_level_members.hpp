#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace tenon::wire {

/// One member of an object, as it is written.
struct MemberText {
    std::string_view key;         ///< without its quotes, escapes as they are
    std::string_view value;       ///< without white space around it
    std::size_t value_begin = 0;  ///< offset in the whole text

    /// Is `name` (ASCII) the key, however that is escaped?
    [[nodiscard]] bool is(std::string_view name) const noexcept;
};

/// Walks over the members of a text's outermost JSON object without making a tree: for splicing. It
/// sees that the object, its strings and its nested brackets are closed and nothing follows the
/// object; it does not look at what nested values are made of.
///
/// \par Object lifetimes
/// Borrows the text.
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class TopLevelMembers {
public:
    explicit TopLevelMembers(std::string_view text) noexcept : text_(text) {}

    /// The next member; nullopt at the end of the object or when the text turned out to be none.
    [[nodiscard]] std::optional<MemberText> next() noexcept;

    /// Is the text not one whole object? Meaningful once next() returned nullopt.
    [[nodiscard]] bool failed() const noexcept { return state_ == State::failed; }
    /// Members seen so far.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// Offset of the object's opening bracket.
    [[nodiscard]] std::size_t object_begin() const noexcept { return object_begin_; }

private:
    enum class State { start, inside, ended, failed };

    [[nodiscard]] bool advance() noexcept;
    [[nodiscard]] bool read_member(MemberText& member) noexcept;
    [[nodiscard]] bool take(char expected) noexcept;
    [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip_space() noexcept;
    [[nodiscard]] bool skip_string() noexcept;
    [[nodiscard]] bool skip_nested() noexcept;
    [[nodiscard]] bool skip_value() noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t object_begin_ = 0;
    std::size_t count_ = 0;
    State state_ = State::start;
};

}  // namespace tenon::wire
