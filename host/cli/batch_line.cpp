#include <algorithm>
#include <array>
#include <limits>

#include "base/text.hpp"
#include "cli/batch_input.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

using wire::JsonView;

Error wrong(std::string message) {
    return Error(Code::invalid, std::move(message));
}

Error not_a(std::string_view key, std::string_view wanted, JsonView value) {
    return wrong('"' + std::string(key) + "\" is " + std::string(describe(value.kind())) +
                 ", not " + std::string(wanted));
}

/// A member that may be missing, then `into` stays.
Result<void> read_text(JsonView object, std::string_view key, std::string& into) {
    const JsonView value = object[key];
    if (!value.exists()) return {};
    const auto text = value.as_string();
    if (!text) return not_a(key, "a string", value);
    into = *text;
    return {};
}

template <class Number>
Result<void> read_number(JsonView object, std::string_view key, std::optional<Number>& into) {
    const JsonView value = object[key];
    if (!value.exists()) return {};
    if constexpr (std::is_integral_v<Number>) {
        const auto number = value.as_int64();
        if (!number || *number < std::numeric_limits<Number>::min() ||
            *number > std::numeric_limits<Number>::max()) {
            return not_a(key, "a whole number that fits", value);
        }
        into = static_cast<Number>(*number);
    } else {
        into = value.as_double();
        if (!into) return not_a(key, "a number", value);
    }
    return {};
}

/// The line's name and rank, wherever they stand.
Result<void> read_id(JsonView object, std::string_view key, BatchLine& line) {
    const JsonView id = object[key];
    if (!id.exists()) return {};
    if (const auto text = id.as_string()) {
        line.id = *text;
    } else if (const auto number = id.as_int64()) {
        line.id = std::to_string(*number);
    } else {
        return not_a(key, "a string or a whole number", id);
    }
    if (line.id.empty()) return wrong('"' + std::string(key) + "\" is empty");
    return {};
}

Result<void> read_priority(JsonView object, BatchLine& line) {
    std::optional<int> priority;
    auto read = read_number(object, "priority", priority);
    line.priority = priority.value_or(0);
    return read;
}

Result<void> check_keys(JsonView object, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : object.members()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        return wrong("unknown key \"" + std::string(key) + '"' +
                     base::did_you_mean(key, std::vector<std::string_view>(known)));
    }
    return {};
}

template <class Request>
Request with_defaults(const BatchDefaults& defaults) {
    Request request;
    request.provider = defaults.provider;
    request.model = defaults.model;
    request.options = defaults.options;
    return request;
}

/// {"prompt": "text", "system", "model", "provider", "temperature", "max_tokens"}
Result<void> read_prompt(JsonView object, const BatchDefaults& defaults, BatchLine& line) {
    if (auto keys = check_keys(object, {"prompt", "system", "model", "provider", "temperature",
                                        "max_tokens", "id", "custom_id", "priority"});
        !keys) {
        return keys;
    }
    auto request = with_defaults<host::ChatRequest>(defaults);
    std::string prompt;
    std::string system;
    for (const auto& [key, into] : {std::pair{"prompt", &prompt},
                                    {"system", &system},
                                    {"model", &request.model},
                                    {"provider", &request.provider}}) {
        if (auto read = read_text(object, key, *into); !read) return read;
    }
    if (auto read = read_number(object, "temperature", request.temperature); !read) return read;
    if (auto read = read_number(object, "max_tokens", request.max_tokens); !read) return read;
    if (!system.empty()) request.messages.push_back({"system", std::move(system)});
    request.messages.push_back({"user", std::move(prompt)});
    line.request = std::move(request);
    return {};
}

/// The object without the members that are for this program.
std::string body_text(JsonView object) {
    static constexpr std::array<std::string_view, 3> kOurs = {"id", "custom_id", "priority"};
    std::string text;
    wire::JsonWriter json(text);
    json.begin_object();
    for (const auto& [key, value] : object.members()) {
        if (std::find(kOurs.begin(), kOurs.end(), key) != kOurs.end()) continue;
        json.key(key);
        value.write(json);
    }
    json.end_object();
    return text;
}

