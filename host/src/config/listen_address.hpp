#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::config {

/// Where the gateway is to be reached: a TCP port, or a Unix-domain socket.
struct ListenAddress {
    std::string host;        ///< a name or an address, in lower case, IPv6 without brackets
    std::uint16_t port = 0;  ///< 0 = one that the system chooses
    std::string unix_path;   ///< absolute; empty = TCP
    bool tls = false;

    /// Whether other machines cannot reach it. A name other than "localhost" counts as reachable,
    /// whatever it leads to.
    [[nodiscard]] bool is_loopback() const noexcept;

    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// The longest path of a Unix-domain socket, in bytes.
inline constexpr std::size_t kLongestSocketPath = 107;

/// Reads "HOST:PORT", "[::1]:8080", "http://HOST:PORT", "https://HOST:PORT" or "unix:/PATH".
/// Errors: Code::invalid with what is wrong and what to write.
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace tenon::config
