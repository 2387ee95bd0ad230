#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/key_ring.hpp"
#include "gateway/api/model_catalogue.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

/// Does the client say that it is one of Anthropic's?
[[nodiscard]] bool is_anthropic(const transport::ServerRequest& request) noexcept;

/// Is it one of Ollama's clients, by its own account?
[[nodiscard]] bool is_ollama(const transport::ServerRequest& request) noexcept;

/// What the gateway tells of its models without asking one: lists, single models, its version; and
/// that it does not do what else clients ask a server of models for.
///
/// \par Thread-safety
/// Any I/O thread.
class ModelPages {
public:
    explicit ModelPages(runtime::HostImpl& host) : host_(host), catalogue_(host) {}

    [[nodiscard]] static bool serves(const transport::ServerRequest& request) noexcept;

    /// The body, JSON. \param key whose models are told; nullptr = all.
    /// Errors: Code::not_found, Code::invalid; Code::unsupported with its http_status.
    /// REQUIRES: serves(request).
    [[nodiscard]] net::Awaitable<Result<std::string>> answer(
        const transport::ServerRequest& request, const ClientKey* key);

    /// The configuration has changed.
    void forget() { catalogue_.forget(); }

private:
    /// Those of `models` that a provider has which is connected now.
    [[nodiscard]] std::vector<ModelEntry> connected(const std::vector<ModelEntry>& models) const;

    runtime::HostImpl& host_;
    ModelCatalogue catalogue_;
};

}  // namespace tenon::gateway
