#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

/// What the gateway says about itself: its models and its version.
namespace tenon::gateway {

struct ModelEntry {
    std::string id;
    std::string owner;  ///< the provider that has it
    std::chrono::system_clock::time_point created = {};
};

/// GET /v1/models: {"object":"list","data":[...]}.
[[nodiscard]] std::string openai_models(std::span<const ModelEntry> models);
/// GET /v1/models/{id}.
[[nodiscard]] std::string openai_model(const ModelEntry& model);
/// GET /v1/models for clients that send "anthropic-version"; one page.
[[nodiscard]] std::string anthropic_models(std::span<const ModelEntry> models);
/// GET /v1/models/{id} for them.
[[nodiscard]] std::string anthropic_model(const ModelEntry& model);
/// GET /api/tags.
[[nodiscard]] std::string ollama_tags(std::span<const ModelEntry> models);
/// GET /api/ps: of Ollama's "running" models.
[[nodiscard]] std::string ollama_running(std::span<const ModelEntry> models);
/// POST /api/show: what is known of a model. Nothing is said of what it can do: nobody knows.
[[nodiscard]] std::string ollama_show(const ModelEntry& model);
/// The model that a body of POST /api/show names. Errors: Code::invalid.
[[nodiscard]] Result<std::string> ollama_shown_model(std::string_view body);
/// GET /api/version.
[[nodiscard]] std::string ollama_version(std::string_view version);

}  // namespace tenon::gateway
