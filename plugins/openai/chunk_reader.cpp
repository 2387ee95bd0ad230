#include "chunk_reader.hpp"

#include <algorithm>

namespace tenon::openai {
namespace {

/// A count; some servers write it as a float.
std::uint64_t count_of(const JsonValue* value, std::uint64_t otherwise) noexcept {
    if (value == nullptr || !value->IsNumber()) return otherwise;
    if (value->IsUint64()) return value->GetUint64();
    constexpr double kLimit = 9007199254740992.0;  // 2^53
    const double number = value->GetDouble();
    return number >= 0 && number < kLimit ? static_cast<std::uint64_t>(number) : otherwise;
}

std::uint32_t index_of(const JsonValue& choice, std::uint32_t position) noexcept {
    const JsonValue* index = member(choice, "index");
    return index != nullptr && index->IsUint() ? index->GetUint() : position;
}

/// The arguments as JSON text. Some servers send the object itself.
std::string_view arguments_of(const JsonTree& chunk, const JsonValue& function) {
    if (!function.IsObject()) return {};
    const auto found = function.FindMember("arguments");
    if (found == function.MemberEnd()) return {};
    return found->value.IsObject() ? chunk.written(*found) : string_of(&found->value);
}

}  // namespace

std::span<const Delta> ChunkReader::read(const JsonTree& chunk, std::string_view raw) {
    deltas_.clear();
    // Absent, null (Cerebras) and empty (usage, Azure's filter results) are all allowed.
    if (const JsonValue* choices = member(chunk.root(), "choices");
        choices != nullptr && choices->IsArray()) {
        std::uint32_t position = 0;
        for (const JsonValue& choice : choices->GetArray()) read_choice(chunk, choice, position++);
    }
    read_usage(chunk);
    if (deltas_.empty()) deltas_.emplace_back();
    deltas_.front().raw = raw;
    for (Delta& delta : deltas_) delta.same_chunk = &delta != &deltas_.front();
    return deltas_;
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

void ChunkReader::read_choice(const JsonTree& chunk, const JsonValue& value,
                              std::uint32_t position) {
    if (!value.IsObject()) return;
    Choice& choice = choice_at(index_of(value, position));
    if (const JsonValue* delta = member(value, "delta")) {
        read_text(*delta, choice.index);
        const JsonValue* calls = member(*delta, "tool_calls");
        if (calls != nullptr && calls->IsArray()) {
            for (const JsonValue& call : calls->GetArray()) read_tool_call(chunk, call, choice);
        }
    }
    const std::string_view reason = string_member(value, "finish_reason");
    if (!reason.empty()) choice.finish_reason = reason;
}

void ChunkReader::read_text(const JsonValue& delta, std::uint32_t choice) {
    // Servers in the middle of a renaming send the same text under both names.
    const std::string_view reasoning = string_member(delta, "reasoning_content");
    add_text(TENON_DELTA_REASONING, choice,
             reasoning.empty() ? string_member(delta, "reasoning") : reasoning);
    const JsonValue* content = member(delta, "content");
    add_text(TENON_DELTA_TEXT, choice, string_of(content));
    if (content != nullptr && content->IsArray()) read_parts(*content, choice);
}

/// Content as Mistral writes it: [{"type":"text","text":...},
/// {"type":"thinking","thinking":[{"type":"text","text":...}]}].
void ChunkReader::read_parts(const JsonValue& parts, std::uint32_t choice) {
    for (const JsonValue& part : parts.GetArray()) {
        add_text(TENON_DELTA_TEXT, choice, string_member(part, "text"));
        const JsonValue* thinking = member(part, "thinking");
        if (thinking == nullptr || !thinking->IsArray()) continue;
        for (const JsonValue& thought : thinking->GetArray()) {
            add_text(TENON_DELTA_REASONING, choice, string_member(thought, "text"));
        }
    }
}

void ChunkReader::read_tool_call(const JsonTree& chunk, const JsonValue& fragment, Choice& choice) {
    const JsonValue* function = member(fragment, "function");
    if (function == nullptr || !function->IsObject()) return;
    ToolFragment key{
        .index = {}, .id = string_member(fragment, "id"), .name = string_member(*function, "name")};
    const JsonValue* index = member(fragment, "index");
    if (index != nullptr && index->IsUint64()) key.index = index->GetUint64();
    const ToolCalls::Place place = choice.tool_calls.place(key);
    const Delta delta{.kind = TENON_DELTA_TOOL_CALL,
                      .index = place.number,
                      .choice = choice.index,
                      .data = arguments_of(chunk, *function),
                      .tool_call_id = place.id,
                      .tool_name = place.name};
    const bool tells = !place.id.empty() || !place.name.empty() || !delta.data.empty();
    if (tells) deltas_.push_back(delta);
}

void ChunkReader::read_usage(const JsonTree& chunk) {
    const auto found = chunk.root().FindMember("usage");
    if (found == chunk.root().MemberEnd() || !found->value.IsObject()) return;
    deltas_.push_back({.kind = TENON_DELTA_USAGE, .data = chunk.written(*found)});
    input_tokens_ = count_of(member(found->value, "prompt_tokens"), input_tokens_);
    output_tokens_ = count_of(member(found->value, "completion_tokens"), output_tokens_);
}

void ChunkReader::add_text(std::uint32_t kind, std::uint32_t choice, std::string_view text) {
    if (!text.empty()) deltas_.push_back({.kind = kind, .choice = choice, .data = text});
}

ChunkReader::Choice& ChunkReader::choice_at(std::uint32_t index) {
    const auto found = std::find_if(choices_.begin(), choices_.end(),
                                    [index](const Choice& known) { return known.index == index; });
    if (found != choices_.end()) return *found;
    choices_.emplace_back().index = index;
    return choices_.back();
}

}  // namespace tenon::openai
