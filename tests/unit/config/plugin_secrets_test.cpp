#include <vector>

#include "unit/config/checked.hpp"

/// What becomes of secrets and of text from the environment in a plugin's configuration.
namespace tenon::config {
namespace {

BOOST_AUTO_TEST_SUITE(config_plugin_secrets)

BOOST_AUTO_TEST_CASE(a_secret_is_taken_out) {
    const auto schema = R"({"properties": {"url": {}, "key": )" + std::string(kSecret) +
                        R"(, "auth": {"properties": {"token": )" + std::string(kSecret) + "}}}}";
    const std::string_view text =
        R"({"key":"sk-\"1\"","url":"u","auth":{"token":"${T}","user":"me"}})";
    const auto result = checked(schema, text, {{"T", "sk-2"}});
    BOOST_TEST(result.json.reveal() == R"({"url":"u","auth":{"user":"me"}})");
    BOOST_TEST(result.secrets.size() == 2U);
    BOOST_TEST(result.secrets.at("key").reveal() == "sk-\"1\"");
    BOOST_TEST(result.secrets.at("auth.token").reveal() == "sk-2");
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_kept_is_in_both_places) {
    const auto result = checked(only(kSecret), R"({"p": "sk-1"})", {}, true);
    BOOST_TEST(result.json.reveal() == R"({"p":"sk-1"})");
    BOOST_TEST(result.secrets.at("p").reveal() == "sk-1");
}

BOOST_AUTO_TEST_CASE(an_empty_secret_counts_as_absent) {
    for (const bool keep : {false, true}) {
        const auto result =
            checked(only(R"({"type": "string", "minLength": 8, "x-tenon-secret": true})"),
                    R"({"p": "${NONE:-}"})", {}, keep);
        BOOST_TEST(format(result.problems) == "");
        BOOST_TEST(result.json.reveal() == "{}");
        BOOST_TEST(result.secrets.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_required_secret_must_not_be_empty) {
    const auto schema = R"({"required": ["p"], "properties": {"p": )" + std::string(kSecret) + "}}";
    BOOST_TEST(problems_with(schema, R"({"p": ""})") ==
               "c.json:2:17: providers.a.config.p: must not be empty\n");
    BOOST_TEST(problems_with(schema, "{}") == "c.json:2:11: providers.a.config: 'p' is missing\n");
}

BOOST_AUTO_TEST_CASE(no_message_shows_a_secret) {
    const std::vector<std::string_view> schemas = {
        R"({"type": "string", "x-tenon-secret": true, "maxLength": 3})",
        R"({"type": "string", "x-tenon-secret": true, "minLength": 300})",
        R"({"type": "string", "x-tenon-secret": true, "pattern": "^x"})",
        R"({"type": "string", "x-tenon-secret": true, "enum": ["sk-hush-2"]})",
        R"({"type": "string", "x-tenon-secret": true, "const": "b"})"};
    for (const std::string_view schema : schemas) {
        BOOST_TEST_CONTEXT(schema) {
            const std::string found = fault_of(schema, "\"sk-hush-1\"");
            BOOST_TEST(found != "none");
            BOOST_TEST(found.find("sk-hush-1") == std::string::npos, found);
            BOOST_TEST(found.find("did you mean") == std::string::npos, found);
        }
    }
    BOOST_TEST(fault_of(kSecret, "4711") == "expected a string, got a number");
}

BOOST_AUTO_TEST_CASE(text_of_the_environment_becomes_what_the_schema_wants) {
    const auto with = [](std::string_view type, std::string_view value) {
        return json_of(only("{\"type\": " + std::string(type) + "}"), R"({"p": "${V}"})",
                       {{"V", std::string(value)}});
    };
    BOOST_TEST(with(R"("integer")", "8080") == R"({"p":8080})");
    BOOST_TEST(with(R"("number")", "-0.5") == R"({"p":-0.5})");
    BOOST_TEST(with(R"("boolean")", "false") == R"({"p":false})");
    BOOST_TEST(with(R"(["integer", "null"])", "1e3") == R"({"p":1000})");
    BOOST_TEST(with(R"(["string", "integer"])", "8080") == R"({"p":"8080"})");
    BOOST_TEST(with(R"("string")", "8080") == R"({"p":"8080"})");
    BOOST_TEST(json_of(only("{}"), R"({"p": "${V}"})", {{"V", "8080"}}) == R"({"p":"8080"})");
}

BOOST_AUTO_TEST_CASE(the_default_of_a_reference_is_converted_too) {
    BOOST_TEST(json_of(only(R"({"type": "integer"})"), R"({"p": "${PORT:-80}"})") == R"({"p":80})");
}

BOOST_AUTO_TEST_CASE(text_in_lists_is_converted_where_it_came_from_the_environment) {
    const std::string schema = only(R"({"items": {"type": "integer"}})");
    BOOST_TEST(json_of(schema, R"({"p": [1, "${V}"]})", {{"V", "2"}}) == R"({"p":[1,2]})");
    BOOST_TEST(problems_with(schema, R"({"p": ["2", "${V}"]})", {{"V", "2"}}) ==
               "c.json:2:18: providers.a.config.p[0]: expected an integer, got a string; write it "
               "without quotes\n");
}

BOOST_AUTO_TEST_CASE(text_of_the_environment_that_cannot_be_converted_is_not_repeated) {
    const std::string_view integer = R"({"type": "integer", "maximum": 9})";
    const auto with = [&](std::string_view value) {
        return fault_of(integer, "\"${V}\"", {{"V", std::string(value)}});
    };
    for (const char* text : {"sk-hush", "", "1.5", "0x10", "007", "null", "[1]", "1 2"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(with(text) == "expected an integer, got another text from the environment");
        }
    }
    BOOST_TEST(with("4711") == "the number from the environment is out of range; use 9 or less");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
