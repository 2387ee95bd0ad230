#include "gateway/admin/admin_request.hpp"

#include <algorithm>
#include <charconv>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "wire/url.hpp"

namespace tenon::gateway {
namespace {

Error bad(std::string message) {
    return {Code::invalid, std::move(message)};
}

}  // namespace

Result<AdminTarget> AdminTarget::parse(std::string_view target) {
    AdminTarget out;
    const std::size_t mark = target.find('?');
    auto path = wire::percent_decode(target.substr(0, mark));
    if (!path) return std::move(path).error();
    out.path_ = *std::move(path);
    std::string_view rest = mark == target.npos ? std::string_view() : target.substr(mark + 1);
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view one = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (one.empty()) continue;
        const std::size_t equals = std::min(one.find('='), one.size());
        auto name = wire::percent_decode(one.substr(0, equals));
        auto value = wire::percent_decode(one.substr(std::min(equals + 1, one.size())));
        if (!name) return std::move(name).error();
        if (!value) return std::move(value).error();
        out.query_.emplace_back(*std::move(name), *std::move(value));
    }
    return out;
}

Result<void> AdminTarget::check(std::initializer_list<std::string_view> known) const {
    for (auto each = query_.begin(); each != query_.end(); ++each) {
        const std::string& name = each->first;
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return bad("there is no parameter '" + name + "' here" +
                       base::did_you_mean(name, {known.begin(), known.size()}));
        }
        const auto same = [&](const auto& other) { return other.first == name; };
        if (std::any_of(query_.begin(), each, same)) {
            return bad("the parameter '" + name + "' is given twice");
        }
    }
    return {};
}

std::optional<std::string_view> AdminTarget::get(std::string_view name) const noexcept {
    for (const auto& [key, value] : query_) {
        if (key == name) return value;
    }
    return std::nullopt;
}

Result<std::optional<std::uint64_t>> AdminTarget::number(std::string_view name,
                                                         std::uint64_t most) const {
    const auto text = get(name);
    if (!text) return std::optional<std::uint64_t>();
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (problem != std::errc() || end != text->data() + text->size() || value > most) {
        return bad("the parameter '" + std::string(name) + "' must be a whole number up to " +
                   std::to_string(most));
    }
    return std::optional<std::uint64_t>(value);
}

Result<std::optional<host::Time>> AdminTarget::time(std::string_view name) const {
    const auto text = get(name);
    if (!text) return std::optional<host::Time>();
    const auto value = base::parse_utc(*text);
    if (!value) {
        return bad("the parameter '" + std::string(name) +
                   "' must be a time in UTC such as 2026-11-21T10:09:08.007Z");
    }
    return std::optional<host::Time>(*value);
}

std::optional<std::string_view> match_path(std::string_view pattern,
                                           std::string_view path) noexcept {
    const std::size_t open = pattern.find('{');
    if (open == pattern.npos) {
        return pattern == path ? std::optional<std::string_view>("") : std::nullopt;
    }
    const std::string_view before = pattern.substr(0, open);
    const std::string_view behind = pattern.substr(pattern.find('}') + 1);
    if (path.size() <= before.size() + behind.size()) return std::nullopt;
    if (!path.starts_with(before) || !path.ends_with(behind)) return std::nullopt;
    path.remove_prefix(before.size());
    path.remove_suffix(behind.size());
    if (path.find('/') != path.npos) return std::nullopt;
    return path;
}

AdminBody::AdminBody(std::string_view text, std::initializer_list<std::string_view> known) {
    if (text.empty()) text = "{}";
    wire::JsonOptions options;
    options.positions = true;  // refuses what is given twice
    auto document = wire::JsonDocument::parse(text, options);
    if (!document) {
        error_ = std::move(document).error();
        error_->message = "the body is not JSON: " + error_->message;
        return;
    }
    document_ = *std::move(document);
    if (!root().is_object()) fail("the body must be a JSON object");
    for (const auto& [key, value] : root().members()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        fail("there is no member '" + std::string(key) + "' here" +
             base::did_you_mean(key, {known.begin(), known.size()}));
    }
}

wire::JsonView AdminBody::root() const noexcept {
    return document_ ? document_->root() : wire::JsonView();
}

void AdminBody::fail(std::string message) {
    if (!error_) error_ = bad(std::move(message));
}

bool AdminBody::has(std::string_view name) const noexcept {
    const wire::JsonKind kind = root()[name].kind();
    return kind != wire::JsonKind::absent && kind != wire::JsonKind::null;
}

std::string AdminBody::text(std::string_view name) {
    std::string out = text_or(name);
    if (out.empty()) fail("'" + std::string(name) + "' is missing: a string that is not empty");
    return out;
}

std::string AdminBody::text_or(std::string_view name) {
    if (!has(name)) return {};
    const auto value = root()[name].as_string();
    if (!value) fail("'" + std::string(name) + "' must be a string");
    return std::string(value.value_or(""));
}

bool AdminBody::flag(std::string_view name) {
    if (!has(name)) return false;
    const auto value = root()[name].as_bool();
    if (!value) fail("'" + std::string(name) + "' must be true or false");
    return value.value_or(false);
}

std::chrono::milliseconds AdminBody::duration(std::string_view name, std::int64_t least,
                                              std::int64_t most, std::chrono::milliseconds absent) {
    if (!has(name)) return absent;
    const auto value = root()[name].as_int64();
    if (!value || *value < least || *value > most) {
        fail("'" + std::string(name) + "' must be a whole number of milliseconds from " +
             std::to_string(least) + " to " + std::to_string(most));
    }
    return std::chrono::milliseconds(value.value_or(0));
}

std::vector<std::string> AdminBody::texts(std::string_view name) {
    std::vector<std::string> out;
    if (!has(name)) return out;
    const wire::JsonView list = root()[name];
    if (!list.is_array()) fail("'" + std::string(name) + "' must be a list of strings");
    for (const wire::JsonView element : list.elements()) {
        const auto value = element.as_string();
        if (!value) fail("'" + std::string(name) + "' must be a list of strings");
        out.emplace_back(value.value_or(""));
    }
    return out;
}

}  // namespace tenon::gateway
