#include "config/provider_schema.hpp"

#include <boost/test/unit_test.hpp>

/// Which schemas are read, and what is said about the others.
namespace tenon::config {
namespace {

std::string refusal_of(std::string_view schema) {
    const auto parsed = ProviderSchema::parse(schema);
    BOOST_REQUIRE_MESSAGE(!parsed, "accepted: " << schema);
    BOOST_TEST((parsed.error().code == Code::invalid));
    return parsed.error().message;
}

/// What is wrong with the schema of a property "p".
std::string property_refusal(std::string_view schema) {
    return refusal_of(R"({"properties": {"p": )" + std::string(schema) + "}}");
}

void accept(std::string_view schema) {
    const auto parsed = ProviderSchema::parse(schema);
    BOOST_TEST(parsed.has_value(), schema << ": " << (parsed ? "" : parsed.error().message));
}

BOOST_AUTO_TEST_SUITE(config_provider_schema)

BOOST_AUTO_TEST_CASE(a_text_that_is_no_json_says_where) {
    BOOST_TEST(refusal_of("{\n  \"type\": }") ==
               "not JSON: line 2, column 11: expected a JSON value");
    BOOST_TEST(refusal_of("") == "not JSON: line 1, column 1: there is no JSON value");
}

BOOST_AUTO_TEST_CASE(a_keyword_that_stands_twice_is_refused) {
    BOOST_TEST(refusal_of(R"({"type": "object", "type": "object"})") ==
               "not JSON: line 1, column 20: the key 'type' is given twice, first in line 1");
}

BOOST_AUTO_TEST_CASE(a_schema_is_an_object) {
    BOOST_TEST(refusal_of("[]") == "a schema is an object, not an array");
    BOOST_TEST(refusal_of("true") == "a schema is an object, not a boolean");
    BOOST_TEST(property_refusal("true") == "at properties.p: a schema is an object, not a boolean");
    BOOST_TEST(property_refusal(R"({"items": [{}]})") ==
               "at properties.p.items: a schema is an object, not an array");
    BOOST_TEST(refusal_of(R"({"additionalProperties": 1})") ==
               "at additionalProperties: a schema is an object, not a number");
}

BOOST_AUTO_TEST_CASE(a_configuration_can_only_be_an_object) {
    BOOST_TEST(refusal_of(R"({"type": "string"})") ==
               "at type: a configuration is an object, so that this must be \"object\"");
    BOOST_TEST(refusal_of(R"({"type": ["object", "null"]})") ==
               "at type: a configuration is an object, so that this must be \"object\"");
    accept(R"({"type": "object"})");
    accept(R"({"type": ["object"]})");
    accept(R"({"properties": {}})");
}

BOOST_AUTO_TEST_CASE(an_unknown_type_gives_all_of_them_and_the_nearest) {
    const std::string known = "not one of string, integer, number, boolean, array, object, null";
    BOOST_TEST(property_refusal(R"({"type": "strnig"})") ==
               "at properties.p.type: " + known + "; did you mean 'string'?");
    BOOST_TEST(property_refusal(R"({"type": 1})") == "at properties.p.type: " + known);
    BOOST_TEST(property_refusal(R"({"type": ["null", "x"]})") ==
               "at properties.p.type[1]: " + known);
    BOOST_TEST(property_refusal(R"({"type": []})") == "at properties.p.type: names no type");
}

BOOST_AUTO_TEST_CASE(keywords_have_values_of_their_kind) {
    const auto expect = [](std::string_view keyword, std::string_view value,
                           std::string_view message) {
        const std::string schema = "{\"" + std::string(keyword) + "\": " + std::string(value) + "}";
        BOOST_TEST(property_refusal(schema) ==
                   "at properties.p." + std::string(keyword) + ": " + std::string(message));
    };
    for (const char* keyword : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
                                "minLength", "maxLength", "minItems", "maxItems"}) {
        expect(keyword, "\"1\"", "expected a number, got a string");
    }
    for (const char* keyword : {"minLength", "maxLength", "minItems", "maxItems"}) {
        expect(keyword, "-1", "expected a whole number that is not negative");
        expect(keyword, "1.5", "expected a whole number that is not negative");
    }
    expect("exclusiveMinimum", "true", "expected a number, got a boolean");  // as in draft 4
    expect("enum", "\"a\"", "expected an array, got a string");
    expect("enum", "[]", "has no value");
    expect("pattern", "1", "expected a string, got a number");
    expect("pattern", "\"(\"", "not a regular expression");
    expect("uniqueItems", "1", "expected a boolean, got a number");
    expect("description", "1", "expected a string, got a number");
    expect("properties", "[]", "expected an object, got an array");
    expect("required", "true", "expected an array, got a boolean");  // as in draft 3
    expect("x-tenon-secret", "\"yes\"", "expected a boolean, got a string");
}

BOOST_AUTO_TEST_CASE(the_place_of_a_fault_is_told_however_deep_it_is) {
    BOOST_TEST(refusal_of(R"({"properties": {"a": {"items": {"additionalProperties":
                             {"properties": {"b.c": {"minimum": null}}}}}}})") ==
               "at properties.a.items.additionalProperties.properties.b.c.minimum: expected a "
               "number, got null");
}

