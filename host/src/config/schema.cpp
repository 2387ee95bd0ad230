#include "config/schema.hpp"

#include "config/shape.hpp"
#include "wire/json_writer.hpp"

namespace tenon::config {
namespace {

constexpr std::string_view kNamePattern = "^[a-z0-9][a-z0-9._-]{0,63}$";
constexpr std::string_view kHeaderPattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

void write_shape(wire::JsonWriter& writer, const Shape& shape);

/// A string that obeys `rule`, or one with a ${...} that is known only at run time.
template <class Rule>
void write_text_type(wire::JsonWriter& writer, Rule rule) {
    writer.member("type", "string");
    writer.key("anyOf");
    writer.begin_array();
    writer.begin_object();
    rule();
    writer.end_object();
    writer.begin_object();
    writer.member("$ref", "#/$defs/from_environment");
    writer.end_object();
    writer.end_array();
}

void write_text(wire::JsonWriter& writer, TextForm form) {
    switch (form) {
        case TextForm::any:
        case TextForm::path:
        case TextForm::output: return writer.member("type", "string");
        case TextForm::not_empty:
        case TextForm::required:
            writer.member("type", "string");
            return writer.member("minLength", 1);
        case TextForm::name:
        case TextForm::required_name: return writer.member("$ref", "#/$defs/name");
        case TextForm::optional_name:
            writer.key("anyOf");
            writer.begin_array();
            writer.begin_object();
            writer.member("$ref", "#/$defs/name");
            writer.end_object();
            writer.begin_object();
            writer.member("const", "");
            writer.end_object();
            return writer.end_array();
    }
}

void write_object(wire::JsonWriter& writer, const Shape& shape) {
    writer.member("type", "object");
    writer.member("additionalProperties", false);
    writer.key("properties");
    writer.begin_object();
    bool any_required = false;
    for (const Shape& member : shape.members) {
        writer.key(member.name);
        writer.begin_object();
        write_shape(writer, member);
        writer.end_object();
        any_required = any_required || member.required();
    }
    writer.end_object();
    if (!any_required) return;
    writer.key("required");
    writer.begin_array();
    for (const Shape& member : shape.members) {
        if (member.required()) writer.value(member.name);
    }
    writer.end_array();
}

void write_map(wire::JsonWriter& writer, const Shape& shape) {
    writer.member("type", "object");
    writer.key("propertyNames");
    writer.begin_object();
    writer.member("pattern", shape.key_form == KeyForm::header ? kHeaderPattern : kNamePattern);
    writer.end_object();
    writer.key("additionalProperties");
    writer.begin_object();
    write_shape(writer, shape.members.front());
    writer.end_object();
}

void write_bounds(wire::JsonWriter& writer, const Shape& shape) {
    writer.key("minimum");
    writer.raw(shape.least);
    writer.key("maximum");
    writer.raw(shape.most);
}

void write_type(wire::JsonWriter& writer, const Shape& shape) {
    switch (shape.form) {
        case Shape::Form::flag: return writer.member("type", "boolean");
        case Shape::Form::integer:
            writer.member("type", "integer");
            return write_bounds(writer, shape);
        case Shape::Form::number:
            writer.member("type", "number");
            return write_bounds(writer, shape);
        case Shape::Form::duration: return writer.member("$ref", "#/$defs/duration");
        case Shape::Form::secret: writer.member("writeOnly", true); [[fallthrough]];
        case Shape::Form::text: return write_text(writer, shape.text_form);
        case Shape::Form::choice:
            return write_text_type(writer, [&] {
                writer.key("enum");
                writer.begin_array();
                for (const std::string_view choice : shape.choices) writer.value(choice);
                writer.end_array();
            });
        case Shape::Form::list:
            writer.member("type", "array");
            writer.key("items");
            writer.begin_object();
            write_text(writer, shape.text_form);
            return writer.end_object();
        case Shape::Form::objects:
            writer.member("type", "array");
            writer.key("items");
            writer.begin_object();
            write_shape(writer, shape.members.front());
            return writer.end_object();
        case Shape::Form::map: return write_map(writer, shape);
        case Shape::Form::object: return write_object(writer, shape);
        case Shape::Form::plugin: return writer.member("type", "object");
    }
}

void write_nullable(wire::JsonWriter& writer, const Shape& shape) {
    writer.key("oneOf");
    writer.begin_array();
    writer.begin_object();
    write_type(writer, shape);
    writer.end_object();
    writer.begin_object();
    writer.member("type", "null");
    writer.end_object();
    writer.end_array();
}

void write_shape(wire::JsonWriter& writer, const Shape& shape) {
    if (!shape.meaning.empty()) {
        std::string description(shape.meaning);
        if (shape.form == Shape::Form::duration) {
            description += " From " + shape.least + " to " + shape.most + ".";
        }
        if (shape.inherited) {
            description += " What is absent is as in \"" + shape.name + "\" at the top.";
        }
        writer.member("description", description);
    }
    if (shape.nullable) {
        write_nullable(writer, shape);
    } else {
        write_type(writer, shape);
    }
    if (shape.default_json.empty()) return;
    writer.key("default");
    writer.raw(shape.default_json);
}

void write_definitions(wire::JsonWriter& writer) {
    writer.key("$defs");
    writer.begin_object();
    writer.key("duration");
    writer.begin_object();
    write_text_type(writer, [&] { writer.member("pattern", "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$"); });
    writer.end_object();
    writer.key("name");
    writer.begin_object();
    write_text_type(writer, [&] { writer.member("pattern", kNamePattern); });
    writer.end_object();
    writer.key("from_environment");
    writer.begin_object();
    writer.member("description", "${NAME} or ${NAME:-default} stands in it.");
    writer.member("pattern", "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}");
    writer.end_object();
    writer.end_object();
}

}  // namespace

std::string json_schema() {
    std::string out;
    wire::JsonWriter writer(out, wire::JsonWriter::Style::pretty);
    writer.begin_object();
    writer.member("$schema", "https://json-schema.org/draft/2020-12/schema");
    writer.member("title", "Tenon configuration");
    write_object(writer, shape_of_config());
    write_definitions(writer);
    writer.end_object();
    return out + "\n";
}

}  // namespace tenon::config
