#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tenon/result.hpp"
#include "wire/json_position.hpp"

namespace tenon::wire {

class JsonWriter;
template <class Item>
class JsonRange;
struct JsonMember;

enum class JsonKind { absent, null, boolean, number, string, array, object };

/// "a number", "an object", ... for messages.
[[nodiscard]] std::string_view describe(JsonKind kind) noexcept;

/// One value of a document, or nothing. Looking into what is absent, or is of another kind, gives
/// an absent view, so that look-ups can be chained: `root["a"]["b"].as_string()`.
///
/// \par Object lifetimes
/// Borrows from its JsonDocument (any copy of it).
/// \par Thread-safety
/// Shared objects: safe.
class JsonView {
public:
    JsonView() noexcept = default;

    [[nodiscard]] JsonKind kind() const noexcept;
    [[nodiscard]] bool exists() const noexcept { return node_ != nullptr; }
    [[nodiscard]] bool is_object() const noexcept { return kind() == JsonKind::object; }
    [[nodiscard]] bool is_array() const noexcept { return kind() == JsonKind::array; }
    [[nodiscard]] bool is_string() const noexcept { return kind() == JsonKind::string; }

    [[nodiscard]] std::optional<bool> as_bool() const noexcept;
    /// A number without fraction that fits; 3.0 and 1e3 are such numbers.
    [[nodiscard]] std::optional<std::int64_t> as_int64() const noexcept;
    [[nodiscard]] std::optional<double> as_double() const noexcept;
    /// May contain U+0000. Borrows from the document.
    [[nodiscard]] std::optional<std::string_view> as_string() const noexcept;
    /// A number without fraction, of any size.
    [[nodiscard]] bool is_integer() const noexcept;

    /// Members of an object or elements of an array, else 0.
    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] JsonView operator[](std::string_view key) const noexcept;
    [[nodiscard]] JsonView operator[](std::size_t index) const noexcept;
    /// The value at a JSON pointer (RFC 6901); "" is this value.
    [[nodiscard]] JsonView at(std::string_view pointer) const;

    /// For `for (const auto& [key, value] : view.members())`; empty unless an object.
    [[nodiscard]] JsonRange<JsonMember> members() const noexcept;
    /// For `for (const JsonView element : view.elements())`; empty unless an array.
    [[nodiscard]] JsonRange<JsonView> elements() const noexcept;

    /// Writes the value as JSON; an absent one as null.
    void write(JsonWriter& writer) const;
    /// Compact JSON.
    [[nodiscard]] std::string to_text() const;

    /// Equal as JSON: the order of members does not count, 1 equals 1.0.
    friend bool equal(JsonView a, JsonView b);

private:
    friend class JsonDocument;
    template <class Item>
    friend class JsonRange;

    void part(std::size_t index, JsonView& element) const noexcept;
    void part(std::size_t index, JsonMember& member) const noexcept;

    explicit JsonView(const void* node) noexcept : node_(node) {}

    // A rapidjson::Value; not named, to keep RapidJSON out of the files that read JSON.
    const void* node_ = nullptr;
};

struct JsonMember {
    std::string_view key;
    JsonView value;
};

/// The parts of an object or array, in the order of the text.
template <class Item>
class JsonRange {
public:
    class Iterator {
    public:
        using value_type = Item;
        using difference_type = std::ptrdiff_t;

        Iterator() noexcept = default;
        Iterator(JsonView parent, std::size_t index) noexcept : parent_(parent), index_(index) {}

        [[nodiscard]] Item operator*() const noexcept {
            Item item;
            parent_.part(index_, item);
            return item;
        }
        Iterator& operator++() noexcept {
            ++index_;
            return *this;
        }
        Iterator operator++(int) noexcept { return {parent_, index_++}; }
        friend bool operator==(const Iterator& a, const Iterator& b) noexcept {
            return a.index_ == b.index_;
        }

    private:
        JsonView parent_;
        std::size_t index_ = 0;
    };

    JsonRange(JsonView parent, std::size_t count) noexcept : parent_(parent), count_(count) {}

    [[nodiscard]] Iterator begin() const noexcept { return {parent_, 0}; }
    [[nodiscard]] Iterator end() const noexcept { return {parent_, count_}; }

private:
    JsonView parent_;
    std::size_t count_;
};

/// What stands in the way of reading a text.
struct JsonFault {
    JsonPosition where;
    std::string cause;  ///< plain words without the position

    /// Code::invalid with "line 3, column 5: <cause>".
    [[nodiscard]] Error to_error() const;
};

struct JsonOptions {
    bool comments = false;  ///< allow // and /* */
    /// Record where each value stands; then a key given twice is a fault, else the first one wins.
    bool positions = false;
};

/// A read JSON text. Immutable; copies share one tree.
///
/// \par Thread-safety
/// Shared objects: safe.
class JsonDocument {
public:
    /// Deeper nesting is refused.
    static constexpr int kMaxDepth = 256;

    /// Reads one JSON value (RFC 8259): well-formed UTF-8 only, no trailing commas, no NaN. A byte
    /// order mark is skipped. Recursion-free, so that no text exhausts the stack.
    /// \return the document, or Code::invalid with line and column in the message.
    [[nodiscard]] static Result<JsonDocument> parse(std::string_view text,
                                                    const JsonOptions& options = {});

    /// As above, with the fault in parts.
    /// \return the document, or nothing and `fault` filled.
    [[nodiscard]] static std::optional<JsonDocument> parse(std::string_view text,
                                                           const JsonOptions& options,
                                                           JsonFault& fault);

    [[nodiscard]] JsonView root() const noexcept;

    /// Never null; empty unless JsonOptions::positions was set.
    [[nodiscard]] const std::shared_ptr<const JsonPositions>& positions() const noexcept {
        return positions_;
    }

private:
    JsonDocument(std::shared_ptr<const void> tree,
                 std::shared_ptr<const JsonPositions> positions) noexcept
        : tree_(std::move(tree)), positions_(std::move(positions)) {}

    std::shared_ptr<const void> tree_;
    std::shared_ptr<const JsonPositions> positions_;
};

}  // namespace tenon::wire
