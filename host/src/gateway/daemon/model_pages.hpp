#pragma once

#include <string>
#include <string_view>

#include "gateway/api/key_ring.hpp"
#include "gateway/api/model_catalogue.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

/// Does the client say that it is one of Anthropic's?
[[nodiscard]] bool is_anthropic(const transport::ServerRequest& request) noexcept;

/// What the gateway tells of its models without asking one: lists, single models, its version.
///
/// \par Thread-safety
/// Any I/O thread.
class ModelPages {
public:
    explicit ModelPages(runtime::HostImpl& host) : catalogue_(host) {}

    [[nodiscard]] static bool serves(const transport::ServerRequest& request) noexcept;

    /// The body, JSON. \param key whose models are told; nullptr = all.
    /// Errors: Code::not_found. REQUIRES: serves(request).
    [[nodiscard]] net::Awaitable<Result<std::string>> answer(
        const transport::ServerRequest& request, const ClientKey* key);

    /// The configuration has changed.
    void forget() { catalogue_.forget(); }

private:
    ModelCatalogue catalogue_;
};

}  // namespace tenon::gateway
