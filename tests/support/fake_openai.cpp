#include <openssl/evp.h>

#include <bit>
#include <cstdint>

#include "support/fake_api.hpp"
#include "support/fake_json.hpp"
#include "support/fake_model.hpp"

// The OpenAI API. Members named x_fake are of our invention: clients must pass them on.
namespace tenon::test {
namespace {

using json::array;
using json::number;
using json::object;
using json::quote;
using json::Text;

constexpr const char* kCreated = "1767225600";  // 2026-01-01 00:00 UTC
constexpr std::size_t kDimensions = 8;

Headers common_headers(const FakeCall& call, std::string_view type) {
    return {{"Content-Type", std::string(type)},
            {"x-request-id", "req_fake_" + std::to_string(call.number)},
            {"openai-processing-ms", "3"},
            {"x-ratelimit-limit-requests", "1000"},
            {"x-ratelimit-remaining-requests", "999"},
            {"x-ratelimit-reset-requests", "60ms"},
            {"x-ratelimit-limit-tokens", "40000"},
            {"x-ratelimit-remaining-tokens", "39000"},
            {"x-ratelimit-reset-tokens", "1m30s"}};
}

Text or_null(std::string_view text) {
    return text.empty() ? "null" : quote(text);
}

Text error_object(const FakeProblem& problem) {
    return object({{"error", object({{"message", quote(problem.message)},
                                     {"type", or_null(problem.type)},
                                     {"param", or_null(problem.param)},
                                     {"code", or_null(problem.code)}})}});
}

FakeResponse problem_response(const FakeCall& call, const FakeProblem& problem) {
    Headers headers = common_headers(call, "application/json");
    if (problem.status == 429) {
        headers.emplace_back("Retry-After", "7");
        for (auto& [name, value] : headers) {
            value = name == "x-ratelimit-remaining-requests" ? "0"
                    : name == "x-ratelimit-reset-requests"   ? "6m0s"
                                                             : value;
        }
    }
    return {.status = problem.status,
            .headers = std::move(headers),
            .stream = false,
            .pieces = {error_object(problem)}};
}

std::string event(const FakeCall& call, const Text& data) {
    const std::string& newline = call.options.sse_newline;
    const std::string comment =
        call.options.sse_comments ? ": keep-alive" + newline + newline : std::string();
    return comment + "data: " + data + newline + newline;
}

std::string error_event(const FakeCall& call, const FakeProblem& problem) {
    return event(call, error_object(problem));
}

FakeResponse ok(const FakeCall& call, const Text& body) {
    return {.status = 200,
            .headers = common_headers(call, "application/json"),
            .stream = false,
            .pieces = {body}};
}

FakeResponse missing(const FakeCall& call, std::string_view parameter) {
    return problem_response(
        call, {.status = 400,
               .message = "Missing required parameter: '" + std::string(parameter) + "'.",
               .type = "invalid_request_error",
               .code = "missing_required_parameter",
               .param = std::string(parameter)});
}

FakeResponse no_such_model(const FakeCall& call, std::string_view model) {
    return problem_response(call, {.status = 404,
                                   .message = "The model `" + std::string(model) +
                                              "` does not exist or you do not have access to it.",
                                   .type = "invalid_request_error",
                                   .code = "model_not_found",
                                   .param = {}});
}

Text usage_of(const FakeTurn& turn) {
    return object(
        {{"prompt_tokens", std::to_string(turn.prompt_tokens)},
         {"completion_tokens", std::to_string(turn.completion_tokens)},
         {"total_tokens", std::to_string(turn.prompt_tokens + turn.completion_tokens)},
         {"prompt_tokens_details", object({{"cached_tokens", "0"}, {"audio_tokens", "0"}})},
         {"completion_tokens_details",
          object({{"reasoning_tokens", std::to_string(count_words(turn.reasoning))}})}});
}

std::string_view finish_reason(const FakeTurn& turn) {
    if (!turn.tool_calls.empty()) {
        return "tool_calls";
    }
    return turn.cut_short ? "length" : "stop";
}

Text whole_message(const FakeTurn& turn) {
    std::vector<Text> calls;
    for (const FakeToolCall& call : turn.tool_calls) {
        calls.push_back(object({{"id", quote(call.id)},
                                {"type", quote("function")},
                                {"function", object({{"name", quote(call.name)},
                                                     {"arguments", quote(call.arguments)}})}}));
    }
    Text message = object({{"role", quote("assistant")},
                           {"content", calls.empty() ? quote(turn.text) : "null"},
                           {"refusal", "null"},
                           {"annotations", "[]"}});
    message.pop_back();
    message += calls.empty() ? "" : ",\"tool_calls\":" + array(calls);
    message += turn.reasoning.empty() ? "" : ",\"reasoning_content\":" + quote(turn.reasoning);
    return message + "}";
}

Text whole_body(const FakeCall& call, const FakeTurn& turn) {
    return object({{"id", quote("chatcmpl-fake-" + std::to_string(call.number))},
                   {"object", quote("chat.completion")},
                   {"created", kCreated},
                   {"model", quote(string_member(call.body, "model"))},
                   {"choices", array({object({{"index", "0"},
                                              {"message", whole_message(turn)},
                                              {"logprobs", "null"},
                                              {"finish_reason", quote(finish_reason(turn))}})})},
                   {"usage", usage_of(turn)},
                   {"service_tier", quote("default")},
                   {"system_fingerprint", quote("fp_fake")},
                   {"x_fake", object({{"kept", "true"}})}});
}

// The events of one streamed completion.
class ChunkWriter {
public:
    explicit ChunkWriter(const FakeCall& call) : call_(call) {
        const auto options = call.body.FindMember("stream_options");
        wants_usage_ = options != call.body.MemberEnd() && options->value.IsObject() &&
                       bool_member(options->value, "include_usage", false);
    }

