#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::config {

/// Where the gateway listens, as the configuration writes it.
struct ListenAddress {
    std::string host;  ///< an address without brackets, or a name
    std::uint16_t port = 0;
    std::string unix_path;  ///< a Unix-domain socket instead
    bool tls = false;

    /// Can nobody but this machine reach it? Of names only "localhost" is known to be so.
    [[nodiscard]] bool is_loopback() const noexcept;

    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// Reads "HOST:PORT", "[::1]:8080", either with "http://" or "https://" in front, or "unix:/PATH".
/// \return Code::invalid with what is wrong about it.
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace tenon::config
