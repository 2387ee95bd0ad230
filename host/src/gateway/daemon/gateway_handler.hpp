#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "gateway/api/api_context.hpp"
#include "gateway/api/header_list.hpp"
#include "gateway/daemon/model_pages.hpp"
#include "net/blocking_pool.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

class AdminApi;

/// What the gateway's endpoint answers beside requests for models.
struct GatewayPages {
    AdminApi* admin = nullptr;             ///< nullptr = none
    std::function<std::string()> metrics;  ///< the text of /metrics
    std::function<bool()> ready;           ///< of /readyz: can anybody be asked?
};

/// The endpoint for clients: the dialects, models, health, metrics, the dashboard and, for those
/// who have the admin key, the admin API.
///
/// Browsers are let in from the gateway's own page and from the origins of the configuration. As
/// long as no keys are needed, the Host header must be one that an attacker's page cannot have.
///
/// \par Thread-safety
/// As transport::HttpHandler.
class GatewayHandler final : public transport::HttpHandler {
public:
    /// \param admin_key never empty.
    GatewayHandler(ApiContext& context, GatewayPages pages, std::string admin_key);

    net::Awaitable<void> handle(transport::ServerRequest& request,
                                transport::ResponseWriter& response) override;
    Body describe(const transport::OwnAnswer& answer) override;
    void on_trouble(std::string_view what) noexcept override;

    /// The configuration has changed.
    void reloaded() { models_.forget(); }

private:
    [[nodiscard]] bool is_admin(const transport::ServerRequest& request) const noexcept;
    /// May the caller see what goes on? Anybody as long as there are no keys, else the admin.
    [[nodiscard]] bool may_look(const transport::ServerRequest& request,
                                const ApiSettings& settings) const noexcept;
    /// A request in one of the dialects. Its frame lives as long as a stream may last.
    net::Awaitable<void> call(const Dialect& dialect, transport::ServerRequest& request,
                              transport::ResponseWriter& response);
    /// Everything else.
    net::Awaitable<void> serve(std::shared_ptr<const ApiSettings> settings,
                               transport::ServerRequest& request,
                               transport::ResponseWriter& response);
    net::Awaitable<void> get(std::string_view path, transport::ServerRequest& request,
                             transport::ResponseWriter& response, const ApiSettings& settings);
    net::Awaitable<void> models(transport::ServerRequest& request,
                                transport::ResponseWriter& response, const ApiSettings& settings);
    net::Awaitable<void> offline(std::string_view path, transport::ServerRequest& request,
                                 transport::ResponseWriter& response, const ApiSettings& settings);
    static net::Awaitable<void> send(transport::ResponseWriter& response, int status,
                                     HeaderList& headers, std::string_view type,
                                     std::string_view body);
    net::Awaitable<void> refuse(transport::ResponseWriter& response, int status,
                                HeaderList& headers, const transport::ServerRequest& request,
                                const Error& error);

    ApiContext& context_;
    const GatewayPages pages_;
    const std::string admin_key_;
    ModelPages models_;
    /// Its own: plugins that hang take the host's threads, and that is when metrics are wanted.
    net::BlockingPool metrics_pool_{1, 8};
};

}  // namespace tenon::gateway
