#include "wire/url.hpp"

#include <algorithm>
#include <charconv>

namespace tenon::wire {
namespace {

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string lowered(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

bool is_host_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_ipv6_char(char c) noexcept {
    return (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

bool parse_port(std::string_view text, std::uint16_t& port) noexcept {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), port);
    return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size() &&
           port != 0;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    const auto refuse = [&](std::string_view why) {
        return Error(Code::invalid, "the address '" + std::string(text) + "' " + std::string(why));
    };
    if (std::any_of(text.begin(), text.end(), [](char c) {
            return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) == 0x7f;
        })) {
        return refuse("contains spaces or control characters");
    }
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) {
        return refuse("has no scheme; write it as http://HOST or https://HOST");
    }
    Url url;
    const std::string scheme = lowered(text.substr(0, scheme_end));
    if (scheme != "http" && scheme != "https") {
        return refuse("is neither http nor https");
    }
    url.tls = scheme == "https";
    url.port = url.tls ? 443 : 80;

    std::string_view rest = text.substr(scheme_end + 3);
    rest = rest.substr(0, rest.find('#'));
    const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
    std::string_view authority = rest.substr(0, authority_end);
    std::string_view target = rest.substr(authority_end);
    if (authority.find('@') != std::string_view::npos) {
        return Error(Code::invalid,
                     "an address must not contain a user name or password ('@' before the host)");
    }
    std::string_view port;
    bool has_port = false;
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return refuse("has an unclosed '['");
        url.host = lowered(authority.substr(1, close - 1));
        if (!std::all_of(url.host.begin(), url.host.end(), is_ipv6_char)) {
            return refuse("has an IPv6 address that is not one");
        }
        const std::string_view tail = authority.substr(close + 1);
        if (!tail.empty() && tail.front() != ':') return refuse("has text after the ']'");
        has_port = !tail.empty();
        port = has_port ? tail.substr(1) : tail;
    } else {
        const auto colon = authority.find(':');
        has_port = colon != std::string_view::npos;
        url.host = lowered(authority.substr(0, colon));
        if (has_port) port = authority.substr(colon + 1);
        if (!std::all_of(url.host.begin(), url.host.end(), is_host_char)) {
            return refuse("has a host name with characters that no host name has");
        }
    }
    if (url.host.empty()) return refuse("has no host");
    if (has_port && !parse_port(port, url.port)) return refuse("has a port that is not 1..65535");
    url.target =
        target.empty() || target.front() == '?' ? "/" + std::string(target) : std::string(target);
    return url;
}

std::string Url::authority() const {
    std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port != (tls ? 443 : 80)) out += ":" + std::to_string(port);
    return out;
}

std::string Url::origin() const {
    return (tls ? "https://" : "http://") + authority();
}

}  // namespace tenon::wire
