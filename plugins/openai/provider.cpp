#include "provider.hpp"

#include <chrono>
#include <optional>

#include "answer.hpp"
#include "chat_stream.hpp"
#include "tenon/json_text.hpp"
#include "usage_option.hpp"

namespace tenon::openai {
namespace {

constexpr std::size_t kErrorBodyLimit = std::size_t{1} << 20;         // bytes
constexpr std::size_t kModelsBodyLimit = std::size_t{16} << 20;       // OpenRouter's has 1 MB
constexpr std::size_t kEmbeddingsBodyLimit = std::size_t{256} << 20;  // 2048 vectors have 60 MB

std::vector<HttpHeader> views_of(const std::vector<Settings::Header>& headers) {
    std::vector<HttpHeader> out;
    out.reserve(headers.size());
    for (const auto& header : headers) out.push_back({header.name, header.value});
    return out;
}

/// What a bad status means; a body that did not arrive is not needed for that.
Error failure(const HttpResponse& response, const Result<std::string>& body) {
    return provider_error(response.status(), response.headers(),
                          body ? std::string_view(*body) : std::string_view(),
                          std::chrono::system_clock::now());
}

/// Why emit() did not take a delta.
Error stopped(Code code) {
    if (code == Code::cancelled || code == Code::stale) {
        return {Code::cancelled, "stopped because nobody wants the answer any more"};
    }
    return {code, "the host did not take a piece of the answer"};
}

/// Does an error to a health check come from a server that is well? One without a list of models
/// says 404 or 405, and one that is busy 429; but credit that is used up is forbidden, not
/// throttled.
bool is_alive(const Error& error) noexcept {
    return error.http_status == 404 || error.http_status == 405 || error.code == Code::throttled;
}

}  // namespace

Result<std::unique_ptr<OpenAi>> OpenAi::create(const ProviderContext& context) {
    auto settings = read_settings(context.config);
    if (!settings) return std::move(settings).error();
    return std::make_unique<OpenAi>(context, std::move(settings).value());
}

OpenAi::OpenAi(const ProviderContext& context, Settings settings)
    : Provider(context), settings_(std::move(settings)), headers_(views_of(settings_.headers)) {}

std::vector<HttpHeader> OpenAi::headers_of(const Request& request) const {
    std::vector<HttpHeader> out;
    out.reserve(headers_.size() + 3);
    out = headers_;
    out.push_back({"content-type", "application/json"});
    if (!request.idempotency_key().empty()) {
        out.push_back({"idempotency-key", request.idempotency_key()});
    }
    if (!request.trace_parent().empty()) out.push_back({"traceparent", request.trace_parent()});
    return out;
}

HttpRequest OpenAi::post(std::string_view url, std::span<const HttpHeader> headers,
                         std::string_view body) const noexcept {
    HttpRequest out = get_models();
    out.method = "POST";
    out.url = url;
    out.headers = headers;
    out.body = body;
    return out;
}

HttpRequest OpenAi::get_models() const noexcept {
    HttpRequest out;
    out.url = settings_.models_url;
    out.headers = headers_;
    out.credential = "api_key";
    out.credential_optional = true;
    out.credential_header = settings_.auth_header;
    out.credential_prefix = settings_.auth_prefix;
    return out;
}

Task OpenAi::complete(Call call, Request request) {
    std::optional<std::string> changed_body;
    if (request.stream() && settings_.include_usage) {
        changed_body = with_usage_option(request.body());
    }
    const std::vector<HttpHeader> headers = headers_of(request);
    HttpRequest http = post(settings_.chat_url, headers, request.body());
    if (changed_body) http.body = *changed_body;
    // Our own body goes with this coroutine, which may end before a cancelled exchange has.
    http.stable_body = !changed_body;
    auto response = co_await http_send(call, http);
    if (!response) co_return call.fail(response.error());
    if (!response->ok()) {
        const auto body = co_await response->body(kErrorBodyLimit);
        co_return call.fail(failure(*response, body));
    }

    forward(std::move(call), *std::move(response));
}

Task OpenAi::forward(Call call, HttpResponse response) {
    ChatStream stream(response.headers());
    for (;;) {
        const auto bytes = co_await response.next();
        if (!bytes && !stream.done()) co_return call.fail(bytes.error());
        if (!bytes || !*bytes) break;
        stream.push(**bytes);
        for (;;) {
            const auto delta = stream.next();
            if (!delta) co_return call.fail(delta.error());
            if (*delta == nullptr) break;
            const Code taken = co_await call.deliver(**delta);
            if (taken != Code::ok) co_return call.fail(stopped(taken));
        }
    }
    const auto answer = stream.end();
    if (!answer) co_return call.fail(answer.error());
    call.finish(*answer);
}

Task OpenAi::embed(Call call, Request request) {
    const std::vector<HttpHeader> headers = headers_of(request);
    HttpRequest http = post(settings_.embeddings_url, headers, request.body());
    http.stable_body = true;
    auto response = co_await http_send(call, http);
    if (!response) co_return call.fail(response.error());
    const bool good = response->ok();
    const auto body = co_await response->body(good ? kEmbeddingsBodyLimit : kErrorBodyLimit);
    if (!good) co_return call.fail(failure(*response, body));
    if (!body) co_return call.fail(body.error());
    const auto answer = whole_answer(*body, kEmbeddings, response->headers());
    if (!answer) co_return call.fail(answer.error());
    call.finish(*answer);
}

Task OpenAi::list_models(Call call) {
    const HttpRequest http = get_models();
    auto response = co_await http_send(call, http);
    if (!response) co_return call.fail(response.error());
    const auto body = co_await response->body(kModelsBodyLimit);
    if (response->status() == 404 || response->status() == 405) {
        co_return call.fail(Error(Code::unsupported, "the provider has no list of models (HTTP " +
                                                         std::to_string(response->status()) +
                                                         "); name them in the configuration"));
    }
    if (!response->ok()) co_return call.fail(failure(*response, body));
    if (!body) co_return call.fail(body.error());
    auto answer = whole_answer(*body, kModels, response->headers());
    if (!answer) co_return call.fail(answer.error());
    std::string list;
    if (answer->body.starts_with('[')) {  // Together
        list = R"({"object":"list","data":)" + std::string(answer->body) + '}';
        answer->body = list;
    }
    call.finish(*answer);
}

Task OpenAi::health_check(Call call) {
    const HttpRequest http = get_models();
    auto response = co_await http_send(call, http);
    if (!response) co_return call.fail(response.error());
    // To its end, so that the connection can be used again.
    const auto body = co_await response->body(kModelsBodyLimit);
    if (!response->ok()) {
        Error error = failure(*response, body);
        if (response->status() == 401 || response->status() == 403) {
            error.code = Code::auth;
            error.scope = Scope::provider;
        }
        if (!is_alive(error)) co_return call.fail(error);
    }
    std::string version;
    if (const auto header = response->header("openai-version"); !header.empty()) {
        version = R"({"version":)";
        append_json_string(version, header);
        version += '}';
    }
    call.finish({.body = version});
}

}  // namespace tenon::openai
