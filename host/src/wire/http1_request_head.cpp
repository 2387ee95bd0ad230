#include "wire/http1_request_head.hpp"

#include <algorithm>
#include <charconv>

namespace tenon::wire {
namespace {

/// Method, spaces and version around the target.
constexpr std::size_t kAroundTarget = 64;

/// What is kept from one request to the next.
constexpr std::size_t kKeptBytes = std::size_t{8} << 10;

/// What an authority may contain beside letters and digits.
constexpr std::string_view kAuthoritySymbols = "-._~!$&'()*+,;=:%[]";

bool is_digits(std::string_view text) noexcept {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Host and port of RFC 3986 without user information.
bool is_authority(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kAuthoritySymbols.find(c) != std::string_view::npos;
    });
}

std::size_t scheme_length(std::string_view target) noexcept {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (equals_lower(target.substr(0, scheme.size()), scheme)) return scheme.size();
    }
    return 0;
}

/// The only header of that name. \param count how many there are.
std::string_view find(const std::vector<HeaderView>& headers, std::string_view name,
                      std::size_t& count) noexcept {
    std::string_view found;
    count = 0;
    for (const HeaderView& header : headers) {
        if (header.name != name) continue;
        found = header.value;
        ++count;
    }
    return found;
}

}  // namespace

Error refuse(int status, std::string message) {
    Error error(status == 413 ? Code::too_large : Code::invalid, std::move(message));
    error.http_status = status;
    return error;
}

void RequestLines::reset() {
    if (text_.capacity() > kKeptBytes) {
        text_ = std::string();
    } else {
        text_.clear();
    }
    line_ = lines_ = 0;
    started_ = skipped_ = done_ = false;
}

Result<std::size_t> RequestLines::feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && !done_) {
        const std::size_t end = bytes.find('\n', used);
        const std::string_view piece =
            bytes.substr(used, end == std::string_view::npos ? end : end - used + 1);
        if (auto checked = check_growth(piece); !checked) return checked.error();
        text_ += piece;
        used += piece.size();
        if (end == std::string_view::npos) break;
        if (auto ended = end_line(); !ended) return ended.error();
    }
    started_ = started_ || !bytes.empty();
    return used;
}

Result<void> RequestLines::check_growth(std::string_view piece) const {
    constexpr char kTlsHandshake = 0x16;
    if (text_.empty() && piece.front() == kTlsHandshake) {
        return refuse(400, "this port speaks HTTP without TLS; use http:// instead of https://");
    }
    if (piece.find('\0') != std::string_view::npos) {
        return refuse(400, "the head of the request contains NUL");
    }
    const std::size_t size = text_.size() + piece.size();
    if (lines_ == 0 && size > limits_.target_bytes + kAroundTarget) {
        return refuse(414, "the target of the request is longer than " +
                               std::to_string(limits_.target_bytes) + " bytes");
    }
    if (size > limits_.head_bytes) {
        return refuse(431, "the head of the request is larger than " +
                               std::to_string(limits_.head_bytes) + " bytes");
    }
    return {};
}

Result<void> RequestLines::end_line() {
    const std::string_view line = std::string_view(text_).substr(line_);
    if (line.find('\r') != line.size() - 2) {
        return refuse(400, "a line of the request's head does not end with CR LF");
    }
    if (line.size() == 2) {
        if (lines_ > 0) {
            done_ = true;
        } else if (skipped_) {
            return refuse(400, "there are empty lines before the request");
        } else {  // left behind by a client that ends its bodies so
            skipped_ = true;
            text_.clear();
        }
        return {};
    }
    if (lines_ > 0 && (line.front() == ' ' || line.front() == '\t')) {
        return refuse(400, "a header of the request is folded over two lines");
    }
    line_ = text_.size();
    if (++lines_ > limits_.headers + 1) {
        return refuse(431,
                      "the request has more than " + std::to_string(limits_.headers) + " headers");
    }
    return {};
}