    std::vector<std::string> events_of(const FakeTurn& turn) {
        delta({{"role", quote("assistant")}, {"content", quote("")}, {"refusal", "null"}});
        for (const std::string& piece : split(turn.reasoning)) {
            delta({{"reasoning_content", quote(piece)}});
        }
        for (const std::string& piece : split(turn.text)) {
            delta({{"content", quote(piece)}});
        }
        for (std::size_t i = 0; i < turn.tool_calls.size(); ++i) {
            tool_call(turn.tool_calls[i], i);
        }
        chunk(array({choice("{}", quote(finish_reason(turn)))}), "null");
        if (wants_usage_) {
            chunk("[]", usage_of(turn));
        }
        events_.push_back(event(call_, "[DONE]"));
        return std::move(events_);
    }

private:
    [[nodiscard]] std::vector<std::string> split(std::string_view text) const {
        return split_text(text, call_.options.content_piece);
    }

    static Text choice(const Text& delta, const Text& finish) {
        return object(
            {{"index", "0"}, {"delta", delta}, {"logprobs", "null"}, {"finish_reason", finish}});
    }

    void delta(std::initializer_list<std::pair<std::string_view, Text>> members) {
        chunk(array({choice(object(members), "null")}), "null");
    }

    void tool_call(const FakeToolCall& call, std::size_t index) {
        const auto fragment = [&](const Text& head, std::string_view name, const Text& arguments) {
            const Text function = name.empty()
                                      ? object({{"arguments", arguments}})
                                      : object({{"name", quote(name)}, {"arguments", arguments}});
            delta({{"tool_calls", "[{\"index\":" + std::to_string(index) + head +
                                      ",\"function\":" + function + "}]"}});
        };
        fragment(",\"id\":" + quote(call.id) + ",\"type\":\"function\"", call.name, quote(""));
        for (const std::string& piece : split(call.arguments)) {
            fragment("", "", quote(piece));
        }
    }

    void chunk(const Text& choices, const Text& usage) {
        Text text = object({{"id", quote("chatcmpl-fake-" + std::to_string(call_.number))},
                            {"object", quote("chat.completion.chunk")},
                            {"created", kCreated},
                            {"model", quote(string_member(call_.body, "model"))},
                            {"system_fingerprint", quote("fp_fake")},
                            {"choices", choices},
                            {"obfuscation", quote("p4dd1ng")},
                            {"x_fake", object({{"kept", "true"}})}});
        if (wants_usage_) {
            text.pop_back();
            text += ",\"usage\":" + usage + "}";
        }
        events_.push_back(event(call_, text));
    }

