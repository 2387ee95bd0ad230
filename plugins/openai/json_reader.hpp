#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::openai {

/// Reads a JSON text from front to back, in one pass and without a tree: the caller takes what it
/// wants and skips the rest, whose syntax (RFC 8259) is checked all the same.
///
///     JsonReader in(text);
///     if (in.begin_object()) {
///         while (in.next_member()) {
///             if (in.key() == "id") id = in.string();
///             else in.skip();
///         }
///     }
///     if (!in.finish()) ...  // it is no JSON
///
/// Each value is taken by exactly one of the functions that say "Takes". After the first error
/// there is nothing more to read, and finish() returns false. UTF-8 is passed on unchecked.
///
/// \par Object lifetimes
/// Borrows the text. What is returned is valid as long as the text, and until reset().
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class JsonReader {
public:
    enum class Kind { none, object, array, string, number, boolean, null };

    /// Deeper nesting in a value that is skipped is an error.
    static constexpr std::size_t kMaxDepth = 1024;

    JsonReader() noexcept = default;
    explicit JsonReader(std::string_view text) noexcept : text_(text) {}

    /// Begins with another text; keeps the memory for unescaped strings.
    void reset(std::string_view text) noexcept;

    /// Of the value that comes next; none where no value can begin.
    [[nodiscard]] Kind kind() noexcept;

    /// Takes an object's or array's opening bracket. Returns false for anything else, which is
    /// skipped.
    bool begin_object() noexcept;
    bool begin_array() noexcept;
    /// Is there one more? Takes the member's key, or the closing bracket if there is none.
    [[nodiscard]] bool next_member() noexcept;
    [[nodiscard]] bool next_element() noexcept;

    /// Of the last next_member(), until its value is taken; as it is written, without its quotes.
    [[nodiscard]] std::string_view key() const noexcept { return key_; }

    /// Takes a string; a value of any other kind is skipped, and gives an empty one. Half a
    /// surrogate pair becomes U+FFFD.
    [[nodiscard]] std::string_view string();

    /// Takes a number that is 0 or more, without its fraction; skips all else.
    [[nodiscard]] std::optional<std::uint64_t> count() noexcept;

    /// Takes a value of any kind and returns how it is written.
    std::string_view skip() noexcept;

    /// The whole text was one value, and all of it has been taken.
    [[nodiscard]] bool finish() noexcept;

private:
    [[nodiscard]] char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip_space() noexcept;
    bool begin(char bracket) noexcept;
    bool next(char closing_bracket) noexcept;
    void take_key() noexcept;

    // These begin at at_ and go behind what they take; false = malformed.
    bool take_value() noexcept;
    bool take_scalar() noexcept;
    bool take_string() noexcept;
    bool take_escape() noexcept;
    bool take_number() noexcept;
    bool take_digits() noexcept;
    bool take_word(std::string_view word) noexcept;
    void fail() noexcept;

    std::string_view text_;
    std::size_t at_ = 0;
    bool failed_ = false;
    bool first_ = false;    // nothing but the opening bracket has been read of a container
    bool escaped_ = false;  // the last take_string() saw a backslash
    std::string_view key_;
    std::string unescaped_;  // as large as the text from the first use on: views into it stay
};

/// A JSON text in which values can be looked up by JSON pointers (whose names hold neither "~" nor
/// "/"), each time from the front: for texts that are read once. A tenon::JsonSource
/// (tenon/http_error.hpp).
struct JsonText {
    std::string_view text;

    [[nodiscard]] bool valid() const noexcept;
    /// A string as it is, a number or boolean as it is written; nullopt for the rest.
    [[nodiscard]] std::optional<std::string> find(std::string_view json_pointer) const;
};

/// Does a value that is written like this count as there? JavaScript, in which the dialect's first
/// clients were written, says that an "error" that is null, false, 0 or "" does not.
[[nodiscard]] bool is_truthy(std::string_view written) noexcept;

}  // namespace tenon::openai
