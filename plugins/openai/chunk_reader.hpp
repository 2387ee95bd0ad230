#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json_reader.hpp"
#include "tenon/plugin/call.hpp"
#include "tool_calls.hpp"

namespace tenon::openai {

/// Reads the chunks of one stream ("chat.completion.chunk" objects) as typed deltas, and remembers
/// how far each choice has come. Allocates nothing for a chunk like those before.
///
/// Both ways of writing are understood: reasoning as "reasoning_content" or "reasoning", content as
/// a string or as parts, tool arguments as a string or as an object. What has no type (role,
/// refusal, logprobs, members of one provider) is in `raw`.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class ChunkReader {
public:
    enum class Found { chunk, error, neither };

    /// Reads one event: a chunk, an object that holds an error, or something else altogether.
    [[nodiscard]] Found read(std::string_view event);

    /// The deltas of the chunk that was read last, at least one; the first carries its text as
    /// `raw`.
    /// \par Object lifetimes
    /// Valid until the next read(), and as long as the event.
    [[nodiscard]] std::span<const Delta> deltas() const noexcept { return deltas_; }

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

    struct Fragment {
        ToolFragment key;
        std::string_view arguments;
    };

    void read_choices();
    void read_choice(std::uint32_t position);
    void read_delta();
    void read_parts(std::uint32_t kind);
    void read_tool_calls();
    void read_function(Fragment& fragment);
    void read_usage();
    void add_text(std::uint32_t kind, std::string_view text);
    void add_tool_call(Choice& choice, const Fragment& fragment);
    [[nodiscard]] Choice& choice_at(std::uint32_t index);

    JsonReader in_;
    std::vector<Delta> deltas_;
    std::vector<Fragment> fragments_;  // of the choice that is being read
    std::list<Choice> choices_;  // in the order in which they appeared; views survive its growth
    std::uint64_t input_tokens_ = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens_ = TENON_TOKENS_UNKNOWN;
};

}  // namespace tenon::openai
