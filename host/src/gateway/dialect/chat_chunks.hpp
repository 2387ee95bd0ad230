#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/dialect/openai_chunk.hpp"

namespace tenon::gateway {

/// Writes deltas as the chunks of a chat.completion stream, as server-sent events.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class ChatChunks {
public:
    ChatChunks(ChunkHead head, bool wants_usage)
        : head_(std::move(head)), wants_usage_(wants_usage) {}

    void add(std::string& out, const Delta& delta);
    /// What the chunks have not told yet: why each choice ended, and the usage.
    void end(std::string& out, const AnswerEnd& end);

private:
    struct Choice {
        bool begun = false;     // its first chunk names the role
        bool finished = false;  // a chunk has told why it ended
        bool has_tool_calls = false;
        std::map<std::pair<std::uint32_t, std::uint32_t>, WholeCharacters> texts;  // kind, index
    };

    void forward(std::string& out, const Delta& delta);
    [[nodiscard]] bool is_usage_alone(std::string_view raw);
    void note_ends(std::string_view raw);
    void add_typed(std::string& out, const Delta& delta);
    static void write_typed(wire::JsonWriter& writer, const Delta& delta, std::string_view data);
    void flush(std::string& out, std::uint32_t index, Choice& choice);

    template <class WriteDelta>
    void write_chunk(std::string& out, std::uint32_t index, Choice& choice,
                     std::string_view finish_reason, WriteDelta&& write_delta);

    ChunkHead head_;
    bool wants_usage_;
    std::map<std::uint32_t, Choice> choices_;
    std::string usage_json_;
    bool usage_was_sent_ = false;
};

}  // namespace tenon::gateway
