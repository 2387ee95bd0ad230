#include "support/fake_api.hpp"
#include "support/fake_json.hpp"
#include "support/fake_model.hpp"

// Ollama's own API: NDJSON instead of SSE, streaming unless told otherwise, tool calls whole.
namespace tenon::test {
namespace {

using json::array;
using json::number;
using json::object;
using json::quote;
using json::Text;

constexpr std::string_view kJson = "application/json; charset=utf-8";
constexpr std::string_view kCreatedAt = "2026-01-01T00:00:00.000000Z";
constexpr std::size_t kDimensions = 8;

FakeResponse reply(int status, std::string_view type, std::string body) {
    return {.status = status,
            .headers = {{"Content-Type", std::string(type)}},
            .stream = false,
            .pieces = {std::move(body)}};
}

FakeResponse problem_response(const FakeCall&, const FakeProblem& problem) {
    Text body = object({{"error", quote(problem.message)}});
    if (problem.status == 401) {
        body = object({{"error", quote("unauthorized")},
                       {"signin_url", quote("https://ollama.example/connect")}});
    }
    return reply(problem.status, kJson, body);
}

std::string error_line(const FakeCall&, const FakeProblem& problem) {
    return object({{"error", quote(problem.message)}}) + "\n";
}

FakeResponse refuse(const FakeCall& call, int status, std::string message) {
    return problem_response(
        call,
        {.status = status, .message = std::move(message), .type = {}, .code = {}, .param = {}});
}

FakeResponse no_such_model(const FakeCall& call, std::string_view model) {
    return refuse(call, 404,
                  "model \"" + std::string(model) + "\" not found, try pulling it first");
}

// One line of a stream, or the whole body; `rest` are further members with a leading comma.
Text answer(const FakeCall& call, const Text& message, bool done, const Text& rest) {
    Text text = object({{"model", quote(string_member(call.body, "model"))},
                        {"created_at", quote(kCreatedAt)},
                        {"message", message},
                        {"done", done ? "true" : "false"},
                        {"x_fake", object({{"kept", "true"}})}});
    text.pop_back();
    return text + rest + "}";
}

Text message_of(const FakeTurn& turn) {
    Text message = object({{"role", quote("assistant")}, {"content", quote(turn.text)}});
    message.pop_back();
    if (!turn.reasoning.empty()) {
        message += ",\"thinking\":" + quote(turn.reasoning);
    }
    std::vector<Text> calls;
    for (const FakeToolCall& call : turn.tool_calls) {
        // Here the arguments are an object, not a string.
        calls.push_back(object({{"function", object({{"index", std::to_string(calls.size())},
                                                     {"name", quote(call.name)},
                                                     {"arguments", call.arguments}})}}));
    }
    if (!calls.empty()) {
        message += ",\"tool_calls\":" + array(calls);
    }
    return message + "}";
}

// What only the last line has; durations in nanoseconds.
Text closing_members(const FakeTurn& turn) {
    return ",\"done_reason\":" + quote(turn.cut_short ? "length" : "stop") +
           ",\"total_duration\":5000000,\"load_duration\":1000000,\"prompt_eval_count\":" +
           std::to_string(turn.prompt_tokens) +
           ",\"prompt_eval_duration\":1000000,\"eval_count\":" +
           std::to_string(turn.completion_tokens) + ",\"eval_duration\":3000000";
}

std::vector<std::string> lines_of(const FakeCall& call, const FakeTurn& turn) {
    std::vector<std::string> lines;
    const auto add = [&](const FakeTurn& part) {
        lines.push_back(answer(call, message_of(part), false, "") + "\n");
    };
    const std::size_t size = call.options.content_piece;
    for (const std::string& piece : split_text(turn.reasoning, size)) {
        FakeTurn part;
        part.reasoning = piece;
        add(part);
    }
    for (const std::string& piece : split_text(turn.text, size)) {
        FakeTurn part;
        part.text = piece;
        add(part);
    }
    if (!turn.tool_calls.empty()) {
        FakeTurn part;
        part.tool_calls = turn.tool_calls;
        add(part);
    }
    lines.push_back(answer(call, message_of({}), true, closing_members(turn)) + "\n");
    return lines;
}

std::size_t token_limit(const FakeCall& call) {
    const auto options = call.body.FindMember("options");
    return options != call.body.MemberEnd() && options->value.IsObject()
               ? size_member(options->value, "num_predict", 0)
               : 0;
}

FakeResponse chat(const FakeCall& call) {
    const std::string_view model = call.body.IsObject() ? string_member(call.body, "model") : "";
    if (model.empty()) {
        return refuse(call, 400, "model is required");
    }
    if (!knows_model(call, model)) {
        return no_such_model(call, model);
    }
    if (!has_array(call.body, "messages") || call.body["messages"].Empty()) {
        return reply(200, kJson, answer(call, message_of({}), true, ",\"done_reason\":\"load\""));
    }
    const FakeTurn turn = take_turn(call.body, call.options, token_limit(call));
    if (!bool_member(call.body, "stream", true)) {
        return reply(200, kJson, answer(call, message_of(turn), true, closing_members(turn)));
    }
    return {.status = 200,
            .headers = {{"Content-Type", "application/x-ndjson"}},
            .stream = true,
            .pieces = lines_of(call, turn)};
}

FakeResponse embed(const FakeCall& call) {
    const std::string_view model = call.body.IsObject() ? string_member(call.body, "model") : "";
    if (model.empty()) {
        return refuse(call, 400, "model is required");
    }
    if (!knows_model(call, model)) {
        return no_such_model(call, model);
    }
    std::size_t words = 0;
    std::vector<Text> vectors;
    for (const std::string& input : embedding_inputs(call.body)) {
        words += count_words(input);
        std::vector<Text> numbers;
        for (const float value :
             embedding_of(input, size_member(call.body, "dimensions", kDimensions))) {
            numbers.push_back(number(static_cast<double>(value)));
        }
        vectors.push_back(array(numbers));
    }
    return reply(200, kJson,
                 object({{"model", quote(model)},
                         {"embeddings", array(vectors)},
                         {"total_duration", "2000000"},
                         {"load_duration", "1000000"},
                         {"prompt_eval_count", std::to_string(words)}}));
}

FakeResponse tags(const FakeCall& call) {
    std::vector<Text> models;
    for (const std::string& model : call.options.models) {
        models.push_back(object({{"name", quote(model)},
                                 {"model", quote(model)},
                                 {"modified_at", quote(kCreatedAt)},
                                 {"size", "4096"},
                                 {"digest", quote("fa4e")},
                                 {"details", object({{"format", quote("gguf")},
                                                     {"family", quote("fake")},
                                                     {"families", array({quote("fake")})},
                                                     {"parameter_size", quote("1B")},
                                                     {"quantization_level", quote("Q4_0")}})}}));
    }
    return reply(200, kJson, object({{"models", array(models)}}));
}

FakeResponse version(const FakeCall&) {
    return reply(200, kJson, object({{"version", quote("0.0.0-fake")}}));
}

FakeResponse running(const FakeCall&) {
    return reply(200, "text/plain; charset=utf-8", "Ollama is running");
}

}  // namespace

const FakeApi kOllamaApi{.problem = problem_response, .error_event = error_line};

const std::vector<FakeRoute>& ollama_routes() {
    static const std::vector<FakeRoute> routes = {
        {"GET", "/", kOllamaApi, running},
        {"HEAD", "/", kOllamaApi, running},
        {"GET", "/api/version", kOllamaApi, version},
        {"GET", "/api/tags", kOllamaApi, tags},
        {"POST", "/api/chat", kOllamaApi, chat},
        {"POST", "/api/embed", kOllamaApi, embed},
    };
    return routes;
}

}  // namespace tenon::test
