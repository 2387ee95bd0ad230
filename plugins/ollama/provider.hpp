#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "settings.hpp"
#include "tenon/plugin.hpp"

namespace tenon::ollama {

/// One Ollama server, spoken to in its own API over the host's HTTP service.
class Ollama final : public Provider {
public:
    [[nodiscard]] static Result<std::unique_ptr<Ollama>> create(const ProviderContext& context);

    Ollama(const ProviderContext& context, Settings settings)
        : Provider(context), settings_(std::move(settings)) {}

    Task complete(Call call, Request request) override;
    Task embed(Call call, Request request) override;
    Task list_models(Call call) override;
    Task health_check(Call call) override;

private:
    /// A request of this plugin, and what finishes or fails the call with the answer's body.
    struct Question {
        std::string_view method;
        std::string_view path;  ///< of static storage
        std::string body;
        std::string model;
        std::function<void(Call&, std::string_view)> answer;
    };
    Task ask(Call call, Question question);

    [[nodiscard]] std::string url(std::string_view path) const {
        return settings_.base_url + std::string(path);
    }

    const Settings settings_;
};

}  // namespace tenon::ollama
