#include "chat_stream.hpp"

#include <cstring>
#include <utility>

#include "failure.hpp"

namespace tenon::ollama {
namespace {

constexpr std::size_t kBlock = 4096;  // bytes the pool grows by
constexpr int kGoodStatus = 200;      // errors in a stream come with it

}  // namespace

ChatStream::ChatStream(std::string tool_call_prefix)
    : tool_call_prefix_(std::move(tool_call_prefix)),
      pool_(first_block_.data(), first_block_.size(), kBlock) {}

std::span<const Delta> ChatStream::read(std::string_view chunk) {
    begin();
    if (error_ || complete_) return {};
    lines_.push(chunk);
    while (const auto line = lines_.next()) {
        read_line(*line);
        if (error_ || complete_) return deltas_;
    }
    if (lines_.failed()) error_ = lines_.error();
    return deltas_;
}

std::span<const Delta> ChatStream::finish() {
    begin();
    if (error_ || complete_) return {};
    bool half_a_line = false;
    if (const auto line = lines_.finish()) {
        read_line(*line);
        half_a_line = line->starts_with('{') && error_ && error_->code == Code::protocol;
    }
    if (!complete_ && (!error_ || half_a_line)) {
        error_ = Error(Code::protocol,
                       "Ollama's answer was cut short: the stream ended without its last line");
    }
    return deltas_;
}

Answer ChatStream::answer() const noexcept {
    return {.finish_reason = finish_reason_,
            .input_tokens = input_tokens_,
            .output_tokens = output_tokens_};
}

void ChatStream::begin() {
    deltas_.clear();
    pool_.Clear();
}

void ChatStream::read_line(std::string_view line) {
    rapidjson::Document tree(&pool_);
    if (!parse_json(tree, line)) {
        error_ = not_ollama("a stream of JSON lines");
        return;
    }
    if (member(tree, "error") != nullptr) {
        error_ = failure(kGoodStatus, {}, line, {});
        return;
    }
    if (const Json* message = member(tree, "message")) read_message(*message);
    const Json* done = member(tree, "done");
    if (done != nullptr && done->IsTrue()) read_end(tree);
}

void ChatStream::read_message(const Json& message) {
    const auto add = [this](std::uint32_t kind, std::string_view text) {
        if (!text.empty()) deltas_.push_back({.kind = kind, .data = text});
    };
    add(TENON_DELTA_REASONING, text_member(message, "thinking"));
    add(TENON_DELTA_TEXT, text_member(message, "content"));
    const Json* calls = member(message, "tool_calls");
    if (calls == nullptr || !calls->IsArray()) return;
    for (const Json& call : calls->GetArray()) read_tool_call(call);
}

/// Calls come whole and are numbered in their order: the server's own "index" begins anew with
/// every line in some versions.
void ChatStream::read_tool_call(const Json& call) {
    const Json* function = member(call, "function");
    if (function == nullptr) return;
    const Json* arguments = member(*function, "arguments");
    std::string text = "{}";
    if (arguments != nullptr) {
        text = arguments->IsString() ? std::string(text_of(arguments)) : to_text(*arguments);
    }
    const std::uint32_t index = tool_calls_++;
    const std::string_view id = text_member(call, "id");
    deltas_.push_back(
        {.kind = TENON_DELTA_TOOL_CALL,
         .index = index,
         .data = keep(text),
         .tool_call_id = id.empty() ? keep(tool_call_prefix_ + std::to_string(index)) : id,
         .tool_name = text_member(*function, "name")});
}

void ChatStream::read_end(const Json& line) {
    complete_ = true;
    finish_reason_ = text_member(line, "done_reason");
    // Ollama itself has no word for it.
    const bool stopped = finish_reason_.empty() || finish_reason_ == "stop";
    if (tool_calls_ != 0 && stopped) finish_reason_ = "tool_calls";
    // Left out when it is zero, which for a cached prompt does not say how long that was.
    input_tokens_ = count_member(line, "prompt_eval_count").value_or(TENON_TOKENS_UNKNOWN);
    output_tokens_ = count_member(line, "eval_count").value_or(TENON_TOKENS_UNKNOWN);
}

std::string_view ChatStream::keep(std::string_view text) {
    if (text.empty()) return {};
    char* copy = static_cast<char*>(pool_.Malloc(text.size()));
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
}

}  // namespace tenon::ollama
