#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/error.hpp"

/// Errors in the words of each dialect (docs/gateway_dialects.md has the table).
namespace tenon::gateway {

/// What a client gets instead of an answer. The body is JSON.
struct ErrorReply {
    int status = 500;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers = {};
};

/// A fault of the client's request at `path`, e.g. "messages.2.content": the message names it, and
/// so does "param" where a dialect has that.
[[nodiscard]] Error invalid_member(std::string_view path, std::string_view what);
/// As above, for what the dialect has and the canonical request cannot say.
[[nodiscard]] Error unsupported_member(std::string_view path, std::string_view what);

/// The HTTP status for an error. A provider that refused the gateway's own credentials is a bad
/// gateway (502); only an auth error of the request's own scope is the client's (401).
[[nodiscard]] int http_status(const Error& error) noexcept;

/// "retry-after" (whole seconds), "retry-after-ms" and "x-should-retry", as far as they apply.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> retry_headers(const Error& error);

/// {"error":{"message","type","param","code"}}; further members of `detail_json` are added.
[[nodiscard]] std::string openai_error_json(const Error& error);
[[nodiscard]] ErrorReply openai_error(const Error& error);

/// {"type":"error","error":{"type","message"}}.
[[nodiscard]] std::string anthropic_error_json(const Error& error);
[[nodiscard]] ErrorReply anthropic_error(const Error& error);

/// {"error":"message"}.
[[nodiscard]] std::string ollama_error_json(const Error& error);
[[nodiscard]] ErrorReply ollama_error(const Error& error);

/// {"message":"..."}.
[[nodiscard]] ErrorReply cohere_error(const Error& error);

/// The code of a failed response in the Responses dialect, whose set is closed.
[[nodiscard]] std::string_view responses_error_code(Code code) noexcept;

}  // namespace tenon::gateway
