#include "settings.hpp"

#include "json.hpp"

namespace tenon::ollama {
namespace {

Result<std::string> read_base_url(std::string_view text) {
    while (text.ends_with('/')) text.remove_suffix(1);
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (text.starts_with(scheme) && text.size() > scheme.size()) return std::string(text);
    }
    return Error(Code::invalid,
                 "Ollama's \"base_url\" must begin with http:// or https:// and name a host, e.g. "
                 "http://127.0.0.1:11434");
}

}  // namespace

Result<Settings> read_settings(std::string_view config) {
    const JsonText json(config);
    if (!json.valid()) return Error(Code::invalid, "Ollama's configuration is not JSON");

    Settings out;
    if (const Json* url = member(json.tree(), "base_url")) {
        auto base_url = read_base_url(text_of(url));
        if (!base_url) return std::move(base_url).error();
        out.base_url = std::move(base_url).value();
    }
    const Json* keep_alive = member(json.tree(), "keep_alive");
    if (keep_alive != nullptr && (keep_alive->IsString() || keep_alive->IsNumber())) {
        out.keep_alive = to_text(*keep_alive);
    }
    const Json* options = member(json.tree(), "options");
    if (options != nullptr && options->IsObject()) {
        for (const auto& option : options->GetObject()) {
            out.options.emplace_back(text_of(&option.name), to_text(option.value));
        }
    }
    return out;
}

}  // namespace tenon::ollama
