#include "config/provider_schema.hpp"

#include <algorithm>
#include <utility>

#include "config/report.hpp"
#include "config/schema_checker.hpp"
#include "config/schema_node.hpp"
#include "wire/json_writer.hpp"

namespace tenon::config {
namespace {

Error refuse(std::string why) {
    return {Code::invalid, std::move(why)};
}

/// Nothing, or why the defaults in a schema are not what the schema itself allows.
std::optional<std::string> fault_of_defaults(const SchemaNode& node, const Place& place) {
    if (node.fallback.exists()) {
        const PluginConfig nothing;
        Report report({}, nullptr);
        SchemaChecker checker(nothing, false, report);
        std::string unused;
        wire::JsonWriter writer(unused);
        checker.check(node, node.fallback, place.member("default"), writer);
        const auto problems = report.take();
        const auto wrong = std::find_if(problems.begin(), problems.end(), [](const Problem& p) {
            return p.severity == Severity::error;
        });
        if (wrong != problems.end()) return "at " + wrong->path + ": " + wrong->message;
    }
    for (const SchemaNode& property : node.properties) {
        const Place inside = place.member("properties").member(property.name);
        if (auto fault = fault_of_defaults(property, inside)) return fault;
    }
    if (node.items) {
        if (auto fault = fault_of_defaults(*node.items, place.member("items"))) return fault;
    }
    if (!node.other) return std::nullopt;
    return fault_of_defaults(*node.other, place.member("additionalProperties"));
}

void collect_secrets(const SchemaNode& node, const Place& place, std::vector<std::string>& names) {
    for (const SchemaNode& property : node.properties) {
        const Place inside = place.member(property.name);
        if (property.secret) names.push_back(inside.path);
        collect_secrets(property, inside, names);
    }
}

/// The checked configuration of a kind that takes none.
void expect_nothing(wire::JsonView value, const Place& place, Report& report) {
    if (value.size() == 0) return;
    report.at_value(place, "plugins of this kind take no configuration; leave it out");
}

}  // namespace

Result<ProviderSchema> ProviderSchema::parse(std::string_view schema_json) {
    ProviderSchema schema;
    schema.size_ = schema_json.size();
    wire::JsonFault fault;
    schema.text_ = wire::JsonDocument::parse(schema_json, {.positions = true}, fault);
    if (!schema.text_) return refuse("not JSON: " + fault.to_error().message);
    const wire::JsonView text = schema.text_->root();
    if (text.is_object() && text.size() == 0) return schema;

    auto root = build_schema(text);
    if (!root) return refuse(root.error().message);
    if (root->types != 0 && root->types != schema_type::kObject) {
        return refuse("at type: a configuration is an object, so that this must be \"object\"");
    }
    root->types = schema_type::kObject;
    if (const auto why = fault_of_defaults(*root, Place())) return refuse(*why);

    auto& names = schema.secret_names_;
    collect_secrets(*root, Place(), names);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) return refuse("two secrets have the name '" + *twice + "'");
    schema.root_ = std::make_shared<const SchemaNode>(*std::move(root));
    return schema;
}

CheckedPluginConfig ProviderSchema::check(const PluginConfig& config, bool keep_secrets) const {
    CheckedPluginConfig out;
    Report report(config.file, config.positions);
    const Place place{config.pointer, config.path};
    const std::string_view text = config.json.reveal();
    wire::JsonFault fault;
    // The positions of the file are known; here they only have keys that stand twice refused.
    const auto document =
        wire::JsonDocument::parse(text.empty() ? "{}" : text, {.positions = true}, fault);
    if (!document) {
        report.at_value(place, "not JSON: " + fault.to_error().message);
        out.problems = report.take();
        return out;
    }
    std::string json;
    json.reserve(text.size() + size_);  // no smaller buffer may be left behind with a secret
    wire::JsonWriter writer(json);
    SchemaChecker checker(config, keep_secrets, report);
    if (!document->root().is_object()) {
        report.at_value(
            place, "expected an object, got " + std::string(describe(document->root().kind())));
    } else if (root_ == nullptr) {
        expect_nothing(document->root(), place, report);
        json = "{}";
    } else {
        checker.check(*root_, document->root(), place, writer);
    }
    out.problems = report.take();
    if (has_errors(out.problems)) {
        wipe(json);
        return out;
    }
    out.json = Secret(std::move(json));
    out.secrets = checker.take_secrets();
    return out;
}

}  // namespace tenon::config
