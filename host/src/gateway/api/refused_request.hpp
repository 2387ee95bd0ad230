#pragma once

#include <cstddef>
#include <string>

#include "gateway/api/api_context.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

/// Is it a request for a model, whatever becomes of it?
[[nodiscard]] bool is_for_a_model(const transport::ServerRequest& request) noexcept;

/// Lets a request for a model be seen like any other although it is refused before it is an
/// ApiCall: by the server, for its form or size, or for where it comes from. \param bytes of the
/// answer's body. \return its id, for the answer's x-request-id.
std::string note_refused(ApiContext& context, const transport::ServerRequest& request, int status,
                         const Error& error, std::size_t bytes);

}  // namespace tenon::gateway
