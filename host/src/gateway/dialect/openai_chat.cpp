#include "gateway/dialect/openai_chat.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "gateway/dialect/chat_chunks.hpp"
#include "gateway/dialect/simple_dialect.hpp"
#include "tenon/json_text.hpp"
#include "wire/top_level_members.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonDocument;
using wire::JsonKind;
using wire::MemberText;

/// Reads the members that the gateway itself needs; all others are the provider's.
class Head {
public:
    Result<ParsedRequest> read(std::string_view body) {
        request_.body = body;
        wire::TopLevelMembers members(request_.body);
        while (const auto member = members.next()) {
            const auto taken = take(*member);
            if (!taken) return taken.error();
        }
        if (members.failed()) {
            return Error(Code::invalid, "the request is not a whole JSON object");
        }
        if (!has_messages_) return invalid_member("messages", "is missing");
        return std::move(request_);
    }

private:
    Result<void> take(const MemberText& member) {
        if (member.is("messages")) return take_messages(member.value);
        if (member.is("model") && is_plain_string(member.value)) {
            return take_model(member, member.value.substr(1, member.value.size() - 2));
        }
        for (const std::string_view name : {"model", "stream", "stream_options"}) {
            if (!member.is(name)) continue;
            const auto value = JsonDocument::parse(member.value);
            if (!value) return invalid_member(name, "is not JSON");
            if (name == "model") return take_model(member, value->root());
            if (name == "stream") return take_stream(value->root());
            return take_options(value->root());
        }
        return {};
    }

    /// One that reads as it is written, as nearly all do.
    static bool is_plain_string(std::string_view value) noexcept {
        const auto is_plain = [](char c) {
            return static_cast<unsigned char>(c) >= 0x20 && c != '\\';
        };
        return value.starts_with('"') && std::all_of(value.begin(), value.end(), is_plain) &&
               is_valid_utf8(value);
    }

    Result<void> take_messages(std::string_view value) {
        // Which of two a provider reads differs.
        if (has_messages_) return invalid_member("messages", "is given twice");
        if (!value.starts_with('[')) return invalid_member("messages", "must be an array");
        has_messages_ = true;
        return {};
    }

    Result<void> take_model(const MemberText& member, wire::JsonView value) {
        const auto name = value.as_string();
        if (!name && is_set(value)) return invalid_member("model", "must be a string");
        return take_model(member, name.value_or(""));
    }

    Result<void> take_model(const MemberText& member, std::string_view name) {
        if (request_.model_at != 0) return invalid_member("model", "is given twice");
        request_.model = name;
        request_.model_at = member.value_begin;
        request_.model_size = member.value.size();
        return {};
    }

    Result<void> take_stream(wire::JsonView value) {
        if (has_stream_) return invalid_member("stream", "is given twice");
        if (is_set(value) && !value.as_bool()) {
            return invalid_member("stream", "must be true or false");
        }
        has_stream_ = true;
        request_.stream = value.as_bool().value_or(false);
        return {};
    }

    Result<void> take_options(wire::JsonView value) {
        if (is_set(value) && !value.is_object()) {
            return invalid_member("stream_options", "must be an object");
        }
        const auto usage = flag_member(value, "stream_options", "include_usage", false);
        if (!usage) return usage.error();
        request_.wants_usage = *usage;
        return {};
    }

    ParsedRequest request_;
    bool has_messages_ = false;
    bool has_stream_ = false;
};

class Writer final : public SseWriter {
public:
    Writer(const ParsedRequest& request, AnswerContext context)
        : context_(std::move(context)), model_(request.model), wants_usage_(request.wants_usage) {}

    Result<std::string> whole(std::string_view body, const AnswerTimes& /*times*/) override {
        return std::string(body);
    }
    void delta(std::string& out, const Delta& delta) override { chunks().add(out, delta); }
    void end(std::string& out, const AnswerEnd& end) override {
        chunks().end(out, end);
        append_event(out, {}, "[DONE]");
    }
    void error(std::string& out, const Error& error) override {
        append_event(out, {}, openai_error_json(error));
    }

private:
    /// For a stream; most answers are whole.
    ChatChunks& chunks() {
        if (!chunks_) {
            chunks_.emplace(ChunkHead{.id = "chatcmpl-" + context_.id,
                                      .object = "chat.completion.chunk",
                                      .created = unix_seconds(context_.created),
                                      .model = model_},
                            wants_usage_);
        }
        return *chunks_;
    }

    const AnswerContext context_;
    const std::string model_;
    const bool wants_usage_;
    std::optional<ChatChunks> chunks_;
};

Result<ParsedRequest> parse(std::string_view body) {
    return Head().read(body);
}

}  // namespace

const Dialect& openai_chat() noexcept {
    static const SimpleDialect<parse, Writer, openai_error> dialect;
    return dialect;
}

}  // namespace tenon::gateway