Result<void> read_chat(JsonView body, const BatchDefaults& defaults, BatchLine& line) {
    if (!body["messages"].is_array()) return not_a("messages", "an array", body["messages"]);
    auto request = with_defaults<host::ChatRequest>(defaults);
    if (auto read = read_text(body, "model", request.model); !read) return read;
    request.body_json = body_text(body);
    line.request = std::move(request);
    return {};
}

Result<void> read_embedding(JsonView body, const BatchDefaults& defaults, BatchLine& line) {
    auto request = with_defaults<host::EmbeddingRequest>(defaults);
    if (auto read = read_text(body, "model", request.model); !read) return read;
    if (auto read = read_number(body, "dimensions", request.dimensions); !read) return read;
    const JsonView input = body["input"];
    if (const auto text = input.as_string()) request.inputs.emplace_back(*text);
    for (const JsonView each : input.elements()) {
        const auto text = each.as_string();
        if (!text) return wrong("\"input\" is neither a text nor a list of texts");
        request.inputs.emplace_back(*text);
    }
    if (request.inputs.empty()) return wrong("\"input\" is neither a text nor a list of texts");
    line.request = std::move(request);
    return {};
}

Result<void> read_body(JsonView body, const BatchDefaults& defaults, BatchLine& line) {
    if (body["messages"].exists()) return read_chat(body, defaults, line);
    if (body["input"].exists()) return read_embedding(body, defaults, line);
    return wrong("the object has neither \"prompt\" nor \"messages\" nor \"input\"");
}

/// {"custom_id", "method", "url", "body"}
Result<void> read_batch_api(JsonView object, const BatchDefaults& defaults, BatchLine& line) {
    line.form = BatchForm::batch_api;
    if (!object["custom_id"].exists() && !object["id"].exists()) {
        return wrong("\"custom_id\" is missing");
    }
    std::string method = "POST";
    std::string url;
    if (auto read = read_text(object, "method", method); !read) return read;
    if (auto read = read_text(object, "url", url); !read) return read;
    if (method != "POST") return wrong("\"method\" is " + method + "; only POST makes sense");
    const JsonView body = object["body"];
    if (!body.is_object()) return not_a("body", "an object", body);
    if (url == "/v1/chat/completions") return read_chat(body, defaults, line);
    if (url == "/v1/embeddings") return read_embedding(body, defaults, line);
    if (url.empty()) return read_body(body, defaults, line);
    return wrong("\"url\" is " + url +
                 "; a batch can ask for /v1/chat/completions and /v1/embeddings");
}

}  // namespace

Result<BatchLine> read_batch_line(std::string_view text, std::uint64_t number,
                                  const BatchDefaults& defaults) {
    const auto document = wire::JsonDocument::parse(text);
    if (!document) return wrong("it is not JSON: " + document.error().message);
    const JsonView root = document->root();
    BatchLine line;
    line.number = number;
    line.id = std::to_string(number);
    if (const auto prompt = root.as_string()) {
        auto request = with_defaults<host::ChatRequest>(defaults);
        request.messages.push_back({"user", std::string(*prompt)});
        line.request = std::move(request);
        return line;
    }
    if (!root.is_object()) {
        return wrong("it is " + std::string(describe(root.kind())) +
                     ", neither a string nor an object");
    }
    for (const std::string_view key : {"id", "custom_id"}) {
        if (auto read = read_id(root, key, line); !read) return std::move(read).error();
    }
    if (auto read = read_priority(root, line); !read) return std::move(read).error();
    Result<void> read;
    if (root["body"].exists() || root["url"].exists()) {
        read = read_batch_api(root, defaults, line);
    } else if (root["prompt"].exists()) {
        read = read_prompt(root, defaults, line);
    } else {
        line.form = BatchForm::body;
        read = read_body(root, defaults, line);
    }
    if (!read) return std::move(read).error();
    return line;
}

}  // namespace tenon::cli
