#pragma once

#include <string>
#include <utility>

#include "gateway/admin/admin_api.hpp"
#include "gateway/api/header_list.hpp"
#include "transport/http_handler.hpp"
#include "wire/json_writer.hpp"

namespace tenon::gateway {

/// The control socket: the admin API, for those who may open the file, and where the dashboard is.
///
/// \par Thread-safety
/// As transport::HttpHandler.
class ControlHandler final : public transport::HttpHandler {
public:
    /// \param dashboard_url with the admin key in it, thus secret.
    ControlHandler(AdminApi& admin, std::string dashboard_url)
        : admin_(admin), dashboard_url_(std::move(dashboard_url)) {}

    net::Awaitable<void> handle(transport::ServerRequest& request,
                                transport::ResponseWriter& response) override {
        if (request.target != "/control/v1/dashboard") {
            co_await admin_.handle(request, response, true);
            co_return;
        }
        std::string body;
        wire::JsonWriter json(body);
        json.begin_object();
        json.member("url", dashboard_url_);
        json.end_object();
        HeaderList headers;
        headers.add("content-type", "application/json");
        static_cast<void>(co_await response.send(200, headers.views(), body));
    }

private:
    AdminApi& admin_;
    const std::string dashboard_url_;
};

}  // namespace tenon::gateway
