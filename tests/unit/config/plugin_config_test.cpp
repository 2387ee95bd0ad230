#include "unit/config/checked.hpp"

/// Plugin configurations against their kind's schema.
namespace tenon::config {
namespace {

BOOST_AUTO_TEST_SUITE(config_plugin_config)

BOOST_AUTO_TEST_CASE(what_fits_is_handed_on_as_it_is) {
    const std::string_view schema = R"({"type": "object", "additionalProperties": false,
        "properties": {"s": {"type": "string"}, "i": {"type": "integer"}, "n": {"type": "number"},
                       "b": {"type": "boolean"}, "z": {"type": "null"}, "l": {"type": "array"},
                       "o": {"type": "object"}, "any": {}}})";
    const std::string_view text =
        R"({"o":{"x":[1]},"s":"t","i":-3,"n":0.5,"b":true,"z":null,"l":[1,"a"],"any":{"y":2}})";
    BOOST_TEST(json_of(schema, text) == text);
}

BOOST_AUTO_TEST_CASE(a_kind_without_a_schema_takes_nothing) {
    BOOST_TEST(json_of("{}", "{}") == "{}");
    BOOST_TEST(problems_with("{}", R"({"a": 1, "b": 2})") ==
               "c.json:2:11: providers.a.config: plugins of this kind take no configuration; "
               "leave it out\n");
}

BOOST_AUTO_TEST_CASE(an_absent_configuration_is_an_empty_one) {
    const auto schema = ProviderSchema::parse(only(R"({"default": 7})"));
    BOOST_REQUIRE(schema);
    const Config config = good(R"({"providers": {"a": {"kind": "m"}}})");
    BOOST_TEST(schema->check(config.providers.at("a").config, false).json.reveal() == R"({"p":7})");
    PluginConfig empty;
    empty.json = Secret();
    BOOST_TEST(schema->check(empty, false).json.reveal() == R"({"p":7})");
}

BOOST_AUTO_TEST_CASE(a_configuration_that_no_file_holds_is_checked_too) {
    const auto schema = ProviderSchema::parse(only(R"({"type": "integer"})"));
    BOOST_REQUIRE(schema);
    PluginConfig config;
    const auto problems = [&](std::string_view json) {
        config.json = Secret(json);
        return format(schema->check(config, false).problems);
    };
    BOOST_TEST(problems(R"({"p": 1})") == "");
    BOOST_TEST(problems(R"({"p": "x"})") == "p: expected an integer, got a string\n");
    BOOST_TEST(problems("{") ==
               "not JSON: line 1, column 2: the text ends too early: expected a key in double "
               "quotes or '}'\n");
    BOOST_TEST(problems("[1]") == "expected an object, got an array\n");
    BOOST_TEST(problems(R"({"p": 1, "p": 2})") ==
               "not JSON: line 1, column 10: the key 'p' is given twice, first in line 1\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_an_error_if_the_schema_allows_no_other) {
    BOOST_TEST(problems_with(R"({"additionalProperties": false,
                                 "properties": {"base_url": {}, "api_key": {}}})",
                             "{\n  \"baseurl\": 1, \"zebra\": 2}") ==
               "c.json:3:3: providers.a.config.baseurl: unknown key; did you mean 'base_url'?\n"
               "c.json:3:17: providers.a.config.zebra: unknown key\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_a_warning_if_the_schema_does_not_say) {
    const auto result = checked(R"({"properties": {"base_url": {}}})", R"({"baseurl": 1})");
    BOOST_TEST(format(result.problems) ==
               "c.json:2:12: warning: providers.a.config.baseurl: the plugin does not declare "
               "this key; did you mean 'base_url'?\n");
    BOOST_TEST(result.json.reveal() == R"({"baseurl":1})");
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_welcome_if_the_schema_says_so) {
    BOOST_TEST(json_of(R"({"properties": {"a": {}}, "additionalProperties": true})",
                       R"({"b":{"c":[1]}})") == R"({"b":{"c":[1]}})");
    BOOST_TEST(json_of(R"({"type": "object"})", R"({"b":1})") == R"({"b":1})");
}

