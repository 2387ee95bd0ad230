#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tenon/result.hpp"
#include "wire/url.hpp"

namespace tenon::wire {

/// One header of a request.
struct Header {
    std::string name;
    std::string value;
};

/// What a request's head says of its address.
struct RequestTarget {
    std::string_view authority;  ///< Url::authority()
    std::string_view target;     ///< Url::target
};

/// Appends the head of an HTTP/1.1 request, blank line included. Adds Host, Content-Length (when
/// there is a body or the method is POST, PUT or PATCH), User-Agent and Accept where they are not
/// given.
///
/// Errors: Code::invalid for a method or header name that is no token, a value with CR, LF or NUL
/// (header injection), for CONNECT, and for the headers that frame the message: Host,
/// Content-Length, Transfer-Encoding, Connection, Upgrade.
[[nodiscard]] Result<void> append_request_head(std::string& out, std::string_view method,
                                               RequestTarget target,
                                               std::span<const Header> headers,
                                               std::size_t body_bytes);
[[nodiscard]] Result<void> append_request_head(std::string& out, std::string_view method,
                                               const Url& url, std::span<const Header> headers,
                                               std::size_t body_bytes);

}  // namespace tenon::wire
