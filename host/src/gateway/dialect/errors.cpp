#include "gateway/dialect/errors.hpp"

#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonDocument;
using wire::JsonWriter;

/// What an error is called.
struct Words {
    int status;
    std::string_view openai_type;
    std::string_view openai_code;
    std::string_view anthropic_type;
};

constexpr std::string_view kInvalidRequest = "invalid_request_error";
constexpr std::string_view kServer = "server_error";
constexpr std::string_view kApi = "api_error";
constexpr int kTooLarge = 413;

Words words_of(const Error& error) noexcept {
    switch (error.code) {
        case Code::cancelled: return {499, kServer, "request_cancelled", kApi};
        case Code::invalid: return {400, kInvalidRequest, "invalid_request", kInvalidRequest};
        case Code::unsupported: return {400, kInvalidRequest, "unsupported", kInvalidRequest};
        case Code::no_memory: return {500, kServer, "out_of_memory", kApi};
        case Code::unavailable: return {503, kServer, "service_unavailable", kApi};
        case Code::deadline: return {504, kServer, "timeout", "timeout_error"};
        case Code::auth:
            if (error.scope == Scope::request) {
                return {401, kInvalidRequest, "invalid_api_key", "authentication_error"};
            }
            return {502, kServer, "provider_authentication_failed", kApi};
        case Code::forbidden:
            return {403, "permission_error", "permission_denied", "permission_error"};
        case Code::throttled:
            return {429, "rate_limit_error", "rate_limit_exceeded", "rate_limit_error"};
        case Code::too_large:
            // Bytes have a status of their own; too many tokens are told as OpenAI tells them.
            if (error.http_status == kTooLarge) {
                return {kTooLarge, kInvalidRequest, "request_too_large", "request_too_large"};
            }
            return {400, kInvalidRequest, "context_length_exceeded", kInvalidRequest};
        case Code::refused: return {400, kInvalidRequest, "content_filter", kInvalidRequest};
        case Code::protocol: return {502, kServer, "bad_gateway", kApi};
        case Code::not_found: return {404, kInvalidRequest, "model_not_found", "not_found_error"};
        case Code::overloaded:
            return {503, "service_unavailable_error", "server_is_overloaded", "overloaded_error"};
        case Code::ok:
        case Code::stale:
        case Code::again:
        case Code::internal: break;
    }
    return {500, kServer, "internal_error", kApi};
}

Error member_error(Code code, std::string_view path, std::string_view what) {
    Error error(code,
                path.empty() ? std::string(what) : std::string(path) + ": " + std::string(what));
    if (path.empty()) return error;
    JsonWriter writer(error.detail_json);
    writer.begin_object();
    writer.member("param", path);
    writer.end_object();
    return error;
}

constexpr int kOverloadedAtAnthropic = 529;

}  // namespace

Error invalid_member(std::string_view path, std::string_view what) {
    return member_error(Code::invalid, path, what);
}

Error unsupported_member(std::string_view path, std::string_view what) {
    return member_error(Code::unsupported, path, what);
}

int http_status(const Error& error) noexcept {
    return words_of(error).status;
}

std::vector<std::pair<std::string, std::string>> retry_headers(const Error& error) {
    std::vector<std::pair<std::string, std::string>> headers;
    if (error.retry_after_ms && *error.retry_after_ms >= 0) {
        const std::int64_t ms = *error.retry_after_ms;
        headers.emplace_back("retry-after", std::to_string(ms / 1000 + (ms % 1000 != 0 ? 1 : 0)));
        headers.emplace_back("retry-after-ms", std::to_string(ms));
    }
    // Official clients repeat every 5xx and 429 unless this says otherwise.
    headers.emplace_back("x-should-retry", error.retryable ? "true" : "false");
    return headers;
}

std::string openai_error_json(const Error& error) {
    const Words words = words_of(error);
    const auto detail = JsonDocument::parse(error.detail_json);
    const wire::JsonView further = detail ? detail->root() : wire::JsonView();
    std::string body;
    JsonWriter writer(body);
    writer.begin_object();
    writer.key("error");
    writer.begin_object();
    writer.member("message", error.message);
    writer.member("type", words.openai_type);
    writer.key("param");
    further["param"].write(writer);
    writer.member("code", error.provider_code.empty() ? words.openai_code
                                                      : std::string_view(error.provider_code));
    for (const auto& [name, value] : further.members()) {
        if (name == "message" || name == "type" || name == "param" || name == "code") continue;
        writer.key(name);
        value.write(writer);
    }
    writer.end_object();
    writer.end_object();
    return body;
}

ErrorReply openai_error(const Error& error) {
    return {http_status(error), openai_error_json(error), retry_headers(error)};
}

std::string anthropic_error_json(const Error& error) {
    std::string body;
    JsonWriter writer(body);
    writer.begin_object();
    writer.member("type", "error");
    writer.key("error");
    writer.begin_object();
    writer.member("type", words_of(error).anthropic_type);
    writer.member("message", error.message);
    writer.end_object();
    writer.end_object();
    return body;
}

ErrorReply anthropic_error(const Error& error) {
    const int status = error.code == Code::overloaded ? kOverloadedAtAnthropic : http_status(error);
    return {status, anthropic_error_json(error), retry_headers(error)};
}

std::string ollama_error_json(const Error& error) {
    std::string body;
    JsonWriter writer(body);
    writer.begin_object();
    writer.member("error", error.message);
    writer.end_object();
    return body;
}

ErrorReply ollama_error(const Error& error) {
    return {http_status(error), ollama_error_json(error), retry_headers(error)};
}

ErrorReply cohere_error(const Error& error) {
    std::string body;
    JsonWriter writer(body);
    writer.begin_object();
    writer.member("message", error.message);
    writer.end_object();
    return {http_status(error), std::move(body), retry_headers(error)};
}

std::string_view responses_error_code(Code code) noexcept {
    switch (code) {
        case Code::throttled: return "rate_limit_exceeded";
        case Code::invalid:
        case Code::unsupported:
        case Code::too_large:
        case Code::refused: return "invalid_prompt";
        default: return kServer;
    }
}

}  // namespace tenon::gateway
