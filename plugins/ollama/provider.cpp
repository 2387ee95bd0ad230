#include "provider.hpp"

#include "chat_request.hpp"
#include "chat_stream.hpp"
#include "embeddings.hpp"
#include "failure.hpp"
#include "models.hpp"

namespace tenon::ollama {
namespace {

constexpr std::size_t kErrorBodyLimit = std::size_t{1} << 20;  // bytes

constexpr HttpHeader kJsonContent[] = {{"content-type", "application/json"}};

HttpRequest http_request(std::string_view method, std::string_view url, std::string_view body) {
    HttpRequest out;
    out.method = method;
    out.url = url;
    out.body = body;
    if (!body.empty()) out.headers = kJsonContent;
    out.credential = "api_key";
    out.credential_optional = true;
    return out;
}

/// Different for every call, also after the host's restart: a conversation holds the ids of many.
std::string tool_call_prefix(const Call& call) {
    // The finalizer of SplitMix64.
    auto bits =
        static_cast<std::uint64_t>(call.host().now().count()) + call.handle() * 0x9E3779B97F4A7C15u;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
    bits ^= bits >> 31;
    std::string out = "call_";
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(bits >> shift) & 15u];
    return out += '_';
}

Error nobody_listens() {
    return Error(Code::cancelled, "Ollama's answer was dropped because nobody wants it any more");
}

}  // namespace

Result<std::unique_ptr<Ollama>> Ollama::create(const ProviderContext& context) {
    auto settings = read_settings(context.config);
    if (!settings) return std::move(settings).error();
    return std::make_unique<Ollama>(context, std::move(settings).value());
}

/// Streams, whatever the caller wants: the host puts the deltas together, and a model that is slow
/// but alive is not mistaken for a dead one.
Task Ollama::complete(Call call, Request request) {
    auto body = chat_body(request.body(), request.model(), settings_);
    if (!body) co_return call.fail(body.error());
    const std::string to = url("/api/chat");
    const HttpRequest http = http_request("POST", to, *body);
    auto response = co_await http_send(call, http);
    if (!response) co_return call.fail(broken_exchange(response.error()));
    if (!response->ok()) {
        const auto text = co_await response->body(kErrorBodyLimit);
        const std::string_view said = text ? std::string_view(*text) : std::string_view();
        co_return call.fail(
            failure(response->status(), response->headers(), said, request.model()));
    }

    std::string().swap(*body);  // was copied; the stream may last

    ChatStream stream(tool_call_prefix(call));
    for (bool more = true; more;) {
        const auto chunk = co_await response->next();
        if (!chunk) {
            if (stream.complete()) break;
            co_return call.fail(chunk.error());
        }
        more = chunk->has_value();
        for (const Delta& delta : more ? stream.read(**chunk) : stream.finish()) {
            const Code taken = co_await call.deliver(delta);
            if (taken != Code::ok) co_return call.fail(nobody_listens());
        }
        if (stream.error()) co_return call.fail(*stream.error());
    }
    call.finish(stream.answer());
}

Task Ollama::ask(Call call, Question question) {
    const std::string to = url(question.path);
    const HttpRequest http = http_request(question.method, to, question.body);
    auto response = co_await http_send(call, http);
    if (!response) co_return call.fail(broken_exchange(response.error()));
    const bool good = response->ok();
    const auto text =
        co_await response->body(good ? HttpResponse::kDefaultBodyLimit : kErrorBodyLimit);
    if (!good) {
        const std::string_view said = text ? std::string_view(*text) : std::string_view();
        co_return call.fail(failure(response->status(), response->headers(), said, question.model));
    }
    if (!text) co_return call.fail(text.error());
    question.answer(call, *text);
}

Task Ollama::embed(Call call, Request request) {
    auto wanted = embed_request(request.body(), request.model(), settings_);
    if (!wanted) {
        call.fail(wanted.error());
        return {};
    }
    const auto answer = [inputs = wanted->inputs](Call& asked, std::string_view body) {
        const auto found = read_embeddings(body, inputs);
        if (!found) return asked.fail(found.error());
        asked.finish_vectors(found->numbers.data(), found->rows, found->dimensions,
                             found->input_tokens);
    };
    return ask(std::move(call), {.method = "POST",
                                 .path = "/api/embed",
                                 .body = std::move(wanted->body),
                                 .model = std::string(request.model()),
                                 .answer = answer});
}

Task Ollama::list_models(Call call) {
    const auto answer = [](Call& asked, std::string_view body) {
        const auto models = models_body(body);
        if (!models) return asked.fail(models.error());
        asked.finish({.body = *models});
    };
    return ask(std::move(call),
               {.method = "GET", .path = "/api/tags", .body = {}, .model = {}, .answer = answer});
}

Task Ollama::health_check(Call call) {
    const auto answer = [](Call& asked, std::string_view body) {
        const auto version = version_body(body);
        if (!version) return asked.fail(version.error());
        asked.finish({.body = *version});
    };
    return ask(
        std::move(call),
        {.method = "GET", .path = "/api/version", .body = {}, .model = {}, .answer = answer});
}

}  // namespace tenon::ollama
