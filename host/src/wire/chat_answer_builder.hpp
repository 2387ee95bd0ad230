#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/abi/result.h"
#include "tenon/plugin/call.hpp"
#include "wire/growing_json.hpp"

namespace tenon::wire {

/// What only the one who ends a stream knows. The head's members count where no chunk has them.
struct ChatAnswerEnd {
    std::string_view id = {};
    std::int64_t created = 0;  ///< seconds since 1970
    std::string_view model = {};
    std::string_view finish_reason = {};  ///< for choices whose chunks gave none
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;
};

/// Puts the deltas of a stream together to the `chat.completion` object that the provider would
/// have sent without streaming.
///
/// A chunk that came with `raw` is read from there alone, so that what has no type (logprobs,
/// refusal, members of one provider) gets into the answer too: strings, arrays and objects in a
/// delta grow piece by piece; beside the delta the last value counts, but arrays grow, so that
/// logprobs join; of the chunk's own members the last value counts, but of id, created and model
/// the first. Only `obfuscation`, which is padding, is dropped. A chunk whose `raw` is not a JSON
/// object is read from its typed deltas.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class ChatAnswerBuilder {
public:
    /// Adds one delta; copies what it needs. A META delta that is an object adds its members to the
    /// message.
    void add(const Delta& delta);

    /// The answer. Without a reason to finish it is "tool_calls" for a choice with tool calls,
    /// else "stop". An answer without any delta has one empty choice.
    [[nodiscard]] std::string build(const ChatAnswerEnd& end) const;

    /// Nothing has been added.
    void clear() { *this = ChatAnswerBuilder(); }

private:
    struct ToolCall {
        std::string index;  // as JSON; empty if the stream gives none
        std::string id;
        GrowingJson value;
    };
    struct Choice {
        std::string role;
        std::string text;
        std::string reasoning;
        std::vector<ToolCall> tool_calls;
        GrowingJson message;  // further members
        GrowingJson beside;   // further members of the choice
        std::string finish_reason;
    };

    void add_typed(const Delta& delta);
    void set_usage(JsonView usage);
    [[nodiscard]] bool add_chunk(std::string_view raw);
    void add_choice(JsonView choice, std::uint32_t position);
    static void add_fragment(Choice& choice, JsonView fragment);
    [[nodiscard]] static GrowingJson& tool_call(Choice& choice, std::string_view index,
                                                std::string_view id, std::string_view name);

    void write_head(JsonWriter& writer, const ChatAnswerEnd& end) const;
    void write_usage(JsonWriter& writer, const ChatAnswerEnd& end) const;
    static void write_choice(JsonWriter& writer, std::uint32_t index, const Choice& choice,
                             std::string_view finish_reason);
    static void write_message(JsonWriter& writer, const Choice& choice);
    static void write_tool_call(JsonWriter& writer, const ToolCall& call);

    std::string id_;
    std::string model_;
    std::int64_t created_ = 0;
    GrowingJson head_;  // further members of the chunks
    GrowingJson usage_;
    std::map<std::uint32_t, Choice> choices_;
    bool chunk_was_read_ = false;  // from the raw of the last delta that began a chunk
};

}  // namespace tenon::wire
