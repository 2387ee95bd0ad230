#include "gateway/api/browser_guard.hpp"

#include <algorithm>

namespace tenon::gateway {
namespace {

/// The host of "host:port" or "[address]:port".
std::string_view host_of(std::string_view authority) noexcept {
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        return end == std::string_view::npos ? authority : authority.substr(0, end + 1);
    }
    return authority.substr(0, authority.rfind(':'));
}

bool is_address(std::string_view host) noexcept {
    if (host.starts_with('[')) return true;
    return std::all_of(host.begin(), host.end(),
                       [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool same_word(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
        return lower(x) == lower(y);
    });
}

bool is_allowed(std::string_view origin, const std::vector<std::string>& origins) noexcept {
    return std::any_of(origins.begin(), origins.end(), [origin](const std::string& allowed) {
        return allowed == "*" || same_word(allowed, origin);
    });
}

}  // namespace

bool is_expected_host(std::string_view authority, const std::vector<std::string>& hosts) noexcept {
    if (authority.empty()) return true;
    const std::string_view host = host_of(authority);
    if (same_word(host, "localhost") || is_address(host)) return true;
    return std::any_of(hosts.begin(), hosts.end(),
                       [host](const std::string& known) { return same_word(host, known); });
}

bool is_expected_origin(const transport::ServerRequest& request,
                        const std::vector<std::string>& origins) noexcept {
    const std::string_view origin = request.header("origin");
    if (origin.empty()) return true;
    const auto scheme_end = origin.find("://");
    if (scheme_end != std::string_view::npos &&
        same_word(origin.substr(scheme_end + 3), request.authority)) {
        return true;
    }
    return is_allowed(origin, origins);
}

void add_cors(HeaderList& headers, const transport::ServerRequest& request,
              const std::vector<std::string>& origins) {
    if (origins.empty()) return;
    headers.add("vary", "origin");
    const std::string_view origin = request.header("origin");
    if (origin.empty() || !is_allowed(origin, origins)) return;
    headers.add("access-control-allow-origin", origin);
    headers.add("access-control-expose-headers",
                "retry-after, retry-after-ms, request-id, x-request-id, x-tenon-provider, "
                "x-tenon-model, x-tenon-attempts, x-tenon-overhead-us, traceparent");
}

bool answer_preflight(HeaderList& headers, const transport::ServerRequest& request,
                      const std::vector<std::string>& origins) {
    if (request.method != "OPTIONS" || request.header("access-control-request-method").empty()) {
        return false;
    }
    add_cors(headers, request, origins);
    if (!is_allowed(request.header("origin"), origins)) return true;
    headers.add("access-control-allow-methods", "GET, POST, DELETE, OPTIONS");
    const std::string_view asked = request.header("access-control-request-headers");
    headers.add("access-control-allow-headers",
                asked.empty() ? "authorization, content-type" : asked);
    headers.add("access-control-max-age", "600");
    return true;
}

}  // namespace tenon::gateway
