#include "failure.hpp"

#include <chrono>
#include <string>

#include "json.hpp"
#include "tenon/http_error.hpp"

namespace tenon::ollama {
namespace {

bool contains(std::string_view text, std::string_view words) noexcept {
    return text.find(words) != std::string_view::npos;
}

}  // namespace

Error failure(int status, std::span<const HttpHeader> headers, std::string_view body,
              std::string_view model) {
    const JsonText json(body);
    Error error = error_from_http(status, headers, body,
                                  {.json = json.valid() ? JsonLookup(&json) : JsonLookup(),
                                   .now = std::chrono::system_clock::now()});
    const std::string said = json.find("/error").value_or("");
    if (error.code == Code::not_found && !model.empty() && contains(said, "not found")) {
        // A 404 of another kind says that the address is wrong.
        error.message = "Ollama does not have the model \"" + std::string(model) +
                        "\"; fetch it with: ollama pull " + std::string(model);
    } else if (error.code == Code::invalid && contains(said, "does not support")) {
        error.code = Code::unsupported;  // another provider may have a model that does
    } else if (contains(said, "requires more system memory")) {
        // Neither the server's fault nor better in a moment: other models may well fit.
        error.scope = Scope::request;
        error.retryable = false;
    } else if (error.code == Code::auth) {
        error.message += "; check this provider's \"api_key\"";
    }
    return error;
}

Error broken_exchange(Error error) {
    if (error.code == Code::unavailable && error.not_sent) {
        error.message += " (\"ollama serve\" starts Ollama)";
    }
    return error;
}

Error not_ollama(std::string_view what) {
    return Error(Code::protocol,
                 "the server's answer is not " + std::string(what) +
                     "; check that \"base_url\" is the address of an Ollama server");
}

}  // namespace tenon::ollama
