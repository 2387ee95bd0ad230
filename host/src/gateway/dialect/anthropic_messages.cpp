#include "gateway/dialect/anthropic_messages.hpp"

#include <algorithm>
#include <utility>

#include "gateway/dialect/anthropic_request.hpp"
#include "gateway/dialect/anthropic_stream.hpp"
#include "gateway/dialect/canonical_request.hpp"
#include "gateway/dialect/simple_dialect.hpp"

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
    write_schema_format(writer, format["schema"], true);
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

Result<void> write_request(JsonWriter& writer, JsonView root, ParsedRequest& request) {
    writer.key("messages");
    const auto messages = write_anthropic_messages(writer, root);
    if (!messages) return messages.error();
    const auto limits = write_limits(writer, root);
    if (!limits) return limits.error();
    const auto tools = write_tools(writer, root);
    if (!tools) return tools.error();
    const auto effort = write_effort(writer, root);
    if (!effort) return effort.error();
    const auto format = write_format(writer, root["output_config"]["format"]);
    if (!format) return format.error();
    const auto metadata = write_metadata(writer, root["metadata"]);
    if (!metadata) return metadata.error();
    write_stream_members(writer, request.stream);
    copy_others(writer, root, kKnown);
    return {};
}

Result<ParsedRequest> parse(std::string_view body) {
    return translate(body, {.needs_model = true}, write_request);
}

class AnthropicMessages final : public SimpleDialect<parse, AnthropicStream, anthropic_error> {
public:
    std::string_view request_id_header() const noexcept override { return "request-id"; }
};

}  // namespace

const Dialect& anthropic_messages() noexcept {
    static const AnthropicMessages dialect;
    return dialect;
}

}  // namespace tenon::gateway
