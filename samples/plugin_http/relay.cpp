#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tenon/http_error.hpp"
#include "tenon/plugin.hpp"
#include "tenon/sse.hpp"

namespace {

using namespace tenon;

/// A server that speaks the OpenAI dialect, so that requests and chunks pass as they are.
class Relay : public Provider {
public:
    static Result<std::unique_ptr<Relay>> create(const ProviderContext& context) {
        const auto config = JsonDocument::parse(context.host, context.config);
        if (!config) return config.error();
        const auto url = config->string("/base_url");
        if (!url) return Error(Code::invalid, "the provider's config needs a \"base_url\"");
        return std::make_unique<Relay>(context, std::string(*url));
    }

    Relay(const ProviderContext& context, std::string base_url)
        : Provider(context), base_url_(std::move(base_url)) {}

    Task complete(Call call, Request request) override {
        const std::string url = base_url_ + "/chat/completions";
        const HttpHeader headers[] = {{"content-type", "application/json"}};
        auto response = co_await http_send(call, {.method = "POST",
                                                  .url = url,
                                                  .headers = headers,
                                                  .body = request.body(),
                                                  .stable_body = true,
                                                  .credential = "api_key"});
        if (!response) co_return call.fail(response.error());
        if (!response->ok() || !request.stream()) {
            const auto body = co_await response->body();
            if (!body) co_return call.fail(body.error());
            if (!response->ok()) co_return call.fail(refusal(*response, *body));
            co_return call.finish({.body = *body});
        }
        SseParser events;
        std::string finish_reason;
        for (;;) {
            const auto chunk = co_await response->next();
            if (!chunk) co_return call.fail(chunk.error());
            if (!*chunk) co_return call.fail({Code::protocol, "the stream ended early"});
            events.push(**chunk);
            while (const auto event = events.next()) {
                if (event->data == "[DONE]") {
                    co_return call.finish({.finish_reason = finish_reason});
                }
                const auto json = JsonDocument::parse(host(), event->data);
                if (!json) co_return call.fail({Code::protocol, json.error().message});
                finish_reason = json->string("/choices/0/finish_reason").value_or(finish_reason);
                const auto text = json->string("/choices/0/delta/content").value_or("");
                const Code taken =
                    call.emit({.kind = TENON_DELTA_TEXT, .data = text, .raw = event->data});
                if (taken != Code::ok) co_return call.fail({taken, "nobody reads on"});
            }
            if (events.failed()) co_return call.fail(events.error());
        }
    }

    Task health_check(Call call) override {
        const std::string url = base_url_ + "/models";
        auto response = co_await http_send(call, {.url = url, .credential = "api_key"});
        if (!response) co_return call.fail(response.error());
        const auto body = co_await response->body();
        if (!body) co_return call.fail(body.error());
        if (!response->ok()) co_return call.fail(refusal(*response, *body));
        call.finish();
    }

private:
    Error refusal(const HttpResponse& response, const std::string& body) const {
        const auto json = JsonDocument::parse(host(), body);
        return error_from_http(
            response.status(), response.headers(), body,
            {.json = json ? &*json : nullptr, .now = std::chrono::system_clock::now()});
    }

    std::string base_url_;
};

constexpr std::string_view kSchema = R"({
    "type": "object",
    "required": ["base_url"],
    "properties": {
        "base_url": {"type": "string"},
        "api_key": {"type": "string", "x-tenon-secret": true}
    }
})";

}  // namespace

TENON_EXPORT_PLUGIN(tenon::kind<Relay>({.id = "relay",
                                        .name = "Relay",
                                        .version = "1.0.0",
                                        .config_schema = kSchema,
                                        .features = TENON_FEATURE_STREAM,
                                        .required_services = tenon::kNetworkServices}))
