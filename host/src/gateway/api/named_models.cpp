#include "gateway/api/named_models.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/dialect/errors.hpp"
#include "wire/json.hpp"
#include "wire/top_level_members.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonDocument;
using wire::JsonView;

/// What is said, and what tools and answers look like: no provider looks for models there.
constexpr std::string_view kContent[] = {
    "documents", "function", "functions",  "input",       "input_schema", "json_schema",
    "messages",  "metadata", "parameters", "prompt",      "query",        "response_format",
    "schema",    "stop",     "texts",      "tool_choice",
};

bool is_content(std::string_view name) noexcept {
    return std::find(std::begin(kContent), std::end(kContent), name) != std::end(kContent);
}

/// Servers differ in whether the case of a name counts.
std::string lowered(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

bool names_models(std::string_view member) {
    const std::string name = lowered(member);
    return name.find("model") != std::string::npos || name.find("fallback") != std::string::npos;
}

class Finder {
public:
    Result<std::vector<std::string>> find(std::string_view body) {
        wire::TopLevelMembers members(body);
        while (const auto member = members.next()) {
            if (member->is("model")) continue;
            const auto key = JsonDocument::parse('"' + std::string(member->key) + '"');
            const std::string name(key ? key->root().as_string().value_or("") : "");
            if (is_content(name)) continue;
            const auto value = JsonDocument::parse(member->value);
            if (!value) return invalid_member(name, value.error().message);
            look_at(name, value->root());
        }
        if (!route_.empty() && !has_models_) models_.push_back("@route/" + route_);
        return std::move(models_);
    }

private:
    /// A member of the request itself.
    void look_at(std::string_view name, JsonView value) {
        const std::string lower = lowered(name);
        const std::string text(value.as_string().value_or(""));
        if (lower == "models") has_models_ = value.size() > 0;
        if (lower == "route" && !text.empty()) route_ = text;
        if (lower == "preset" && !text.empty()) models_.push_back("@preset/" + text);
        search(value, names_models(name));
    }

    void search(JsonView value, bool names) {
        if (const auto text = value.as_string(); text && names) models_.emplace_back(*text);
        for (const JsonView element : value.elements()) search(element, names);
        for (const auto& [name, inner] : value.members()) {
            if (!is_content(name)) search(inner, names || names_models(name));
        }
    }

    std::vector<std::string> models_;
    std::string route_;
    bool has_models_ = false;
};

}  // namespace

Result<std::vector<std::string>> further_models(std::string_view body) {
    return Finder().find(body);
}

}  // namespace tenon::gateway
