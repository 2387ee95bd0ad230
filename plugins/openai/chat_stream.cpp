#include "chat_stream.hpp"

#include "answer.hpp"
#include "tenon/json_text.hpp"

namespace tenon::openai {
namespace {

constexpr std::string_view kDone = "[DONE]";

/// Some servers tell in place of a reason why the answer stops that it failed.
Result<void> check_finish_reason(std::string_view reason) {
    if (reason == "error") {
        return Error(Code::unavailable,
                     "the provider ended its answer with an error, without saying which");
    }
    if (reason == "insufficient_system_resource") {  // DeepSeek
        return Error(Code::overloaded,
                     "the provider ended its answer early for want of resources; try again later");
    }
    return {};
}

}  // namespace

void ChatStream::push(std::string_view bytes) {
    if (done_) return;
    if (form_ == Form::unknown) {
        // Blank lines and a byte order mark may stand before both.
        const std::size_t first = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
        if (first != std::string_view::npos) {
            const bool json = bytes[first] == '{' || bytes[first] == '[';
            form_ = json ? Form::body : Form::events;
            if (json) {
                bytes.remove_prefix(first);
            } else {
                first_bytes_ = excerpt(bytes.substr(first));
            }
        }
    }
    if (form_ == Form::body) {
        body_ += bytes;
    } else {
        // Deltas outlive the caller's bytes when the reader is slow.
        bytes_ = bytes;
        events_.push(bytes_);
    }
}

Result<const Delta*> ChatStream::next() {
    if (form_ == Form::body && body_.size() > body_limit_) {
        return Error(Code::protocol, "the provider's answer is larger than the limit of " +
                                         std::to_string(body_limit_) + " bytes");
    }
    while (deltas_.empty() && form_ != Form::body) {
        const auto event = events_.next();
        if (events_.failed()) return events_.error();
        if (!event) return nullptr;
        const auto read = read_event(*event);
        if (!read) return read.error();
    }
    if (deltas_.empty()) return nullptr;
    const Delta* delta = &deltas_.front();
    deltas_ = deltas_.subspan(1);
    return delta;
}

Result<void> ChatStream::read_event(const SseEvent& event) {
    if (done_ || event.data.empty()) return {};
    if (event.data == kDone) {
        done_ = has_chunk_;
        return {};
    }
    const ChunkReader::Found found = chunks_.read(event.data);
    if (found == ChunkReader::Found::error || event.type == "error") {
        return provider_error(200, headers_, event.data);
    }
    if (found == ChunkReader::Found::neither) {
        return Error(Code::protocol, "the provider's stream holds something that is no chunk (\"" +
                                         excerpt(event.data) + "\")");
    }
    has_chunk_ = true;
    deltas_ = chunks_.deltas();
    return check_finish_reason(chunks_.finish_reason());
}

Result<Answer> ChatStream::end() {
    if (form_ == Form::body) {
        if (!is_valid_utf8(body_)) body_ = to_valid_utf8(body_);
        return whole_answer(body_, kCompletion, headers_);
    }
    if (done_ || chunks_.all_finished()) {
        return Answer{.finish_reason = chunks_.finish_reason(),
                      .input_tokens = chunks_.input_tokens(),
                      .output_tokens = chunks_.output_tokens()};
    }
    if (has_chunk_) {
        return Error(Code::protocol,
                     "the provider's stream was cut short: it ended without finish_reason or "
                     "[DONE]; the answer is not complete");
    }
    if (form_ == Form::unknown) return whole_answer({}, kCompletion, headers_);
    if (events_.comments() != 0 || first_bytes_.starts_with("data:")) {
        return Error(Code::protocol,
                     "the provider's stream was cut short: it ended before the answer began");
    }
    return Error(Code::protocol,
                 "the provider answered with something that is neither a stream of events nor JSON "
                 "(\"" +
                     first_bytes_ + "\"); check the provider's \"base_url\"");
}

}  // namespace tenon::openai
