#include "config/listen_address.hpp"

#include <charconv>

namespace tenon::config {
namespace {

Error bad(std::string_view text, std::string_view what) {
    return Error(Code::invalid, "'" + std::string(text) + "' " + std::string(what) +
                                    "; write HOST:PORT, https://HOST:PORT or unix:/PATH");
}

bool take(std::string_view& text, std::string_view prefix) noexcept {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

}  // namespace

bool ListenAddress::is_loopback() const noexcept {
    return !unix_path.empty() || host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
    ListenAddress address;
    std::string_view rest = text;
    if (take(rest, "unix:")) {
        if (!rest.starts_with('/')) return bad(text, "names no absolute path");
        address.unix_path = rest;
        return address;
    }
    address.tls = take(rest, "https://");
    if (!address.tls) take(rest, "http://");
    if (rest.ends_with('/')) rest.remove_suffix(1);
    const auto colon = rest.rfind(':');
    if (colon == std::string_view::npos) return bad(text, "names no port");
    std::string_view host = rest.substr(0, colon);
    const std::string_view port = rest.substr(colon + 1);
    const auto [end, failed] =
        std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (failed != std::errc() || end != port.data() + port.size() || port.empty()) {
        return bad(text, "has no port of 0 to 65535");
    }
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return bad(text, "has an IPv6 address without brackets");
    }
    if (host.empty()) return bad(text, "names no host");
    if (host.find_first_of("/ \t") != std::string_view::npos) {
        return bad(text, "is not an address to listen on");
    }
    address.host = host;
    return address;
}

}  // namespace tenon::config