    const FakeCall& call_;
    bool wants_usage_ = false;
    std::vector<std::string> events_;
};

FakeResponse chat(const FakeCall& call) {
    const std::string_view model = call.body.IsObject() ? string_member(call.body, "model") : "";
    if (model.empty()) {
        return missing(call, "model");
    }
    if (!has_array(call.body, "messages") || call.body["messages"].Empty()) {
        return missing(call, "messages");
    }
    if (!knows_model(call, model)) {
        return no_such_model(call, model);
    }
    const std::size_t limit =
        size_member(call.body, "max_completion_tokens", size_member(call.body, "max_tokens", 0));
    const FakeTurn turn = take_turn(call.body, call.options, limit);
    if (!bool_member(call.body, "stream", false)) {
        return ok(call, whole_body(call, turn));
    }
    return {.status = 200,
            .headers = common_headers(call, "text/event-stream; charset=utf-8"),
            .stream = true,
            .pieces = ChunkWriter(call).events_of(turn)};
}

Text floats(const std::vector<float>& vector) {
    std::vector<Text> numbers;
    for (const float value : vector) {
        numbers.push_back(number(static_cast<double>(value)));
    }
    return array(numbers);
}

// Little-endian float32, as base64.
Text base64(const std::vector<float>& vector) {
    std::vector<unsigned char> bytes;
    for (const float value : vector) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        for (unsigned shift = 0; shift < 32; shift += 8) {
            bytes.push_back(static_cast<unsigned char>(bits >> shift));
        }
    }
    std::vector<unsigned char> encoded(4 * ((bytes.size() + 2) / 3) + 1);
    const int size = EVP_EncodeBlock(encoded.data(), bytes.data(), static_cast<int>(bytes.size()));
    return quote({reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)});
}

FakeResponse embeddings(const FakeCall& call) {
    const std::string_view model = call.body.IsObject() ? string_member(call.body, "model") : "";
    if (model.empty()) {
        return missing(call, "model");
    }
    const std::vector<std::string> inputs = embedding_inputs(call.body);
    if (inputs.empty()) {
        return missing(call, "input");
    }
    if (!knows_model(call, model)) {
        return no_such_model(call, model);
    }
    const bool as_base64 = string_member(call.body, "encoding_format") == "base64";
    const std::size_t dimensions = size_member(call.body, "dimensions", kDimensions);
    std::size_t words = 0;
    std::vector<Text> data;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::vector<float> vector = embedding_of(inputs[i], dimensions);
        words += count_words(inputs[i]);
        data.push_back(object({{"object", quote("embedding")},
                               {"index", std::to_string(i)},
                               {"embedding", as_base64 ? base64(vector) : floats(vector)}}));
    }
    return ok(call, object({{"object", quote("list")},
                            {"data", array(data)},
                            {"model", quote(model)},
                            {"usage", object({{"prompt_tokens", std::to_string(words)},
                                              {"total_tokens", std::to_string(words)}})}}));
}

FakeResponse models(const FakeCall& call) {
    std::vector<Text> data;
    for (const std::string& model : call.options.models) {
        data.push_back(object({{"id", quote(model)},
                               {"object", quote("model")},
                               {"created", kCreated},
                               {"owned_by", quote("tenon-fake")}}));
    }
    return ok(call, object({{"object", quote("list")}, {"data", array(data)}}));
}

}  // namespace

const FakeApi kOpenAiApi{.problem = problem_response, .error_event = error_event};

const std::vector<FakeRoute>& openai_routes() {
    static const std::vector<FakeRoute> routes = {
        {"POST", "/v1/chat/completions", kOpenAiApi, chat},
        {"POST", "/v1/embeddings", kOpenAiApi, embeddings},
        {"GET", "/v1/models", kOpenAiApi, models},
    };
    return routes;
}

}  // namespace tenon::test
