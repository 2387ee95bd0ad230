#include "config/check_gateway.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "wire/http1_header.hpp"
#include "wire/url.hpp"

namespace tenon::config {
namespace {

constexpr std::size_t kShortestKey = 16;

/// What the exporter says itself, about the body that it sends.
constexpr std::array<std::string_view, 5> kOwnHeaders = {
    "connection", "content-length", "content-type", "host", "transfer-encoding"};

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

bool is_alphanumeric(char c) noexcept {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// Whether two sockets cannot have both.
bool clash(const ListenAddress& a, const ListenAddress& b) noexcept {
    if (a.unix_path != b.unix_path) return false;
    return !a.unix_path.empty() || (a.port != 0 && a.port == b.port && a.host == b.host);
}

void check_listen(const Config& config, Report& report) {
    const GatewayConfig& gateway = config.gateway;
    const Place place = Place().member("gateway").member("listen");
    if (report.has_error_in(place)) return;  // what was refused is not there, others moved up
    const bool keys_are_known = !report.has_error_in(Place().member("gateway").member("keys"));
    std::vector<ListenAddress> before;
    for (std::size_t i = 0; i < gateway.listen.size(); ++i) {
        const auto address = parse_listen_address(gateway.listen[i]);
        const Place here = place.element(i);
        if (!address) {
            report.at_value(here, address.error().message);
            continue;
        }
        if (const auto may = may_listen(*address, gateway); !may && keys_are_known) {
            report.at_value(here, may.error().message);
        }
        if (!address->unix_path.empty() && address->unix_path == config.daemon.control_socket) {
            report.at_value(here,
                            "this is the control socket (daemon.control_socket), which lets "
                            "everybody in; use another path");
        }
        if (std::any_of(before.begin(), before.end(),
                        [&](const ListenAddress& other) { return clash(*address, other); })) {
            report.at_value(here, "the address stands in the list twice");
        }
        before.push_back(*address);
    }
}

void check_tls(const GatewayTlsConfig& tls, Report& report) {
    const Place place = Place().member("gateway").member("tls");
    if (report.has_error_in(place) || tls.certificate_file.empty() == tls.key_file.empty()) return;
    const bool no_key = tls.key_file.empty();
    report.at_value(place, no_key ? "there is a certificate_file, but no key_file to it"
                                  : "there is a key_file, but no certificate_file to it");
}

/// What is wrong with a key; empty = nothing.
std::string_view fault_of(const Secret& key) {
    const std::string_view text = key.reveal();
    const auto fits = [](char c) { return c > 0x20 && c < 0x7f; };
    if (!std::all_of(text.begin(), text.end(), fits)) {
        return "has a space, a line end, or a character outside ASCII, which no client could send";
    }
    if (text.size() < kShortestKey) {
        return "is shorter than 16 characters and could be guessed; make one, for example with "
               "\"openssl rand -hex 32\"";
    }
    return {};
}

void check_keys(const GatewayConfig& gateway, Report& report) {
    std::map<std::string_view, std::string> owners;
    const auto check = [&](const Place& place, const Secret& key) {
        if (key.empty()) return;
        if (const auto fault = fault_of(key); !fault.empty()) {
            report.at_value(place, std::string(fault));
        }
        const auto [owner, is_new] = owners.emplace(key.reveal(), place.path);
        if (is_new) return;
        report.at_value(place, "is the same as " + owner->second +
                                   ", so that nobody could tell whose request it is");
    };
    const Place place = Place().member("gateway");
    check(place.member("admin_key"), gateway.admin_key);
    for (const auto& [name, key] : gateway.keys) {
        check(place.member("keys").member(name).member("key"), key.key);
    }
}

bool is_host_name(std::string_view host) noexcept {
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; };
    return !host.empty() && std::all_of(host.begin(), host.end(), fits);
}

/// "[::1]"
bool is_bracketed(std::string_view host) noexcept {
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '.' || c == ':'; };
    return host.size() > 2 && host.starts_with('[') && host.ends_with(']') &&
           std::all_of(host.begin() + 1, host.end() - 1, fits);
}

/// "scheme://host[:port]" as browsers write the Origin header; other schemes than http have
/// extensions of browsers.
bool is_origin(std::string_view text) noexcept {
    const auto scheme_end = text.find("://");
    if (scheme_end == 0 || scheme_end == std::string_view::npos) return false;
    const std::string_view scheme = text.substr(0, scheme_end);
    const auto fits = [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; };
    if (!std::all_of(scheme.begin(), scheme.end(), fits)) return false;
    std::string_view host = text.substr(scheme_end + 3);
    const auto colon = host.rfind(':');
    if (colon != std::string_view::npos && !host.ends_with(']')) {
        const std::string_view port = host.substr(colon + 1);
        unsigned number = 0;
        const auto end = std::from_chars(port.data(), port.data() + port.size(), number);
        const bool whole = end.ec == std::errc() && end.ptr == port.data() + port.size();
        if (!whole || number < 1 || number > 65535) return false;
        host = host.substr(0, colon);
    }
    return is_host_name(host) || is_bracketed(host);
}

template <class Check>
void check_each(const Place& place, const std::vector<std::string>& items, Check is_good,
                std::string_view message, Report& report) {
    if (report.has_error_in(place)) return;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (!is_good(items[i])) report.at_value(place.element(i), std::string(message));
    }
}

