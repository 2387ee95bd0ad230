#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "gateway/admin/admin_context.hpp"
#include "net/awaitable.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

/// The control API (docs/admin_api.md): what stands under /admin/, on the control socket and on the
/// public endpoints alike.
///
/// It follows the host's events, and samples the history, from its construction to stop().
///
/// \par Thread-safety
/// handle() on all I/O threads at once; all else one thread, none of the I/O threads.
/// \par Object lifetimes
/// What AdminContext says. Outlives every handle().
class AdminApi {
public:
    explicit AdminApi(AdminContext context);
    AdminApi(const AdminApi&) = delete;
    AdminApi& operator=(const AdminApi&) = delete;
    ~AdminApi();

    /// Whether a request for this target is this API's to answer.
    [[nodiscard]] static bool serves(std::string_view target) noexcept;

    /// Answers one request, whatever it is.
    /// \param may_change whether the client may do more than look (GET and HEAD)
    net::Awaitable<void> handle(transport::ServerRequest& request,
                                transport::ResponseWriter& response, bool may_change);

    /// Ends the streams of events, so that they do not hold up the end of a server. To be called
    /// before HttpServer::stop(). Idempotent.
    void stop();

    /// One path as the documentation writes it.
    struct Route {
        std::string_view method;
        std::string_view path;  ///< "/admin/v1/requests/{id}/cancel"
    };
    [[nodiscard]] static std::vector<Route> routes();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::gateway
