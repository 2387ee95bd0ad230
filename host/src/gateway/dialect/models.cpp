#include "gateway/dialect/models.hpp"

#include "base/clock.hpp"
#include "gateway/dialect/body.hpp"

namespace tenon::gateway {

using wire::JsonWriter;

namespace {

void write_openai_model(JsonWriter& writer, const ModelEntry& model) {
    writer.begin_object();
    writer.member("id", model.id);
    writer.member("object", "model");
    writer.member("created", unix_seconds(model.created));
    writer.member("owned_by", model.owner);
    writer.end_object();
}

void write_anthropic_model(JsonWriter& writer, const ModelEntry& model) {
    writer.begin_object();
    writer.member("type", "model");
    writer.member("id", model.id);
    writer.member("display_name", model.id);
    writer.member("created_at", base::format_utc(model.created));
    writer.end_object();
}

void write_id(JsonWriter& writer, std::string_view name, const ModelEntry* model) {
    writer.key(name);
    if (model == nullptr) return writer.null();
    writer.value(model->id);
}

/// What Ollama tells of a file on its disk; clients read it without looking whether it is there.
void write_details(JsonWriter& writer, const ModelEntry& model) {
    writer.key("details");
    writer.begin_object();
    writer.member("parent_model", "");
    writer.member("format", "");
    writer.member("family", model.owner);
    writer.key("families");
    writer.null();
    writer.member("parameter_size", "");
    writer.member("quantization_level", "");
    writer.end_object();
}

void write_names(JsonWriter& writer, const ModelEntry& model) {
    writer.member("name", model.id);
    writer.member("model", model.id);
    writer.member("size", 0);
    writer.member("digest", "");
    write_details(writer, model);
}

void write_tag(JsonWriter& writer, const ModelEntry& model) {
    writer.begin_object();
    write_names(writer, model);
    writer.member("modified_at", base::format_utc(model.created));
    writer.end_object();
}

void write_running(JsonWriter& writer, const ModelEntry& model) {
    writer.begin_object();
    write_names(writer, model);
    writer.member("expires_at", "0001-01-01T00:00:00Z");  // Ollama's word for never
    writer.member("size_vram", 0);
    writer.end_object();
}

template <class Write>
std::string ollama_list(std::span<const ModelEntry> models, const Write& write) {
    return object_text([&](JsonWriter& writer) {
        writer.key("models");
        writer.begin_array();
        for (const ModelEntry& model : models) write(writer, model);
        writer.end_array();
    });
}

}  // namespace

std::string openai_models(std::span<const ModelEntry> models) {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    writer.member("object", "list");
    writer.key("data");
    writer.begin_array();
    for (const ModelEntry& model : models) write_openai_model(writer, model);
    writer.end_array();
    writer.end_object();
    return out;
}

std::string openai_model(const ModelEntry& model) {
    std::string out;
    JsonWriter writer(out);
    write_openai_model(writer, model);
    return out;
}

std::string anthropic_models(std::span<const ModelEntry> models) {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    writer.key("data");
    writer.begin_array();
    for (const ModelEntry& model : models) write_anthropic_model(writer, model);
    writer.end_array();
    writer.member("has_more", false);
    write_id(writer, "first_id", models.empty() ? nullptr : &models.front());
    write_id(writer, "last_id", models.empty() ? nullptr : &models.back());
    writer.end_object();
    return out;
}

std::string anthropic_model(const ModelEntry& model) {
    std::string out;
    JsonWriter writer(out);
    write_anthropic_model(writer, model);
    return out;
}

std::string ollama_tags(std::span<const ModelEntry> models) {
    return ollama_list(models, write_tag);
}

std::string ollama_running(std::span<const ModelEntry> models) {
    return ollama_list(models, write_running);
}

std::string ollama_show(const ModelEntry& model) {
    return object_text([&](JsonWriter& writer) {
        for (const auto* name : {"modelfile", "parameters", "template"}) writer.member(name, "");
        write_details(writer, model);
        writer.key("model_info");
        writer.begin_object();
        writer.member("general.architecture", "");
        writer.member("general.basename", model.id);
        writer.end_object();
        writer.member("modified_at", base::format_utc(model.created));
    });
}

Result<std::string> ollama_shown_model(std::string_view body) {
    const auto request = parse_object(body);
    if (!request) return request.error();
    const wire::JsonView root = request->root();
    const bool old = !is_set(root["model"]) && is_set(root["name"]);
    const auto model = text_member(root, "", old ? "name" : "model");
    if (!model) return model.error();
    return std::string(*model);
}

std::string ollama_version(std::string_view version) {
    std::string out;
    JsonWriter writer(out);
    writer.begin_object();
    writer.member("version", version);
    writer.end_object();
    return out;
}

}  // namespace tenon::gateway
