#include "config/schema_node.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace tenon::config {
namespace {

struct NamedType {
    std::string_view name;
    std::uint32_t bit;
    std::string_view words;
};

constexpr std::array<NamedType, 7> kTypes = {{{"string", schema_type::kString, "a string"},
                                              {"integer", schema_type::kInteger, "an integer"},
                                              {"number", schema_type::kNumber, "a number"},
                                              {"boolean", schema_type::kBoolean, "a boolean"},
                                              {"array", schema_type::kArray, "an array"},
                                              {"object", schema_type::kObject, "an object"},
                                              {"null", schema_type::kNull, "null"}}};

/// Keywords of draft 2020-12 and its predecessors that refuse values, and that nothing here obeys.
constexpr std::array<std::string_view, 25> kNotSupported = {"$ref",
                                                            "$dynamicRef",
                                                            "$recursiveRef",
                                                            "allOf",
                                                            "anyOf",
                                                            "oneOf",
                                                            "not",
                                                            "if",
                                                            "then",
                                                            "else",
                                                            "dependentSchemas",
                                                            "dependentRequired",
                                                            "dependencies",
                                                            "prefixItems",
                                                            "additionalItems",
                                                            "contains",
                                                            "minContains",
                                                            "maxContains",
                                                            "multipleOf",
                                                            "patternProperties",
                                                            "propertyNames",
                                                            "minProperties",
                                                            "maxProperties",
                                                            "unevaluatedProperties",
                                                            "unevaluatedItems"};

/// Builds nodes until the first thing that is wrong, which it keeps.
class Builder {
public:
    [[nodiscard]] SchemaNode build(wire::JsonView schema, const Place& place);
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

private:
    using Wanted = wire::JsonKind;

    void fail(const Place& place, std::string_view why);
    [[nodiscard]] wire::JsonView get(wire::JsonView schema, std::string_view keyword,
                                     const Place& place, Wanted kind);
    [[nodiscard]] bool get_flag(wire::JsonView schema, std::string_view keyword,
                                const Place& place);
    [[nodiscard]] std::optional<std::uint64_t> get_count(wire::JsonView schema,
                                                         std::string_view keyword,
                                                         const Place& place);
    void refuse_unsupported(wire::JsonView schema, const Place& place);
    void read_types(SchemaNode& node, wire::JsonView schema, const Place& place);
    void read_values(SchemaNode& node, wire::JsonView schema, const Place& place);
    void read_string(SchemaNode& node, wire::JsonView schema, const Place& place);
    void read_array(SchemaNode& node, wire::JsonView schema, const Place& place);
    void read_object(SchemaNode& node, wire::JsonView schema, const Place& place);
    void read_others(SchemaNode& node, wire::JsonView schema, const Place& place);
    void read_secret(SchemaNode& node, wire::JsonView schema, const Place& place);

