#include "wire/http1_request.hpp"

#include <algorithm>
#include <array>

#include "tenon/abi/version.h"
#include "wire/http1_header.hpp"

namespace tenon::wire {
namespace {

/// What a message may show of a text that should have been a token: a whole header line, key and
/// all, may have been given as its name.
std::string token_prefix(std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_token_char);
    return "'" + std::string(text.begin(), end) + (end == text.end() ? "'" : "...'");
}

bool has(std::span<const Header> headers, std::string_view name) noexcept {
    return std::any_of(headers.begin(), headers.end(),
                       [&](const Header& header) { return equals_lower(header.name, name); });
}

}  // namespace

Result<void> append_request_head(std::string& out, std::string_view method, const Url& url,
                                 std::span<const Header> headers, std::size_t body_bytes) {
    const std::string authority = url.authority();
    return append_request_head(out, method, RequestTarget{authority, url.target}, headers,
                               body_bytes);
}

Result<void> append_request_head(std::string& out, std::string_view method, RequestTarget target,
                                 std::span<const Header> headers, std::size_t body_bytes) {
    constexpr std::array<std::string_view, 5> kOurs = {
        "host", "content-length", "transfer-encoding", "connection", "upgrade"};
    if (!is_token(method)) {
        return Error(Code::invalid, token_prefix(method) + " is not an HTTP method");
    }
    if (method == "CONNECT") {
        return Error(Code::invalid, "the method CONNECT is not for requests but for proxies");
    }
    for (const Header& header : headers) {
        if (!is_token(header.name)) {
            return Error(Code::invalid, token_prefix(header.name) + " is not a header name");
        }
        if (!is_header_value(header.value)) {
            return Error(Code::invalid, "the value of the header " + header.name +
                                            " contains a line break or NUL");
        }
        for (const std::string_view ours : kOurs) {
            if (equals_lower(header.name, ours)) {
                return Error(Code::invalid,
                             "the header " + header.name + " is set by the host only");
            }
        }
    }
    out.append(method).append(" ").append(target.target).append(" HTTP/1.1\r\nHost: ");
    out.append(target.authority).append("\r\n");
    for (const Header& header : headers) {
        out.append(header.name).append(": ").append(header.value).append("\r\n");
    }
    if (!has(headers, "user-agent")) {
        out.append("User-Agent: tenon/" TENON_VERSION_STRING "\r\n");
    }
    if (!has(headers, "accept")) out.append("Accept: */*\r\n");
    if (body_bytes > 0 || method == "POST" || method == "PUT" || method == "PATCH") {
        out.append("Content-Length: ").append(std::to_string(body_bytes)).append("\r\n");
    }
    out.append("\r\n");
    return {};
}

}  // namespace tenon::wire
