#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::wire {

/// A JSON value put together from the pieces of a stream.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class GrowingJson {
public:
    /// What a piece does to a value that is there already. Objects are merged member by member and
    /// numbers and booleans replaced, whichever it is; null changes nothing.
    enum class Rule {
        join,     ///< strings grow, arrays grow: the members of a delta
        extend,   ///< strings are replaced, arrays grow: what stands beside a delta (logprobs)
        replace,  ///< strings and arrays are replaced: what stands in each chunk
    };

    /// Adds a piece. Elements of arrays that carry the same "index" are one element. Under
    /// Rule::join the members "id", "type", "name" and "format" name a thing instead of being a
    /// part of it: the first value that is not empty stays.
    void merge(JsonView piece, Rule rule);

    /// Appends to a string; anything else becomes that string.
    void append(std::string_view text);
    /// Becomes the string, unless it is one that is not empty.
    void set_if_empty(std::string_view text);

    /// The member of that name, made if it is missing; anything else becomes an object.
    [[nodiscard]] GrowingJson& member(std::string_view name);
    [[nodiscard]] const GrowingJson* find(std::string_view name) const noexcept;
    void erase(std::string_view name) noexcept;

    [[nodiscard]] bool is_absent() const noexcept { return kind_ == Kind::absent; }
    [[nodiscard]] bool is_string() const noexcept { return kind_ == Kind::string; }
    /// The string; empty for anything else.
    [[nodiscard]] std::string_view text() const noexcept;

    /// Writes the value; an absent one as null.
    void write(JsonWriter& writer) const;
    [[nodiscard]] std::string to_text() const;
    /// Writes the members of an object, without its brackets.
    void write_members(JsonWriter& writer) const;

private:
    enum class Kind { absent, scalar, string, array, object };
    using Member = std::pair<std::string, GrowingJson>;

    void become(Kind kind);
    void merge_elements(JsonView array, Rule rule);
    [[nodiscard]] GrowingJson* element_with_index(std::string_view index) noexcept;

    Kind kind_ = Kind::absent;
    std::string text_;  // scalar: JSON; string: its characters
    std::vector<GrowingJson> elements_;
    std::vector<Member> members_;
};

}  // namespace tenon::wire