BOOST_AUTO_TEST_CASE(keywords_that_nothing_obeys_are_refused_if_they_refuse_values) {
    for (const char* keyword :
         {"$ref", "allOf", "anyOf", "oneOf", "not", "if", "prefixItems", "contains", "multipleOf",
          "patternProperties", "propertyNames", "dependentRequired", "minProperties",
          "unevaluatedProperties", "unevaluatedItems"}) {
        BOOST_TEST(property_refusal("{\"" + std::string(keyword) + "\": {}}") ==
                   "at properties.p." + std::string(keyword) + ": this keyword is not supported");
    }
}

BOOST_AUTO_TEST_CASE(keywords_that_only_describe_are_ignored) {
    accept(R"({"$schema": "x", "$id": "y", "$comment": "z", "title": "t", "description": "d",
               "$defs": {"a": {"oneOf": []}}, "examples": [{}], "deprecated": true,
               "properties": {"p": {"type": "string", "format": "uri", "title": 1,
                                    "writeOnly": true, "x-other": {}}}})");
}

BOOST_AUTO_TEST_CASE(a_property_may_have_the_name_of_a_keyword) {
    accept(R"({"properties": {"oneOf": {"type": "string"}, "properties": {"type": "object"}}})");
}

BOOST_AUTO_TEST_CASE(what_is_required_is_declared_where_nothing_else_is_allowed) {
    BOOST_TEST(refusal_of(R"({"properties": {"api_key": {}}, "required": ["api_key", "apikey"],
                              "additionalProperties": false})") ==
               "at required[1]: 'apikey' is not among the properties");
    accept(R"({"properties": {"api_key": {}}, "required": ["other"]})");
    BOOST_TEST(refusal_of(R"({"required": [1]})") ==
               "at required[0]: expected the name of a property");
}

BOOST_AUTO_TEST_CASE(a_default_is_one_that_the_schema_accepts) {
    BOOST_TEST(property_refusal(R"({"type": "integer", "default": "8"})") ==
               "at properties.p.default: expected an integer, got a string; write it without "
               "quotes");
    BOOST_TEST(property_refusal(R"({"minimum": 1, "default": 0})") ==
               "at properties.p.default: 0 is out of range; use 1 or more");
    BOOST_TEST(property_refusal(R"({"items": {"type": "string"}, "default": ["a", 1]})") ==
               "at properties.p.default[1]: expected a string, got a number");
    BOOST_TEST(property_refusal(R"({"items": {"enum": ["a"], "default": "b"}})") ==
               "at properties.p.items.default: not one of a");
    BOOST_TEST(property_refusal(R"({"additionalProperties": {"enum": ["a"], "default": "b"}})") ==
               "at properties.p.additionalProperties.default: not one of a");
    BOOST_TEST(refusal_of(R"({"default": {"a": 1}, "properties": {"a": {"type": "string"}}})") ==
               "at default.a: expected a string, got a number");
}

BOOST_AUTO_TEST_CASE(secrets_are_named_by_their_path) {
    const auto schema = ProviderSchema::parse(
        R"({"properties": {"url": {"type": "string"},
                           "key": {"type": "string", "x-tenon-secret": true},
                           "plain": {"type": "string", "x-tenon-secret": false},
                           "auth": {"properties": {"token": {"type": "string",
                                                             "x-tenon-secret": true}}}}})");
    BOOST_REQUIRE(schema);
    const std::vector<std::string> names = {"auth.token", "key"};
    BOOST_TEST(schema->secret_names() == names, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_secret_is_a_string) {
    const std::string message = "at properties.p.x-tenon-secret: needs \"type\": \"string\"";
    BOOST_TEST(property_refusal(R"({"type": "object", "x-tenon-secret": true})") == message);
    BOOST_TEST(property_refusal(R"({"type": ["string", "null"], "x-tenon-secret": true})") ==
               message);
    BOOST_TEST(property_refusal(R"({"x-tenon-secret": true})") == message);
}

BOOST_AUTO_TEST_CASE(a_secret_has_a_name_of_its_own) {
    const std::string why =
        "x-tenon-secret: a secret is a property with a name of its own, not a part of a list or "
        "map";
    const std::string secret = R"({"type": "string", "x-tenon-secret": true})";
    BOOST_TEST(property_refusal("{\"items\": " + secret + "}") == "at properties.p.items." + why);
    BOOST_TEST(property_refusal("{\"additionalProperties\": " + secret + "}") ==
               "at properties.p.additionalProperties." + why);
    BOOST_TEST(property_refusal("{\"items\": {\"properties\": {\"k\": " + secret + "}}}") ==
               "at properties.p.items.properties.k." + why);
}

BOOST_AUTO_TEST_CASE(two_secrets_have_two_names) {
    BOOST_TEST(refusal_of(R"({"properties": {
        "a.b": {"type": "string", "x-tenon-secret": true},
        "a": {"properties": {"b": {"type": "string", "x-tenon-secret": true}}}}})") ==
               "two secrets have the name 'a.b'");
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_schema_works_without_the_original) {
    auto original = ProviderSchema::parse(R"({"properties": {"p": {"default": "given"}}})");
    BOOST_REQUIRE(original);
    const ProviderSchema copy = *original;
    original = Error(Code::invalid, "gone");
    BOOST_TEST(copy.check({}, false).json.reveal() == R"({"p":"given"})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
