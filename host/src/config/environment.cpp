#include "config/environment.hpp"

#include <algorithm>
#include <cstdlib>

namespace tenon::config {
namespace {

bool is_variable_name(std::string_view name) {
    const auto letter = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    };
    return !name.empty() && letter(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Error refuse(std::string_view why) {
    return {Code::invalid, std::string(why) + "; write $${ for a literal ${"};
}

}  // namespace

Environment process_environment() {
    return [](std::string_view name) -> std::optional<std::string> {
        const char* value = std::getenv(std::string(name).c_str());
        if (value == nullptr) return std::nullopt;
        return value;
    };
}

Result<Expansion> expand(std::string_view text, const Environment& environment) {
    Expansion out;
    while (!text.empty()) {
        const std::size_t dollar = text.find('$');
        out.text += text.substr(0, dollar);
        if (dollar == std::string_view::npos) break;
        text.remove_prefix(dollar);
        if (text.starts_with("$${")) {
            out.text += "${";
            text.remove_prefix(3);
            continue;
        }
        if (!text.starts_with("${")) {
            out.text += '$';
            text.remove_prefix(1);
            continue;
        }
        const std::size_t close = text.find('}');
        if (close == std::string_view::npos) return refuse("a ${ is not closed by }");
        const std::string_view inside = text.substr(2, close - 2);
        const std::size_t separator = inside.find(":-");
        const std::string_view name = inside.substr(0, separator);
        // The text is not repeated: it may be a secret with a stray ${ in it.
        if (!is_variable_name(name)) return refuse("${...} does not name an environment variable");
        const auto value = environment(name);
        out.used_environment = true;
        if (separator != std::string_view::npos) {
            out.text += value.value_or("").empty() ? inside.substr(separator + 2) : *value;
        } else if (value) {
            out.text += *value;
        } else {
            out.unset.emplace_back(name);
        }
        text.remove_prefix(close + 1);
    }
    return out;
}

std::string escape_references(std::string_view text) {
    std::string out;
    while (true) {
        const std::size_t at = text.find("${");
        out += text.substr(0, at);
        if (at == std::string_view::npos) return out;
        out += "$${";
        text.remove_prefix(at + 2);
    }
}

}  // namespace tenon::config