BOOST_AUTO_TEST_CASE(other_keys_may_have_a_schema) {
    const std::string_view schema =
        R"({"properties": {"n": {"type": "number"}}, "additionalProperties": {"type": "string"}})";
    BOOST_TEST(json_of(schema, R"({"n":1,"x":"y"})") == R"({"n":1,"x":"y"})");
    BOOST_TEST(problems_with(schema, R"({"x": 1})") ==
               "c.json:2:17: providers.a.config.x: expected a string, got a number\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_type_says_what_was_expected_and_found) {
    BOOST_TEST(fault_of(R"({"type": "string"})", "1") == "expected a string, got a number");
    BOOST_TEST(fault_of(R"({"type": "integer"})", "[]") == "expected an integer, got an array");
    BOOST_TEST(fault_of(R"({"type": "number"})", "null") == "expected a number, got null");
    BOOST_TEST(fault_of(R"({"type": "boolean"})", "{}") == "expected a boolean, got an object");
    BOOST_TEST(fault_of(R"({"type": "array"})", "true") == "expected an array, got a boolean");
    BOOST_TEST(fault_of(R"({"type": "object"})", "\"\"") == "expected an object, got a string");
    BOOST_TEST(fault_of(R"({"type": ["integer", "null"]})", "true") ==
               "expected an integer or null, got a boolean");
}

BOOST_AUTO_TEST_CASE(quotes_around_a_number_are_pointed_out) {
    BOOST_TEST(fault_of(R"({"type": "integer"})", "\"8\"") ==
               "expected an integer, got a string; write it without quotes");
    BOOST_TEST(fault_of(R"({"type": "boolean"})", "\"true\"") ==
               "expected a boolean, got a string; write it without quotes");
    BOOST_TEST(fault_of(R"({"type": "boolean"})", "\"8\"") == "expected a boolean, got a string");
}

BOOST_AUTO_TEST_CASE(an_integer_has_no_fraction) {
    BOOST_TEST(fault_of(R"({"type": "integer"})", "1.5") == "expected an integer, got 1.5");
    BOOST_TEST(json_of(only(R"({"type": "integer"})"), R"({"p": 3.0})") == R"({"p":3})");
    BOOST_TEST(json_of(only(R"({"type": "integer"})"), R"({"p": 18446744073709551615})") ==
               R"({"p":18446744073709551615})");
}

BOOST_AUTO_TEST_CASE(each_type_of_a_list_of_types_is_accepted) {
    const std::string schema = only(R"({"type": ["string", "null", "integer"]})");
    for (const char* text : {R"({"p":"a"})", R"({"p":null})", R"({"p":4})"}) {
        BOOST_TEST(json_of(schema, text) == text);
    }
}

BOOST_AUTO_TEST_CASE(a_number_out_of_bounds_says_the_bounds) {
    const std::string_view both = R"({"minimum": 1, "maximum": 65535})";
    BOOST_TEST(fault_of(both, "0") == "0 is out of range; use 1 to 65535");
    BOOST_TEST(fault_of(both, "65536") == "65536 is out of range; use 1 to 65535");
    BOOST_TEST(fault_of(both, "1") == "none");
    BOOST_TEST(fault_of(both, "65535") == "none");
    BOOST_TEST(fault_of(R"({"minimum": 0.5})", "0.4") == "0.4 is out of range; use 0.5 or more");
    BOOST_TEST(fault_of(R"({"maximum": -1})", "0") == "0 is out of range; use -1 or less");
}

BOOST_AUTO_TEST_CASE(exclusive_bounds_are_no_values_themselves) {
    const std::string_view both = R"({"exclusiveMinimum": 0, "exclusiveMaximum": 1})";
    BOOST_TEST(fault_of(both, "0") == "0 is out of range; use more than 0 and less than 1");
    BOOST_TEST(fault_of(both, "1.0") == "1 is out of range; use more than 0 and less than 1");
    BOOST_TEST(fault_of(both, "0.5") == "none");
    BOOST_TEST(fault_of(R"({"minimum": 0, "exclusiveMaximum": 1})", "1") ==
               "1 is out of range; use 0 or more and less than 1");
}

BOOST_AUTO_TEST_CASE(large_integers_are_compared_exactly) {
    const std::string_view most = R"({"maximum": 9007199254740992})";
    BOOST_TEST(fault_of(most, "9007199254740992") == "none");
    BOOST_TEST(fault_of(most, "9007199254740993") ==
               "9007199254740993 is out of range; use 9007199254740992 or less");
}

BOOST_AUTO_TEST_CASE(bounds_say_nothing_about_what_is_no_number) {
    BOOST_TEST(fault_of(R"({"minimum": 1, "minLength": 1, "minItems": 1})", "true") == "none");
}

BOOST_AUTO_TEST_CASE(a_message_says_what_the_property_is) {
    BOOST_TEST(fault_of(R"({"minimum": 1, "description": "Seconds to wait."})", "0") ==
               "0 is out of range; use 1 or more (Seconds to wait)");
    BOOST_TEST(problems_with(R"({"required": ["k"], "properties": {
                                 "k": {"description": "The key of the account."}}})",
                             "{}") ==
               "c.json:2:11: providers.a.config: 'k' is missing (The key of the account)\n");
}