void RequestLines::lower_names(const std::vector<HeaderView>& headers) noexcept {
    for (const HeaderView& header : headers) {
        char* const name = text_.data() + (header.name.data() - text_.data());
        std::transform(name, name + header.name.size(), name,
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    }
}

void RequestHead::reset() {
    method = target = authority = {};
    headers.clear();
    content_length.reset();
    http10 = expects_continue = absolute_ = false;
}

Result<void> RequestHead::read_request_line(std::string_view head_text) {
    const std::string_view line = head_text.substr(0, head_text.find('\r'));
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last || !is_token(line.substr(0, first))) {
        return refuse(400, "the first line is not an HTTP request");
    }
    const std::string_view version = line.substr(last + 1);
    const std::string_view given = line.substr(first + 1, last - first - 1);
    const bool is_http = version.starts_with("HTTP/");
    if (!is_http || given.empty() || given.find(' ') != std::string_view::npos) {
        return refuse(400, "the first line is not an HTTP request");
    }
    method = line.substr(0, first);
    if (version != "HTTP/1.1" && version != "HTTP/1.0") {
        return refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    http10 = version == "HTTP/1.0";
    return take_target(given);
}

Result<void> RequestHead::take_target(std::string_view given) {
    if (method == "CONNECT") return refuse(501, "this server is no proxy for CONNECT");
    const bool visible =
        std::all_of(given.begin(), given.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (!visible || given.find('#') != std::string_view::npos) {
        return refuse(400, "the target of the request contains characters that must be encoded");
    }
    if (given.front() == '/' || (given == "*" && method == "OPTIONS")) {
        target = given;
        return {};
    }
    const std::size_t scheme = scheme_length(given);
    if (scheme == 0) return refuse(400, "the target of the request is neither path nor address");
    const std::string_view rest = given.substr(scheme);
    const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
    authority = rest.substr(0, end);
    if (authority.empty() || !is_authority(authority)) {
        return refuse(400, "the target of the request names no valid host");
    }
    absolute_ = true;
    target = rest.substr(end);
    if (target.empty() || target.front() == '?') {
        rewritten_.assign("/").append(target);
        target = rewritten_;
    }
    return {};
}

Result<void> RequestHead::judge() {
    if (auto host = judge_host(); !host) return host;
    if (auto framing = judge_framing(); !framing) return framing;
    std::size_t count = 0;
    const std::string_view expect = find(headers, "expect", count);
    if (count == 0 || http10) return {};
    if (count > 1 || !equals_lower(expect, "100-continue")) {
        return refuse(417, "the only expectation that can be met is 100-continue");
    }
    expects_continue = true;
    return {};
}

Result<void> RequestHead::judge_host() {
    std::size_t count = 0;
    const std::string_view host = find(headers, "host", count);
    if (count > 1) return refuse(400, "the request has more than one Host header");
    if (count == 0 && !http10) return refuse(400, "the request has no Host header");
    if (!is_authority(host)) return refuse(400, "the Host header is not valid");
    if (!absolute_) authority = host;
    return {};
}

Result<void> RequestHead::judge_framing() {
    std::size_t codings = 0;
    std::size_t lengths = 0;
    const std::string_view coding = find(headers, "transfer-encoding", codings);
    const std::string_view length = find(headers, "content-length", lengths);
    if (codings > 0 && lengths > 0) {
        return refuse(400, "the request has both Content-Length and Transfer-Encoding");
    }
    if (codings > 0) {
        if (codings > 1) return refuse(400, "the request has more than one Transfer-Encoding");
        if (http10) return refuse(400, "there is no Transfer-Encoding in HTTP/1.0");
        if (!equals_lower(coding, "chunked")) {
            return refuse(501, "the only transfer coding that is understood is chunked");
        }
        return {};
    }
    if (lengths == 0) return {};
    std::uint64_t bytes = 0;
    const auto end = std::from_chars(length.data(), length.data() + length.size(), bytes);
    if (lengths > 1 || !is_digits(length) || end.ec != std::errc()) {
        return refuse(400, "the request has more than one length, or one that is no number");
    }
    content_length = bytes;
    return {};
}

}  // namespace tenon::wire