void check_browsers(const GatewayConfig& gateway, Report& report) {
    const Place place = Place().member("gateway");
    check_each(
        place.member("cors").member("origins"), gateway.cors.origins,
        [](std::string_view origin) { return origin == "*" || is_origin(origin); },
        "not an origin; write SCHEME://HOST or SCHEME://HOST:PORT, without a path or a last '/', "
        "or \"*\" for all",
        report);
    check_each(
        place.member("hosts"), gateway.hosts,
        [](std::string_view host) { return is_host_name(host) || is_bracketed(host); },
        "not the name of a host; write it without scheme, port and path", report);
}

void check_otlp(const OtlpConfig& otlp, Report& report) {
    const Place place = Place().member("telemetry").member("otlp");
    if (!otlp.endpoint.empty()) {
        const auto url = wire::parse_url(otlp.endpoint);
        if (!url) report.at_value(place.member("endpoint"), url.error().message);
    }
    std::set<std::string, std::less<>> names;
    for (const auto& [name, value] : otlp.headers) {
        const Place here = place.member("headers").member(name);
        const std::string same = lowered(name);
        if (!names.insert(same).second) report.at_key(here, "the header is given twice");
        if (std::find(kOwnHeaders.begin(), kOwnHeaders.end(), same) != kOwnHeaders.end()) {
            report.at_key(here, "Tenon sets this header itself; leave it out");
        }
        if (!wire::is_header_value(value.reveal())) {
            report.at_value(here, "has a line end, which no header may have");
        }
    }
}

void check_files(const Config& config, Report& report) {
    const auto check = [&](const Place& place, const std::string& file) {
        if (file.ends_with('/')) report.at_value(place, "names a directory; add a file's name");
    };
    check(Place().member("telemetry").member("access_log"), config.telemetry.access_log);
    check(Place().member("daemon").member("state_file"), config.daemon.state_file);
    const Place place = Place().member("daemon").member("control_socket");
    check(place, config.daemon.control_socket);
    if (config.daemon.control_socket.size() > kLongestSocketPath) {
        report.at_value(place, "is longer than the " + std::to_string(kLongestSocketPath) +
                                   " bytes that the path of a socket may have");
    }
}

}  // namespace

Result<void> may_listen(const ListenAddress& address, const GatewayConfig& gateway) {
    const GatewayTlsConfig& tls = gateway.tls;
    if (address.tls && (tls.certificate_file.empty() || tls.key_file.empty())) {
        return Error(Code::invalid,
                     "\"https://\" needs gateway.tls.certificate_file and gateway.tls.key_file");
    }
    if (address.is_loopback() || !gateway.keys.empty() || gateway.allow_public) return {};
    return Error(Code::invalid,
                 "other machines can reach this address, and no client would need a key; add keys "
                 "to gateway.keys, or listen on 127.0.0.1, or set gateway.allow_public to true if "
                 "everybody shall be served");
}

void check_gateway(const Config& config, Report& report) {
    check_listen(config, report);
    check_tls(config.gateway.tls, report);
    check_keys(config.gateway, report);
    check_browsers(config.gateway, report);
    check_otlp(config.telemetry.otlp, report);
    check_files(config, report);
}

}  // namespace tenon::config
