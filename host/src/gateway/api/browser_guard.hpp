#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/api/header_list.hpp"
#include "transport/http_handler.hpp"

/// What browsers may do. A page from anywhere can make its visitor's browser talk to a server on
/// the visitor's own machine; without keys nothing else would stop it.
namespace tenon::gateway {

/// Does the Host header name this machine itself, an address, or one of `hosts`? A name that an
/// attacker made point here (DNS rebinding) does not. No Host header at all: not a browser.
[[nodiscard]] bool is_expected_host(std::string_view authority,
                                    const std::vector<std::string>& hosts) noexcept;

/// Is the request from the gateway's own page, from one of `origins`, or from no page at all?
[[nodiscard]] bool is_expected_origin(const transport::ServerRequest& request,
                                      const std::vector<std::string>& origins) noexcept;

/// The headers that let a page of one of `origins` read the answer, if the request is from one.
void add_cors(HeaderList& headers, const transport::ServerRequest& request,
              const std::vector<std::string>& origins);

/// Is this a browser asking whether it may ask? Then `headers` are the answer's (204).
[[nodiscard]] bool answer_preflight(HeaderList& headers, const transport::ServerRequest& request,
                                    const std::vector<std::string>& origins);

}  // namespace tenon::gateway
