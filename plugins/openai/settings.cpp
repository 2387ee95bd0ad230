#include "settings.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "json_reader.hpp"

namespace tenon::openai {
namespace {

constexpr std::string_view kDefaultBaseUrl = "https://api.openai.com/v1";
constexpr std::string_view kAlphanumeric =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

Error invalid(std::string message) {
    return {Code::invalid, std::move(message)};
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

bool has_only(std::string_view text, std::string_view allowed) noexcept {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

/// RFC 9110, section 5.6.2.
bool is_header_name(std::string_view name) {
    static const std::string kToken = "!#$%&'*+-.^_`|~" + std::string(kAlphanumeric);
    return !name.empty() && has_only(name, kToken);
}

/// No control characters, which could smuggle a second header in.
bool is_header_value(std::string_view value) noexcept {
    return std::none_of(value.begin(), value.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    });
}

/// A member of the configuration; empty if there is none.
std::string option(const JsonText& config, std::string_view name) {
    return config.find("/" + std::string(name)).value_or(std::string());
}

/// The address without slashes at its end. What stands before an "@" may be a password, so such an
/// address is not repeated.
Result<std::string> read_base_url(const JsonText& config) {
    const std::string configured = option(config, "base_url");
    std::string_view url = configured.empty() ? kDefaultBaseUrl : std::string_view(configured);
    const std::string lower = to_lower(url);
    const std::size_t scheme = lower.starts_with("https://")  ? 8
                               : lower.starts_with("http://") ? 7
                                                              : 0;
    if (scheme == 0) return invalid("\"base_url\" must begin with http:// or https://");
    const std::string_view host = url.substr(scheme, url.find('/', scheme) - scheme);
    if (host.empty()) return invalid("\"base_url\" names no host");
    if (host.find('@') != std::string_view::npos) {
        return invalid(
            "\"base_url\" must not hold a user or password; put the key into \"api_key\"");
    }
    const bool printable =
        std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!printable) return invalid("\"base_url\" must not hold spaces or special characters");
    if (url.find_first_of("?#") != std::string_view::npos) {
        return invalid("\"base_url\" must end with the path; a version goes into \"api_version\"");
    }
    while (url.ends_with('/')) url.remove_suffix(1);
    for (const std::string_view path : {"/chat/completions", "/embeddings", "/models"}) {
        if (url.ends_with(path)) {
            return invalid("\"base_url\" must not end with \"" + std::string(path) +
                           "\", which is added to it");
        }
    }
    return std::string(url);
}

/// "", or the query of every address.
Result<std::string> read_query(const JsonText& config) {
    const std::string version = option(config, "api_version");
    if (version.empty()) return std::string();
    if (!has_only(version, std::string(kAlphanumeric) + "-._~")) {
        return invalid("\"api_version\" must be a version such as \"2024-10-21\"");
    }
    return "?api-version=" + version;
}

/// Headers that the host, the SDK or another option sets.
bool is_reserved(std::string_view lower_name, std::string_view auth_header) {
    constexpr std::array<std::string_view, 12> kReserved = {
        "accept-encoding", "authorization",     "connection",  "content-encoding",
        "content-length",  "content-type",      "host",        "openai-organization",
        "openai-project",  "transfer-encoding", "traceparent", "idempotency-key"};
    return lower_name == auth_header ||
           std::find(kReserved.begin(), kReserved.end(), lower_name) != kReserved.end();
}

Result<void> add_header(Settings& settings, std::string_view option, std::string_view name,
                        std::string_view value) {
    if (value.empty()) return {};
    if (!is_header_value(value)) {
        return invalid("\"" + std::string(option) +
                       "\" must not hold line ends or other control characters");
    }
    settings.headers.push_back({std::string(name), std::string(value)});
    return {};
}

Result<void> read_further_headers(std::string_view headers, Settings& settings) {
    JsonReader in(headers);
    if (!in.begin_object()) return {};
    while (in.next_member()) {
        const std::string_view name = in.key();
        if (!is_header_name(name)) {
            return invalid("\"headers\" holds \"" + std::string(name) +
                           "\", which cannot be the name of a header");
        }
        const std::string lower = to_lower(name);
        if (is_reserved(lower, settings.auth_header)) {
            return invalid("\"headers\" must not set \"" + lower +
                           "\", which Tenon or another option sets");
        }
        const auto added = add_header(settings, "headers/" + lower, lower, in.string());
        if (!added) return added;
    }
    return {};
}

Result<void> read_headers(const JsonText& config, Settings& settings) {
    for (const auto& [member, name] : {std::pair("organization", "openai-organization"),
                                       std::pair("project", "openai-project")}) {
        const auto added = add_header(settings, member, name, option(config, member));
        if (!added) return added;
    }
    JsonReader in(config.text);
    in.begin_object();
    while (in.next_member()) {
        const bool found = in.key() == "headers";
        const std::string_view value = in.skip();
        if (found) return read_further_headers(value, settings);
    }
    return {};
}

Result<void> read_auth(const JsonText& config, Settings& settings) {
    if (const std::string name = option(config, "auth_header"); !name.empty()) {
        if (!is_header_name(name)) {
            return invalid("\"auth_header\" must be the name of a header, such as \"api-key\"");
        }
        settings.auth_header = to_lower(name);
    }
    if (settings.auth_header != "authorization") settings.auth_prefix.clear();
    const auto prefix = config.find("/auth_prefix");
    if (!prefix) return {};
    if (!is_header_value(*prefix)) {
        return invalid("\"auth_prefix\" must not hold line ends or other control characters");
    }
    settings.auth_prefix = *prefix;
    return {};
}

}  // namespace

Result<Settings> read_settings(std::string_view config_json) {
    const JsonText config{config_json};
    if (!config.valid()) return invalid("the configuration is no JSON object");
    Settings out;
    const auto base = read_base_url(config);
    if (!base) return base.error();
    const auto query = read_query(config);
    if (!query) return query.error();
    out.chat_url = *base + "/chat/completions" + *query;
    out.embeddings_url = *base + "/embeddings" + *query;
    out.models_url = *base + "/models" + *query;
    if (const auto auth = read_auth(config, out); !auth) return auth.error();
    if (const auto headers = read_headers(config, out); !headers) return headers.error();
    out.include_usage = option(config, "include_usage") != "false";
    return out;
}

}  // namespace tenon::openai