BOOST_AUTO_TEST_CASE(the_length_of_a_text_is_counted_in_characters) {
    const std::string_view schema = R"({"minLength": 2, "maxLength": 3})";
    BOOST_TEST(fault_of(schema, "\"\xC3\xA4\"") == "is too short; use 2 characters or more");
    BOOST_TEST(fault_of(schema, "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x99\x82\"") == "none");
    BOOST_TEST(fault_of(schema, "\"abcd\"") == "is too long; use 3 characters at most");
    BOOST_TEST(fault_of(R"({"maxLength": 1})", "\"ab\"") == "is too long; use 1 character at most");
    BOOST_TEST(fault_of(R"({"minLength": 1})", "\"\"") == "must not be empty");
}

BOOST_AUTO_TEST_CASE(a_pattern_may_match_anywhere_unless_it_is_anchored) {
    BOOST_TEST(fault_of(R"({"pattern": "b+"})", "\"abbc\"") == "none");
    BOOST_TEST(fault_of(R"({"pattern": "^https?://"})", "\"http://x\"") == "none");
    BOOST_TEST(fault_of(R"({"pattern": "^https?://"})", "\"see http://x\"") ==
               "does not match the pattern ^https?://");
    BOOST_TEST(fault_of(R"({"pattern": "^\\d{3}$"})", "\"1234\"") ==
               "does not match the pattern ^\\d{3}$");
}

BOOST_AUTO_TEST_CASE(a_pattern_on_a_long_text_neither_overflows_the_stack_nor_runs_for_ever) {
    const std::string text = '"' + std::string(1'000'000, 'a') + '"';
    BOOST_TEST(fault_of(R"({"pattern": "^[ab]*$"})", text) == "none");
    const std::string slow = '"' + std::string(40, 'a') + "!\"";
    BOOST_TEST(fault_of(R"({"pattern": "^(a+)+$"})", slow) == "does not match the pattern ^(a+)+$");
}

BOOST_AUTO_TEST_CASE(a_wrong_choice_gives_all_of_them_and_the_nearest) {
    BOOST_TEST(fault_of(R"({"enum": ["fast", "slow", 3, null]})", "\"slwo\"") ==
               "not one of fast, slow, 3, null; did you mean 'slow'?");
    BOOST_TEST(fault_of(R"({"enum": ["fast", "slow", 3, null]})", "4") ==
               "not one of fast, slow, 3, null");
    for (const char* value : {"\"fast\"", "3", "3.0", "null"}) {
        BOOST_TEST(fault_of(R"({"enum": ["fast", 3, null]})", value) == "none");
    }
}

BOOST_AUTO_TEST_CASE(a_constant_is_the_only_value) {
    BOOST_TEST(fault_of(R"({"const": {"a": [1]}})", R"({"a": [1.0]})") == "none");
    BOOST_TEST(fault_of(R"({"const": "v1"})", "\"v2\"") == "must be \"v1\"");
    BOOST_TEST(fault_of(R"({"const": null})", "0") == "must be null");
}

BOOST_AUTO_TEST_CASE(items_are_checked_one_by_one) {
    BOOST_TEST(problems_with(only(R"({"items": {"type": "string", "minLength": 1}})"),
                             R"({"p": ["a", 1, ""]})") ==
               "c.json:2:23: providers.a.config.p[1]: expected a string, got a number\n"
               "c.json:2:26: providers.a.config.p[2]: must not be empty\n");
}

BOOST_AUTO_TEST_CASE(a_list_has_neither_too_few_nor_too_many_items) {
    const std::string_view schema = R"({"minItems": 1, "maxItems": 2})";
    BOOST_TEST(fault_of(schema, "[]") == "has 0 items; use 1 or more");
    BOOST_TEST(fault_of(schema, "[1]") == "none");
    BOOST_TEST(fault_of(schema, "[1, 2]") == "none");
    BOOST_TEST(fault_of(schema, "[1, 2, 3]") == "has 3 items; use 2 at most");
}

BOOST_AUTO_TEST_CASE(unique_items_are_compared_as_json) {
    const std::string schema = only(R"({"uniqueItems": true})");
    BOOST_TEST(json_of(schema, R"({"p":[1,"1",[1],true]})") == R"({"p":[1,"1",[1],true]})");
    BOOST_TEST(problems_with(schema, R"({"p": [{"a": 1}, 2, {"a": 1.0}]})") ==
               "c.json:2:31: providers.a.config.p[2]: is in the list already\n");
}

BOOST_AUTO_TEST_CASE(objects_in_objects_are_checked) {
    const std::string_view schema = R"({"properties": {"retry": {"type": "object",
        "additionalProperties": false, "required": ["times"],
        "properties": {"times": {"type": "integer"}, "wait": {"default": "1s"}}}}})";
    BOOST_TEST(json_of(schema, R"({"retry":{"times":2}})") ==
               R"({"retry":{"times":2,"wait":"1s"}})");
    BOOST_TEST(problems_with(schema, R"({"retry": {"tmes": 2}})") ==
               "c.json:2:21: providers.a.config.retry: 'times' is missing\n"
               "c.json:2:22: providers.a.config.retry.tmes: unknown key; did you mean 'times'?\n");
}

