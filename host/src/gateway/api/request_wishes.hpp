#pragma once

#include <string>
#include <string_view>

#include "tenon/host/types.hpp"
#include "tenon/result.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

/// What a client says about one request in its headers.
struct RequestWishes {
    std::string id;                  ///< x-request-id, if it is a usable one
    std::string provider;            ///< x-tenon-provider
    bool queue_offline = false;      ///< x-tenon-offline: queue
    host::RequestOptions options{};  ///< x-tenon-timeout, x-tenon-no-retry, x-tenon-session
};

/// The id that a request goes by: its client's wish, else one from `made`, a new_id().
[[nodiscard]] std::string request_id(const transport::ServerRequest& request,
                                     std::string_view made);

/// Errors: Code::invalid naming the header.
[[nodiscard]] Result<RequestWishes> read_wishes(const transport::ServerRequest& request);

/// The secret that a client presents: "authorization: Bearer ...", "x-api-key" or "api-key".
[[nodiscard]] std::string_view presented_key(const transport::ServerRequest& request) noexcept;

/// The path of a request's target, without query.
[[nodiscard]] std::string_view path_of(std::string_view target) noexcept;

}  // namespace tenon::gateway
