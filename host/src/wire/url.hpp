#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::wire {

/// An absolute http or https address, taken apart (RFC 3986).
struct Url {
    bool tls = false;         ///< https
    std::string host;         ///< lower case; without the brackets of an IPv6 address
    std::uint16_t port = 80;  ///< given, or the scheme's default
    std::string target;       ///< path and query, at least "/"

    /// "https://example.org:8443", the key of connection reuse.
    [[nodiscard]] std::string origin() const;
    /// "example.org:8443" as the Host header and messages write it; the default port is left out.
    [[nodiscard]] std::string authority() const;
};

/// Errors: Code::invalid, with the reason, for anything that is not http or https, has user
/// information, control characters, spaces, characters outside ASCII, no host, or a port outside
/// 1..65535. The message shows neither the query nor user information: they may be secret. A
/// fragment is dropped.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// A part of a URL without its percent-encoding; '+' stays. Errors: Code::invalid for a '%' without
/// two hexadecimal digits.
[[nodiscard]] Result<std::string> percent_decode(std::string_view text);

}  // namespace tenon::wire
