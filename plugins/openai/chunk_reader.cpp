#include "chunk_reader.hpp"

#include <algorithm>
#include <limits>

namespace tenon::openai {

using Kind = JsonReader::Kind;

ChunkReader::Found ChunkReader::read(std::string_view event) {
    deltas_.clear();
    in_.reset(event);
    bool has_error = false;
    const bool is_object = in_.begin_object();
    while (is_object && in_.next_member()) {
        if (in_.key() == "choices") {
            read_choices();
        } else if (in_.key() == "usage") {
            read_usage();
        } else if (in_.key() == "error") {
            has_error = is_truthy(in_.skip());
        } else {
            in_.skip();
        }
    }
    if (!is_object || !in_.finish()) return Found::neither;
    if (has_error) return Found::error;
    if (deltas_.empty()) deltas_.emplace_back();
    deltas_.front().raw = event;
    for (Delta& delta : deltas_) delta.same_chunk = &delta != &deltas_.front();
    return Found::chunk;
}

bool ChunkReader::all_finished() const noexcept {
    return !choices_.empty() &&
           std::all_of(choices_.begin(), choices_.end(),
                       [](const Choice& choice) { return !choice.finish_reason.empty(); });
}

std::string_view ChunkReader::finish_reason() const noexcept {
    if (choices_.empty()) return {};
    const auto zero = std::find_if(choices_.begin(), choices_.end(),
                                   [](const Choice& choice) { return choice.index == 0; });
    return zero == choices_.end() ? choices_.front().finish_reason : zero->finish_reason;
}

/// Null (Cerebras) and empty (usage, Azure's filter results) are allowed.
void ChunkReader::read_choices() {
    if (!in_.begin_array()) return;
    for (std::uint32_t position = 0; in_.next_element(); ++position) read_choice(position);
}

void ChunkReader::read_choice(std::uint32_t position) {
    if (!in_.begin_object()) return;
    const std::size_t first = deltas_.size();
    std::uint64_t index = position;
    std::string_view finish_reason;
    fragments_.clear();
    while (in_.next_member()) {
        if (in_.key() == "delta") {
            read_delta();
        } else if (in_.key() == "index") {
            index = in_.count().value_or(position);
        } else if (in_.key() == "finish_reason") {
            finish_reason = in_.string();
        } else {
            in_.skip();
        }
    }
    // Known only now: members may come in any order.
    if (index > std::numeric_limits<std::uint32_t>::max()) index = position;
    Choice& choice = choice_at(static_cast<std::uint32_t>(index));
    for (std::size_t i = first; i < deltas_.size(); ++i) deltas_[i].choice = choice.index;
    for (const Fragment& fragment : fragments_) add_tool_call(choice, fragment);
    if (!finish_reason.empty()) choice.finish_reason = finish_reason;
}

void ChunkReader::read_delta() {
    if (!in_.begin_object()) return;
    std::string_view content;
    std::string_view reasoning;
    std::string_view reasoning_content;
    while (in_.next_member()) {
        if (in_.key() == "content") {
            if (in_.kind() == Kind::array) {
                read_parts(TENON_DELTA_TEXT);
            } else {
                content = in_.string();
            }
        } else if (in_.key() == "reasoning") {
            reasoning = in_.string();
        } else if (in_.key() == "reasoning_content") {
            reasoning_content = in_.string();
        } else if (in_.key() == "tool_calls") {
            read_tool_calls();
        } else {
            in_.skip();
        }
    }
    // Servers in the middle of a renaming send the same text under both names.
    add_text(TENON_DELTA_REASONING, reasoning_content.empty() ? reasoning : reasoning_content);
    add_text(TENON_DELTA_TEXT, content);
}

/// Content as Mistral writes it: [{"type":"text","text":...},
/// {"type":"thinking","thinking":[{"type":"text","text":...}]}].
void ChunkReader::read_parts(std::uint32_t kind) {
    if (!in_.begin_array()) return;
    while (in_.next_element()) {
        if (!in_.begin_object()) continue;
        while (in_.next_member()) {
            if (in_.key() == "text") {
                add_text(kind, in_.string());
            } else if (in_.key() == "thinking" && kind == TENON_DELTA_TEXT) {
                read_parts(TENON_DELTA_REASONING);
            } else {
                in_.skip();
            }
        }
    }
}

void ChunkReader::read_tool_calls() {
    if (!in_.begin_array()) return;
    while (in_.next_element()) {
        if (!in_.begin_object()) continue;
        Fragment fragment;
        bool has_function = false;
        while (in_.next_member()) {
            if (in_.key() == "index") {
                fragment.key.index = in_.count();
            } else if (in_.key() == "id") {
                fragment.key.id = in_.string();
            } else if (in_.key() == "function") {
                has_function = in_.kind() == Kind::object;
                read_function(fragment);
            } else {
                in_.skip();
            }
        }
        if (has_function) fragments_.push_back(fragment);
    }
}

void ChunkReader::read_function(Fragment& fragment) {
    if (!in_.begin_object()) return;
    while (in_.next_member()) {
        if (in_.key() == "name") {
            fragment.key.name = in_.string();
        } else if (in_.key() == "arguments") {
            // JSON text; some servers send the object itself.
            fragment.arguments = in_.kind() == Kind::object ? in_.skip() : in_.string();
        } else {
            in_.skip();
        }
    }
}

void ChunkReader::read_usage() {
    if (in_.kind() != Kind::object) {
        in_.skip();
        return;
    }
    const std::string_view usage = in_.skip();
    deltas_.push_back({.kind = TENON_DELTA_USAGE, .data = usage});
    JsonReader in(usage);
    in.begin_object();
    while (in.next_member()) {
        if (in.key() == "prompt_tokens") {
            input_tokens_ = in.count().value_or(input_tokens_);
        } else if (in.key() == "completion_tokens") {
            output_tokens_ = in.count().value_or(output_tokens_);
        } else {
            in.skip();
        }
    }
}

void ChunkReader::add_text(std::uint32_t kind, std::string_view text) {
    if (!text.empty()) deltas_.push_back({.kind = kind, .data = text});
}

void ChunkReader::add_tool_call(Choice& choice, const Fragment& fragment) {
    const ToolCalls::Place place = choice.tool_calls.place(fragment.key);
    const Delta delta{.kind = TENON_DELTA_TOOL_CALL,
                      .index = place.number,
                      .choice = choice.index,
                      .data = fragment.arguments,
                      .tool_call_id = place.id,
                      .tool_name = place.name};
    const bool tells = !place.id.empty() || !place.name.empty() || !delta.data.empty();
    if (tells) deltas_.push_back(delta);
}

ChunkReader::Choice& ChunkReader::choice_at(std::uint32_t index) {
    const auto found = std::find_if(choices_.begin(), choices_.end(),
                                    [index](const Choice& known) { return known.index == index; });
    if (found != choices_.end()) return *found;
    choices_.emplace_back().index = index;
    return choices_.back();
}

}  // namespace tenon::openai
