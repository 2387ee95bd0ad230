#include "gateway/dialect/anthropic_messages.hpp"

#include <algorithm>
#include <utility>

#include "gateway/dialect/anthropic_request.hpp"
#include "gateway/dialect/anthropic_stream.hpp"
#include "gateway/dialect/body.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonView;
using wire::JsonWriter;

/// What is translated, or says nothing to another provider (cache_control). All else is kept.
constexpr std::string_view kKnown[] = {
    "model",          "messages",       "system",        "max_tokens",  "stream",
    "stream_options", "stop_sequences", "tools",         "tool_choice", "thinking",
    "output_config",  "metadata",       "cache_control", "service_tier"};

/// An effort for a number of tokens to think with.
constexpr std::int64_t kMediumBudget = 4096;
constexpr std::int64_t kHighBudget = 16384;

Result<void> write_effort(JsonWriter& writer, JsonView request) {
    const JsonView config = request["output_config"];
    const auto effort = optional_text(config, "output_config", "effort");
    if (!effort) return effort.error();
    if (!effort->empty()) {
        writer.member("reasoning_effort", *effort);
        return {};
    }
    const JsonView thinking = request["thinking"];
    if (!is_set(thinking)) return {};
    const auto type = text_member(thinking, "thinking", "type");
    if (!type) return type.error();
    if (*type != "enabled") return {};  // how much is the model's own decision
    const auto budget = thinking["budget_tokens"].as_int64();
    if (!budget) return invalid_member("thinking.budget_tokens", "must be a whole number");
    writer.member("reasoning_effort", *budget >= kHighBudget     ? "high"
                                      : *budget >= kMediumBudget ? "medium"
                                                                 : "low");
    return {};
}

Result<void> write_format(JsonWriter& writer, JsonView format) {
    if (!is_set(format)) return {};
    if (format["type"].as_string() != "json_schema") {
        return unsupported_member("output_config.format.type", "must be json_schema");
    }
    if (!format["schema"].is_object()) {
        return invalid_member("output_config.format.schema", "must be an object");
    }
    writer.key("response_format");
    writer.begin_object();
    writer.member("type", "json_schema");
    writer.key("json_schema");
    writer.begin_object();
    writer.member("name", "output");
    copy_member(writer, "schema", format["schema"]);
    writer.member("strict", true);
    writer.end_object();
    writer.end_object();
    return {};
}

Result<void> write_metadata(JsonWriter& writer, JsonView metadata) {
    if (!is_set(metadata)) return {};
    for (const auto& [name, value] : metadata.members()) {
        if (name == "user_id") continue;
        return unsupported_member(join("metadata", name), "cannot be passed on to a provider");
    }
    const auto user = optional_text(metadata, "metadata", "user_id");
    if (!user) return user.error();
    if (!user->empty()) writer.member("user", *user);
    return {};
}

Result<void> write_limits(JsonWriter& writer, JsonView request) {
    const JsonView limit = request["max_tokens"];
    if (!is_set(limit)) return invalid_member("max_tokens", "is missing");
    const auto tokens = limit.as_int64();
    if (!tokens || *tokens < 1) {
        return invalid_member("max_tokens", "must be a whole number greater than 0");
    }
    writer.member("max_tokens", *tokens);
    if (const JsonView stop = request["stop_sequences"]; is_set(stop)) {
        if (!stop.is_array()) return invalid_member("stop_sequences", "must be an array");
        if (stop.size() > 0) copy_member(writer, "stop", stop);
    }
    const auto tier = optional_text(request, "", "service_tier");
    if (!tier) return tier.error();
    if (!tier->empty()) {
        writer.member("service_tier", *tier == "standard_only" ? "default" : *tier);
    }
    return {};
}

Result<void> write_tools(JsonWriter& writer, JsonView request) {
    if (is_set(request["tools"]) && request["tools"].size() > 0) {
        writer.key("tools");
        const auto tools = write_anthropic_tools(writer, request["tools"]);
        if (!tools) return tools.error();
    }
    if (!is_set(request["tool_choice"])) return {};
    return write_anthropic_tool_choice(writer, request["tool_choice"]);
}

Result<void> write_request(JsonWriter& writer, JsonView request, bool stream) {
    writer.key("messages");
    const auto messages = write_anthropic_messages(writer, request);
    if (!messages) return messages.error();
    const auto limits = write_limits(writer, request);
    if (!limits) return limits.error();
    const auto tools = write_tools(writer, request);
    if (!tools) return tools.error();
    const auto effort = write_effort(writer, request);
    if (!effort) return effort.error();
    const auto format = write_format(writer, request["output_config"]["format"]);
    if (!format) return format.error();
    const auto metadata = write_metadata(writer, request["metadata"]);
    if (!metadata) return metadata.error();
    write_stream_members(writer, stream);
    copy_others(writer, request, kKnown);
    return {};
}

class AnthropicMessages final : public Dialect {
public:
    Result<ParsedRequest> parse(std::string_view body) const override {
        const auto document = parse_object(body);
        if (!document) return document.error();
        const JsonView root = document->root();
        const auto model = text_member(root, "", "model");
        if (!model) return model.error();
        const auto stream = flag_member(root, "", "stream", false);
        if (!stream) return stream.error();
        std::string canonical;
        JsonWriter writer(canonical);
        writer.begin_object();
        writer.member("model", *model);
        const auto written = write_request(writer, root, *stream);
        if (!written) return written.error();
        writer.end_object();
        return with_body({.model = std::string(*model), .stream = *stream}, std::move(canonical));
    }

    std::unique_ptr<AnswerWriter> answer(const ParsedRequest& request,
                                         AnswerContext context) const override {
        return std::make_unique<AnthropicStream>("msg_" + context.id, request.model);
    }

    ErrorReply error_reply(const Error& error) const override { return anthropic_error(error); }

    std::string_view request_id_header() const noexcept override { return "request-id"; }
};

}  // namespace

const Dialect& anthropic_messages() noexcept {
    static const AnthropicMessages dialect;
    return dialect;
}

}  // namespace tenon::gateway
