#pragma once

#include <rapidjson/document.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::openai {

using JsonValue = rapidjson::Value;

/// A JSON text as a tree over a copy of it, in which strings are unescaped in place. Made for one
/// text after the other: the memory is kept, so that reading the chunks of a stream allocates
/// nothing.
///
/// A tenon::JsonSource (tenon/http_error.hpp).
///
/// \par Object lifetimes
/// Values and strings are valid until the next parse(). The text is borrowed for written().
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class JsonTree {
public:
    JsonTree() = default;
    JsonTree(const JsonTree&) = delete;
    JsonTree& operator=(const JsonTree&) = delete;

    /// Reads a whole text, nested however deep. Returns false, with null as root, if it is no JSON.
    bool parse(std::string_view text);

    [[nodiscard]] const JsonValue& root() const noexcept { return document_; }

    /// The value of an object's member as the text writes it.
    [[nodiscard]] std::string_view written(const JsonValue::Member& member) const noexcept;

    /// A string as it is, a number or boolean as text; nullopt for the rest.
    [[nodiscard]] std::optional<std::string> find(std::string_view json_pointer) const;

private:
    using Pool = rapidjson::MemoryPoolAllocator<>;
    using Document = rapidjson::GenericDocument<rapidjson::UTF8<>, Pool, Pool>;

    static constexpr std::size_t kFirstBlock = 4096;  // bytes; enough for a chunk without logprobs
    static constexpr std::size_t kFurtherBlock = std::size_t{16} << 10;
    static constexpr std::size_t kParseStack = 512;

    std::string_view text_;
    std::string copy_;
    alignas(std::max_align_t) char first_block_[kFirstBlock];
    Pool pool_{first_block_, kFirstBlock, kFurtherBlock};
    Document document_{&pool_, kParseStack, &pool_};
};

/// The member if `value` is an object that has it, and it is not null; nullptr otherwise.
[[nodiscard]] const JsonValue* member(const JsonValue& value, std::string_view name) noexcept;

/// The string that `value` is; empty if it is anything else or nullptr.
[[nodiscard]] std::string_view string_of(const JsonValue* value) noexcept;

/// The member if it is a string, else empty.
[[nodiscard]] inline std::string_view string_member(const JsonValue& value,
                                                    std::string_view name) noexcept {
    return string_of(member(value, name));
}

/// As JavaScript sees it, in which the dialect's first clients were written: an "error" that is
/// null, false, 0 or "" is none.
[[nodiscard]] bool is_truthy(const JsonValue* value) noexcept;

}  // namespace tenon::openai
