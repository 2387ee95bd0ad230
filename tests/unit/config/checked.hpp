#pragma once

#include "config/provider_schema.hpp"
#include "unit/config/given.hpp"

/// Plugin configurations that were checked against a schema.
namespace tenon::config {

/// A file whose provider "a" has `plugin_config`, checked against `schema`.
inline CheckedPluginConfig checked(std::string_view schema, std::string_view plugin_config,
                                   Variables variables = {}, bool keep_secrets = false) {
    const auto parsed = ProviderSchema::parse(schema);
    BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
    const std::string text =
        "{\"providers\": {\"a\": {\"kind\": \"m\",\n\"config\": " + std::string(plugin_config) +
        "}}}";
    const Config config = good(text, std::move(variables));
    return parsed->check(config.providers.at("a").config, keep_secrets);
}

/// What create() gets of a configuration that has no problem.
inline std::string json_of(std::string_view schema, std::string_view plugin_config,
                           Variables variables = {}) {
    const auto result = checked(schema, plugin_config, std::move(variables));
    BOOST_REQUIRE_MESSAGE(result.problems.empty(), format(result.problems));
    return std::string(result.json.reveal());
}

inline std::string problems_with(std::string_view schema, std::string_view plugin_config,
                                 Variables variables = {}) {
    const auto result = checked(schema, plugin_config, std::move(variables));
    BOOST_TEST((!has_errors(result.problems) || result.json.empty()));
    BOOST_TEST((!has_errors(result.problems) || result.secrets.empty()));
    return format(result.problems);
}

/// The schema of one property "p", which may come with nothing else.
inline std::string only(std::string_view property) {
    return R"({"additionalProperties": false, "properties": {"p": )" + std::string(property) + "}}";
}

/// What is wrong with `value` as that property, without the place that all have in common.
inline std::string fault_of(std::string_view property, std::string_view value,
                            Variables variables = {}) {
    const std::string found =
        problems_with(only(property), "{\"p\": " + std::string(value) + "}", std::move(variables));
    const std::string_view place = "c.json:2:17: providers.a.config.p: ";
    if (found.empty()) return "none";
    BOOST_TEST(found.starts_with(place), found);
    return found.substr(place.size(), found.size() - place.size() - 1);
}

inline constexpr std::string_view kSecret = R"({"type": "string", "x-tenon-secret": true})";

}  // namespace tenon::config