BOOST_AUTO_TEST_CASE(defaults_stand_in_for_what_is_absent) {
    const std::string_view schema =
        R"({"properties": {"a": {"default": 1}, "b": {"default": [2]}, "c": {}}})";
    BOOST_TEST(json_of(schema, "{}") == R"({"a":1,"b":[2]})");
    BOOST_TEST(json_of(schema, R"({"b":null})") == R"({"b":null,"a":1})");
}

BOOST_AUTO_TEST_CASE(an_absent_object_stays_absent_unless_it_has_a_default) {
    const auto schema = [](std::string_view fallback) {
        return R"({"properties": {"o": {"properties": {"a": {"default": 1}})" +
               std::string(fallback) + "}}}";
    };
    BOOST_TEST(json_of(schema(""), "{}") == "{}");
    BOOST_TEST(json_of(schema(""), R"({"o":{}})") == R"({"o":{"a":1}})");
    BOOST_TEST(json_of(schema(R"(, "default": {})"), "{}") == R"({"o":{"a":1}})");
}

BOOST_AUTO_TEST_CASE(a_default_serves_what_is_required) {
    BOOST_TEST(json_of(R"({"required": ["a"], "properties": {"a": {"default": 1}}})", "{}") ==
               R"({"a":1})");
}

BOOST_AUTO_TEST_CASE(problems_stand_in_the_order_of_the_file) {
    BOOST_TEST(problems_with(R"({"properties": {"a": {"type": "null"}, "b": {"type": "null"}},
                                 "additionalProperties": false, "required": ["a"]})",
                             "{\"x\": 1,\n\"b\": 1}") ==
               "c.json:2:11: providers.a.config: 'a' is missing\n"
               "c.json:2:12: providers.a.config.x: unknown key\n"
               "c.json:3:6: providers.a.config.b: expected null, got a number\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
