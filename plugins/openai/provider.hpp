#pragma once

#include <memory>
#include <string>
#include <vector>

#include "settings.hpp"
#include "tenon/plugin.hpp"

namespace tenon::openai {

/// A server that speaks the OpenAI API, over the host's HTTP service (schema.cpp says what can be
/// configured). Requests are in the server's dialect already, so their bodies are forwarded; chunks
/// are parsed once and forwarded with their text (ChatStream).
class OpenAi final : public Provider {
public:
    [[nodiscard]] static Result<std::unique_ptr<OpenAi>> create(const ProviderContext& context);
    OpenAi(const ProviderContext& context, Settings settings);

    Task complete(Call call, Request request) override;
    Task embed(Call call, Request request) override;
    Task list_models(Call call) override;
    Task health_check(Call call) override;

private:
    /// What comes of complete() once the answer has begun, in a coroutine of its own: streams may
    /// last, and need not keep what the request took.
    Task forward(Call call, HttpResponse response);
    [[nodiscard]] std::vector<HttpHeader> headers_of(const Request& request) const;
    [[nodiscard]] HttpRequest post(std::string_view url, std::span<const HttpHeader> headers,
                                   std::string_view body) const noexcept;
    [[nodiscard]] HttpRequest get_models() const noexcept;

    const Settings settings_;
    const std::vector<HttpHeader> headers_;  // views into settings_
};

}  // namespace tenon::openai
