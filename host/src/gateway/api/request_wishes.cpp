#include "gateway/api/request_wishes.hpp"

#include <algorithm>

#include "base/duration.hpp"
#include "base/text.hpp"

namespace tenon::gateway {
namespace {

constexpr std::size_t kLongestId = 128;
constexpr std::size_t kLongestSession = 256;

bool is_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kLongestId &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

Error invalid_header(std::string_view name, std::string_view what) {
    return Error(Code::invalid, "the header " + std::string(name) + " " + std::string(what));
}

Result<bool> flag(const transport::ServerRequest& request, std::string_view name) {
    const std::string_view value = request.header(name);
    if (value.empty() || value == "false" || value == "0") return false;
    if (value == "true" || value == "1") return true;
    return invalid_header(name, "must be true or false");
}

std::string_view wished_id(const transport::ServerRequest& request) noexcept {
    const std::string_view id = request.header("x-request-id");
    return is_id(id) ? id : std::string_view();
}

}  // namespace

std::string_view path_of(std::string_view target) noexcept {
    return target.substr(0, target.find('?'));
}

std::string_view presented_key(const transport::ServerRequest& request) noexcept {
    const std::string_view authorization = request.header("authorization");
    constexpr std::string_view kBearer = "bearer ";
    if (authorization.size() > kBearer.size() &&
        wire::equals_lower(authorization.substr(0, kBearer.size()), kBearer)) {
        return authorization.substr(kBearer.size());
    }
    const std::string_view key = request.header("x-api-key");
    return key.empty() ? request.header("api-key") : key;
}

std::string request_id(const transport::ServerRequest& request, std::string_view made) {
    const std::string_view wished = wished_id(request);
    return wished.empty() ? "req_" + std::string(made) : std::string(wished);
}

Result<RequestWishes> read_wishes(const transport::ServerRequest& request) {
    RequestWishes wishes;
    wishes.id = wished_id(request);
    if (const auto provider = request.header("x-tenon-provider"); !provider.empty()) {
        if (!base::is_name(provider)) {
            return invalid_header("x-tenon-provider", "is not the name of a provider");
        }
        wishes.provider = provider;
    }
    if (const auto timeout = request.header("x-tenon-timeout"); !timeout.empty()) {
        const auto duration = base::parse_duration(timeout);
        if (!duration || duration->count() == 0) {
            return invalid_header("x-tenon-timeout", "must be a duration such as 30s or 1500ms");
        }
        wishes.options.timeout = *duration;
    }
    const auto no_retry = flag(request, "x-tenon-no-retry");
    if (!no_retry) return no_retry.error();
    if (*no_retry) wishes.options.max_attempts = 1;
    if (const auto session = request.header("x-tenon-session"); !session.empty()) {
        if (session.size() > kLongestSession) {
            return invalid_header("x-tenon-session", "is longer than 256 bytes");
        }
        wishes.options.session = session;
    }
    if (const auto offline = request.header("x-tenon-offline"); !offline.empty()) {
        if (offline != "queue") return invalid_header("x-tenon-offline", "can only be \"queue\"");
        wishes.queue_offline = true;
    }
    return wishes;
}

}  // namespace tenon::gateway
