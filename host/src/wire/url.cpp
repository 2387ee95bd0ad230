#include "wire/url.hpp"

#include <arpa/inet.h>

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

bool is_ipv6(const std::string& text) noexcept {
    in6_addr ignored{};
    return inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

bool is_printable_ascii(char c) noexcept {
    return c > 0x20 && c < 0x7f;
}

/// The address as far as a message may show it: a query may carry a key, and user information a
/// password.
std::string presentable(std::string_view text) {
    if (text.find('@') != std::string_view::npos) return "the address";
    std::string shown(text.substr(0, text.find_first_of("?#")));
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return !is_printable_ascii(c); }, '.');
    return "the address '" + shown + (shown.size() < text.size() ? "...'" : "'");
}

bool parse_port(std::string_view text, std::uint16_t& port) noexcept {
    const auto end = std::from_chars(text.data(), text.data() + text.size(), port);
    return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size() &&
           port != 0;
}

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    const auto refuse = [&](std::string_view why) {
        return Error(Code::invalid, presentable(text) + " " + std::string(why));
    };
    if (!std::all_of(text.begin(), text.end(), is_printable_ascii)) {
        return refuse(
            "contains spaces, control characters or letters outside ASCII; write them "
            "percent-encoded");
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
        return refuse("must not contain a user name or password ('@' before the host)");
    }
    std::string_view port;
    bool has_port = false;
    if (authority.starts_with('[')) {
        const auto close = authority.find(']');
        if (close == std::string_view::npos) return refuse("has an unclosed '['");
        url.host = lowered(authority.substr(1, close - 1));
        if (!is_ipv6(url.host)) {
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

Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
        if (low < 0) {
            return Error(Code::invalid,
                         "'%' in the address is not followed by two hexadecimal digits");
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

}  // namespace tenon::wire
