#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json_tree.hpp"
#include "tenon/plugin/call.hpp"
#include "tool_calls.hpp"

namespace tenon::openai {

/// Reads the chunks of one stream ("chat.completion.chunk" objects) as typed deltas, and remembers
/// how far each choice has come.
///
/// Both ways of writing are understood: reasoning as "reasoning_content" or "reasoning", content as
/// a string or as parts, tool arguments as a string or as an object. What has no type (role,
/// refusal, logprobs, members of one provider) is in `raw`.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class ChunkReader {
public:
    /// The deltas of one chunk, at least one. The first carries `raw`, which is the text of
    /// `chunk`. \par Object lifetimes Valid until the next read(), as long as `chunk` holds this
    /// text, and `raw` lives.
    [[nodiscard]] std::span<const Delta> read(const JsonTree& chunk, std::string_view raw);

    /// At least one choice has a reason to finish, and so has each that appeared.
    [[nodiscard]] bool all_finished() const noexcept;

    /// Why choice 0 finished, or the first one that appeared; empty as long as it has not.
    [[nodiscard]] std::string_view finish_reason() const noexcept;

    /// As the last usage said; TENON_TOKENS_UNKNOWN if none did.
    [[nodiscard]] std::uint64_t input_tokens() const noexcept { return input_tokens_; }
    [[nodiscard]] std::uint64_t output_tokens() const noexcept { return output_tokens_; }

private:
    struct Choice {
        std::uint32_t index = 0;
        std::string finish_reason;
        ToolCalls tool_calls;
    };

    void read_choice(const JsonTree& chunk, const JsonValue& value, std::uint32_t position);
    void read_text(const JsonValue& delta, std::uint32_t choice);
    void read_parts(const JsonValue& parts, std::uint32_t choice);
    void read_tool_call(const JsonTree& chunk, const JsonValue& fragment, Choice& choice);
    void read_usage(const JsonTree& chunk);
    void add_text(std::uint32_t kind, std::uint32_t choice, std::string_view text);
    [[nodiscard]] Choice& choice_at(std::uint32_t index);

    std::vector<Delta> deltas_;
    std::list<Choice> choices_;  // in the order in which they appeared; views survive its growth
    std::uint64_t input_tokens_ = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens_ = TENON_TOKENS_UNKNOWN;
};

}  // namespace tenon::openai
