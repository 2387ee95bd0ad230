#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/dialect/dialect.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

/// What the dialects share when they read requests and write answers.
namespace tenon::gateway {

/// Member of a path, e.g. join("messages", 2, "content").
[[nodiscard]] std::string join(std::string_view path, std::string_view member);
[[nodiscard]] std::string join(std::string_view path, std::size_t index);

/// The client's body as a JSON object. Errors: Code::invalid.
[[nodiscard]] Result<wire::JsonDocument> parse_object(std::string_view body);

/// \name Members of a request; an error names them. Null counts as missing.
/// @{
[[nodiscard]] bool is_set(wire::JsonView value) noexcept;
[[nodiscard]] Result<std::string_view> text_member(wire::JsonView object, std::string_view path,
                                                   std::string_view name);
[[nodiscard]] Result<std::string_view> optional_text(wire::JsonView object, std::string_view path,
                                                     std::string_view name);
[[nodiscard]] Result<bool> flag_member(wire::JsonView object, std::string_view path,
                                       std::string_view name, bool otherwise);
/// @}

/// `read(element, path)` for each element of the array at `path`, up to the first error.
template <class Read>
Result<void> read_elements(wire::JsonView array, std::string_view path, Read&& read) {
    std::size_t index = 0;
    for (const wire::JsonView element : array.elements()) {
        const Result<void> done = read(element, join(path, index++));
        if (!done) return done.error();
    }
    return {};
}

/// The same, for elements of which `write` writes one each: an array of them.
template <class Write>
Result<void> write_elements(wire::JsonWriter& writer, wire::JsonView array, std::string_view path,
                            Write&& write) {
    writer.begin_array();
    const Result<void> done = read_elements(array, path, std::forward<Write>(write));
    if (!done) return done.error();
    writer.end_array();
    return {};
}

/// Finishes a request: `body` is the canonical one. Errors: Code::invalid if a member stands in it
/// twice, as when a client says the same thing in its own words and in the canonical ones.
[[nodiscard]] Result<ParsedRequest> with_body(ParsedRequest request, std::string body);

/// "stream", and for a stream the wish to have its usage told.
void write_stream_members(wire::JsonWriter& writer, bool stream);

/// Copies the members of `request` that are not among `known`, nor null.
void copy_others(wire::JsonWriter& writer, wire::JsonView request,
                 std::span<const std::string_view> known);

/// Writes `value` under `name`.
void copy_member(wire::JsonWriter& writer, std::string_view name, wire::JsonView value);

/// Writes `text` under `name`, or null if it is empty.
void write_text_or_null(wire::JsonWriter& writer, std::string_view name, std::string_view text);

/// The JSON object with the members that `write_members(writer)` writes.
template <class WriteMembers>
std::string object_text(WriteMembers&& write_members) {
    std::string json;
    wire::JsonWriter writer(json);
    writer.begin_object();
    write_members(writer);
    writer.end_object();
    return json;
}

/// Appends `event: type` and `data: json` as one server-sent event. Line breaks in `json` become
/// lines of data; an empty `type` is left out.
void append_event(std::string& out, std::string_view type, std::string_view json);
inline constexpr std::string_view kSseComment = ": keep-alive\n\n";

/// A comment of the SSE dialects' keep_alive().
class SseWriter : public AnswerWriter {
public:
    void keep_alive(std::string& out) override { out += kSseComment; }
};

/// Puts characters together whose bytes came in different deltas.
class WholeCharacters {
public:
    /// What can be written of `data`, which follows what add() got before: never ends inside a
    /// character. Valid until the next call and while `data` is.
    [[nodiscard]] std::string_view add(std::string_view data);
    /// Bytes that still wait for the rest of their character.
    [[nodiscard]] std::string take_rest();

private:
    std::string rest_;
    std::string joined_;
};

/// Seconds since 1970.
[[nodiscard]] std::int64_t unix_seconds(std::chrono::system_clock::time_point time) noexcept;

/// The token counts of a canonical answer: its "usage" where it has one, else from AnswerEnd.
struct TokenCounts {
    std::optional<std::int64_t> input = {};
    std::optional<std::int64_t> output = {};
    std::optional<std::int64_t> cached = {};     ///< of the input
    std::optional<std::int64_t> written = {};    ///< of the input: put into the cache
    std::optional<std::int64_t> reasoning = {};  ///< of the output

    void read(wire::JsonView usage) noexcept;
    /// The same from text; what is not JSON tells nothing.
    void read_json(std::string_view usage);
    /// Fills what no usage object told.
    void fill(std::uint64_t input_tokens, std::uint64_t output_tokens) noexcept;
};

/// A usage object in the chat dialect.
void write_chat_usage(wire::JsonWriter& writer, const TokenCounts& counts);

}  // namespace tenon::gateway
