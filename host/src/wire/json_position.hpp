#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tenon::wire {

/// A place in a text: both count from 1, columns in characters (not bytes). {0, 0} = unknown.
struct JsonPosition {
    int line = 0;
    int column = 0;

    friend bool operator==(const JsonPosition&, const JsonPosition&) = default;
};

/// Walks forward through a text and says where it is.
class JsonLineCounter {
public:
    /// \par Object lifetimes
    /// `text` outlives the counter.
    explicit JsonLineCounter(std::string_view text) noexcept : text_(text) {}

    /// The position of the byte at `offset`.
    /// \par Preconditions
    /// `offset` is not before that of an earlier call.
    [[nodiscard]] JsonPosition advance_to(std::size_t offset) noexcept;

private:
    std::string_view text_;
    std::size_t offset_ = 0;
    JsonPosition position_{1, 1};
};

/// Where each value of a document stands, by JSON pointer (RFC 6901).
///
/// \par Thread-safety
/// Shared objects: safe for concurrent reading.
class JsonPositions {
public:
    struct Entry {
        JsonPosition key;  ///< the member's name; of an array's element: same as value
        JsonPosition value;
    };

    /// The entry of "" (the root) or of a pointer such as "/providers/openai"; nothing if the
    /// document has no such value.
    [[nodiscard]] std::optional<Entry> find(std::string_view pointer) const;

    // For the reader of the text, which builds the tree from above.
    using Id = std::uint32_t;
    static constexpr Id kRoot = 0;
    void set_root(JsonPosition value) noexcept { root_ = {value, value}; }
    /// \return the id of the new value, or, if `token` is there already, that one's entry.
    [[nodiscard]] std::pair<Id, std::optional<Entry>> add(Id parent, std::string token,
                                                          const Entry& entry);

private:
    struct Node {
        Id id;
        Entry entry;
    };

    // One entry for each edge of the tree, not for each pointer: deep documents stay linear.
    std::map<std::pair<Id, std::string>, Node> edges_;
    Entry root_;
};

/// `pointer` with "/" and the escaped token behind it.
[[nodiscard]] std::string json_pointer_append(std::string_view pointer, std::string_view token);

/// Takes the first token off a pointer, unescaped; nothing if the pointer is at its end or is not
/// one ("a" without "/", "/~2").
[[nodiscard]] std::optional<std::string> json_pointer_take(std::string_view& pointer);

}  // namespace tenon::wire