    std::optional<Error> error_;
    bool named_ = true;  ///< where it is, each value has one name
};

void Builder::fail(const Place& place, std::string_view why) {
    if (error_) return;
    error_ = Error(Code::invalid,
                   (place.path.empty() ? "" : "at " + place.path + ": ") + std::string(why));
}

wire::JsonView Builder::get(wire::JsonView schema, std::string_view keyword, const Place& place,
                            Wanted kind) {
    const wire::JsonView value = schema[keyword];
    if (!value.exists() || value.kind() == kind) return value;
    fail(place.member(keyword), "expected " + std::string(describe(kind)) + ", got " +
                                    std::string(describe(value.kind())));
    return {};
}

bool Builder::get_flag(wire::JsonView schema, std::string_view keyword, const Place& place) {
    return get(schema, keyword, place, Wanted::boolean).as_bool().value_or(false);
}

std::optional<std::uint64_t> Builder::get_count(wire::JsonView schema, std::string_view keyword,
                                                const Place& place) {
    const wire::JsonView value = get(schema, keyword, place, Wanted::number);
    if (!value.exists()) return std::nullopt;
    const auto count = value.as_int64();
    if (count && *count >= 0) return static_cast<std::uint64_t>(*count);
    fail(place.member(keyword), "expected a whole number that is not negative");
    return std::nullopt;
}

SchemaNode Builder::build(wire::JsonView schema, const Place& place) {
    SchemaNode node;
    if (!schema.is_object()) {
        fail(place, "a schema is an object, not " + std::string(describe(schema.kind())));
        return node;
    }
    refuse_unsupported(schema, place);
    node.description = get(schema, "description", place, Wanted::string).as_string().value_or("");
    read_types(node, schema, place);
    read_values(node, schema, place);
    read_string(node, schema, place);
    read_secret(node, schema, place);
    read_array(node, schema, place);
    read_object(node, schema, place);
    return node;
}

void Builder::refuse_unsupported(wire::JsonView schema, const Place& place) {
    for (const std::string_view keyword : kNotSupported) {
        if (schema[keyword].exists()) {
            fail(place.member(keyword), "this keyword is not supported");
        }
    }
}

void Builder::read_types(SchemaNode& node, wire::JsonView schema, const Place& place) {
    const wire::JsonView type = schema["type"];
    if (!type.exists()) return;
    const Place type_place = place.member("type");
    const auto add = [&](wire::JsonView name, const Place& name_place) {
        std::vector<std::string_view> names;
        for (const NamedType& known : kTypes) {
            if (name.as_string() == known.name) {
                node.types |= known.bit;
                return;
            }
            names.push_back(known.name);
        }
        fail(name_place, "not one of " + base::join(names, ", ") +
                             base::did_you_mean(name.as_string().value_or(""), names));
    };
    if (!type.is_array()) return add(type, type_place);
    if (type.size() == 0) fail(type_place, "names no type");
    for (std::size_t i = 0; i < type.size(); ++i) add(type[i], type_place.element(i));
}

void Builder::read_values(SchemaNode& node, wire::JsonView schema, const Place& place) {
    node.constant = schema["const"];
    node.fallback = schema["default"];
    node.choices = get(schema, "enum", place, Wanted::array);
    if (node.choices.exists() && node.choices.size() == 0) {
        fail(place.member("enum"), "has no value");
    }
    node.minimum = get(schema, "minimum", place, Wanted::number);
    node.maximum = get(schema, "maximum", place, Wanted::number);
    node.exclusive_minimum = get(schema, "exclusiveMinimum", place, Wanted::number);
    node.exclusive_maximum = get(schema, "exclusiveMaximum", place, Wanted::number);
}

void Builder::read_string(SchemaNode& node, wire::JsonView schema, const Place& place) {
    node.min_length = get_count(schema, "minLength", place);
    node.max_length = get_count(schema, "maxLength", place);
    const wire::JsonView text = get(schema, "pattern", place, Wanted::string);
    if (!text.exists()) return;
    node.pattern_text = *text.as_string();
    auto pattern = Pattern::parse(node.pattern_text);
    if (!pattern) return fail(place.member("pattern"), pattern.error().message);
    node.pattern = *std::move(pattern);
}

void Builder::read_secret(SchemaNode& node, wire::JsonView schema, const Place& place) {
    constexpr std::string_view kKeyword = "x-tenon-secret";
    node.secret = get_flag(schema, kKeyword, place);
    if (!node.secret) return;
    const Place keyword = place.member(kKeyword);
    if (node.types != schema_type::kString) fail(keyword, "needs \"type\": \"string\"");
    if (!named_ || place.path.empty()) {
        fail(keyword, "a secret is a property with a name of its own, not a part of a list or map");
    }
}

void Builder::read_array(SchemaNode& node, wire::JsonView schema, const Place& place) {
    node.min_items = get_count(schema, "minItems", place);
    node.max_items = get_count(schema, "maxItems", place);
    node.unique_items = get_flag(schema, "uniqueItems", place);
    const wire::JsonView items = schema["items"];
    if (!items.exists()) return;
    const bool named = std::exchange(named_, false);
    node.items = std::make_unique<SchemaNode>(build(items, place.member("items")));
    named_ = named;
}

void Builder::read_object(SchemaNode& node, wire::JsonView schema, const Place& place) {
    const wire::JsonView properties = get(schema, "properties", place, Wanted::object);
    const Place properties_place = place.member("properties");
    for (const auto& [key, value] : properties.members()) {
        node.properties.push_back(build(value, properties_place.member(key)));
        node.properties.back().name = key;
    }
    read_others(node, schema, place);
    const wire::JsonView required = get(schema, "required", place, Wanted::array);
    for (std::size_t i = 0; i < required.size(); ++i) {
        const auto name = required[i].as_string();
        const Place name_place = place.member("required").element(i);
        if (!name) {
            fail(name_place, "expected the name of a property");
        } else if (node.others == SchemaNode::Others::refused && node.property(*name) == nullptr) {
            fail(name_place, "'" + std::string(*name) + "' is not among the properties");
        } else {
            node.required.push_back(*name);
        }
    }
}

void Builder::read_others(SchemaNode& node, wire::JsonView schema, const Place& place) {
    using Others = SchemaNode::Others;
    const wire::JsonView others = schema["additionalProperties"];
    if (!others.exists()) {
        node.others = node.properties.empty() ? Others::allowed : Others::undeclared;
    } else if (const auto allowed = others.as_bool()) {
        node.others = *allowed ? Others::allowed : Others::refused;
    } else {
        const bool named = std::exchange(named_, false);
        node.others = Others::checked;
        node.other =
            std::make_unique<SchemaNode>(build(others, place.member("additionalProperties")));
        named_ = named;
    }
}

}  // namespace

const SchemaNode* SchemaNode::property(std::string_view key) const noexcept {
    const auto found = std::find_if(properties.begin(), properties.end(),
                                    [key](const SchemaNode& p) { return p.name == key; });
    return found == properties.end() ? nullptr : &*found;
}

std::string describe_types(std::uint32_t types) {
    std::vector<std::string_view> words;
    for (const NamedType& type : kTypes) {
        if ((types & type.bit) != 0) words.push_back(type.words);
    }
    return base::join(words, " or ");
}

Result<SchemaNode> build_schema(wire::JsonView schema) {
    Builder builder;
    SchemaNode root = builder.build(schema, Place());
    if (builder.error()) return *builder.error();
    return root;
}

}  // namespace tenon::config
