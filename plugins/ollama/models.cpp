#include "models.hpp"

#include "failure.hpp"
#include "json.hpp"

namespace tenon::ollama {

Result<std::string> models_body(std::string_view tags) {
    rapidjson::Document in;
    const Json* models = parse_json(in, tags) ? member(in, "models") : nullptr;
    if (models == nullptr || !models->IsArray()) return not_ollama("a list of models");
    JsonWriter out;
    out.begin_object();
    out.key("object");
    out.text("list");
    out.key("data");
    out.begin_array();
    for (const Json& model : models->GetArray()) {
        const std::string_view name = text_member(model, "name");
        if (name.empty()) continue;
        out.begin_object();
        out.key("id");
        out.text(name);
        out.key("object");
        out.text("model");
        out.key("owned_by");
        out.text("ollama");
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return out.take();
}

Result<std::string> version_body(std::string_view version) {
    rapidjson::Document in;
    const bool valid = parse_json(in, version);
    const std::string_view number = valid ? text_member(in, "version") : std::string_view();
    if (number.empty()) return not_ollama("a version");
    JsonWriter out;
    out.begin_object();
    out.key("version");
    out.text(number);
    out.end_object();
    return out.take();
}

}  // namespace tenon::ollama
