#include "config/listen_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace tenon::config {
namespace {

constexpr std::string_view kForms =
    "write HOST:PORT, [IPV6]:PORT, http://HOST:PORT, https://HOST:PORT or unix:/PATH";

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

Error refuse(std::string_view text, std::string_view why) {
    const bool can_be_shown = std::all_of(text.begin(), text.end(),
                                          [](char c) { return c > 0x20 && c < 0x7f && c != '@'; });
    const std::string subject =
        can_be_shown ? "the address '" + std::string(text) + "'" : std::string("the address");
    return {Code::invalid, subject + " " + std::string(why)};
}

bool is_ipv4(const std::string& host) noexcept {
    in_addr ignored{};
    return inet_pton(AF_INET, host.c_str(), &ignored) == 1;
}

bool is_ipv6(const std::string& host) noexcept {
    in6_addr ignored{};
    return inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

bool is_host_name(std::string_view host) noexcept {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    };
    return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), fits);
}

/// "1.2.3.4.5" is no name either.
bool looks_like_ipv4(std::string_view host) noexcept {
    return std::all_of(host.begin(), host.end(),
                       [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) {
        return std::nullopt;
    }
    return port;
}

Result<ListenAddress> parse_unix(std::string_view text, std::string_view path) {
    if (path.starts_with("//")) path.remove_prefix(2);  // "unix:///run/tenon.sock"
    if (!path.starts_with('/')) return refuse(text, "has no absolute path; write unix:/PATH");
    if (path.ends_with('/')) return refuse(text, "names a directory; write unix:/PATH");
    if (path.find('\0') != std::string_view::npos) return refuse(text, "contains U+0000");
    if (path.size() > kLongestSocketPath) {
        return refuse(text, "has a path that is longer than the " +
                                std::to_string(kLongestSocketPath) + " bytes of a socket's");
    }
    ListenAddress address;
    address.unix_path = path;
    return address;
}

/// Takes "HOST:PORT" apart; the host may be empty, and keeps its brackets.
Result<void> split(std::string_view text, std::string_view authority, std::string_view& host,
                   std::string_view& port) {
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return refuse(text, "has an unclosed '['");
        host = authority.substr(0, close + 1);
        port = authority.substr(close + 1);
        if (port.empty()) return refuse(text, "has no port; write [IPV6]:PORT");
        if (port.front() != ':') return refuse(text, "has text after the ']'");
        port.remove_prefix(1);
        return {};
    }
    const auto colon = authority.find(':');
    if (colon == std::string_view::npos) {
        return refuse(text, "has no port; " + std::string(kForms));
    }
    if (authority.find(':', colon + 1) != std::string_view::npos) {
        return refuse(text, "has more than one ':'; write IPv6 addresses as [IPV6]:PORT");
    }
    host = authority.substr(0, colon);
    port = authority.substr(colon + 1);
    return {};
}

}  // namespace

bool ListenAddress::is_loopback() const noexcept {
    if (!unix_path.empty() || host == "localhost") return true;
    in_addr v4{};
    if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
    in6_addr v6{};
    return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
    if (text.starts_with("unix:")) return parse_unix(text, text.substr(5));
    ListenAddress address;
    std::string_view authority = text;
    if (const auto end = text.find("://"); end != std::string_view::npos) {
        const std::string scheme = lowered(text.substr(0, end));
        address.tls = scheme == "https";
        if (scheme != "http" && scheme != "https") {
            return refuse(text, "is neither http nor https; " + std::string(kForms));
        }
        authority = text.substr(end + 3);
        if (authority.ends_with('/')) authority.remove_suffix(1);
    }
    if (authority.find_first_of("/?#") != std::string_view::npos) {
        return refuse(text, "has a path; " + std::string(kForms));
    }
    std::string_view host;
    std::string_view port;
    if (auto done = split(text, authority, host, port); !done) return std::move(done).error();
    const auto number = parse_port(port);
    if (!number) return refuse(text, "has a port that is not 0..65535");
    address.port = *number;
    if (host.empty() || host == "*") {
        return refuse(text,
                      "has no host; write 127.0.0.1:PORT, or 0.0.0.0:PORT to be reached from other "
                      "machines");
    }
    if (host.starts_with('[')) {
        address.host = lowered(host.substr(1, host.size() - 2));
        if (!is_ipv6(address.host)) return refuse(text, "has an IPv6 address that is not one");
        return address;
    }
    address.host = lowered(host);
    if (looks_like_ipv4(host) && !is_ipv4(address.host)) {
        return refuse(text, "has an IPv4 address that is not one");
    }
    if (!is_host_name(address.host)) {
        return refuse(text, "has a host name with characters that no host name has");
    }
    return address;
}

}  // namespace tenon::config
