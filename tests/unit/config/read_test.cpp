#include <chrono>

#include "base/text.hpp"
#include "unit/config/given.hpp"

/// What the reader makes of single members, and what it says about them.
namespace tenon::config {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(config_read)

BOOST_AUTO_TEST_CASE(an_empty_object_gives_the_defaults) {
    const Config config = good("{}");
    BOOST_TEST(config.providers.empty());
    BOOST_TEST((config.timeouts == Timeouts()));
    BOOST_TEST((config.http == HttpConfig()));
}

BOOST_AUTO_TEST_CASE(members_of_every_form_are_read) {
    const Config config = good(R"({
      "$schema": "tenon.schema.json",
      "plugins": {"directories": ["/p"], "allow": ["mock"]},
      "runtime": {"io_threads": 3, "blocking_threads": 5},
      "log": {"level": "debug", "format": "json", "components": {"plugin.openai": "off"}},
      "timeouts": {"connect": "250ms", "stream": "1.5h"},
      "http": {"max_body_bytes": 4294967296, "tls": {"verify": false}}
    })");
    BOOST_TEST(config.schema == "tenon.schema.json");
    BOOST_TEST(config.plugins.directories == std::vector<std::string>{"/p"},
               boost::test_tools::per_element());
    BOOST_TEST(config.plugins.allow == std::vector<std::string>{"mock"},
               boost::test_tools::per_element());
    BOOST_TEST(config.runtime.io_threads == 3);
    BOOST_TEST(config.runtime.blocking_threads == 5);
    BOOST_TEST((config.log.level == base::LogLevel::debug));
    BOOST_TEST((config.log.format == base::LogFormat::json));
    BOOST_TEST((config.log.components.at("plugin.openai") == base::LogLevel::off));
    BOOST_TEST((config.timeouts.connect == 250ms));
    BOOST_TEST((config.timeouts.stream == 90min));
    BOOST_TEST((config.timeouts.idle == 60s));
    BOOST_TEST(config.http.max_body_bytes == 4'294'967'296);
    BOOST_TEST(!config.http.tls.verify);
}

BOOST_AUTO_TEST_CASE(comments_and_a_byte_order_mark_are_allowed) {
    const Config config = good("\xEF\xBB\xBF// top\n{\"runtime\": /* here */ {\"io_threads\": 9}}");
    BOOST_TEST(config.runtime.io_threads == 9);
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_json_says_where) {
    BOOST_TEST(problems_of("{\n  \"log\": {,}\n}") ==
               "c.json:2:11: expected a key in double quotes or '}'\n");
    BOOST_TEST(problems_of("") == "c.json:1:1: there is no JSON value\n");
    BOOST_TEST(problems_of("{\"a\": 1,}") ==
               "c.json:1:9: a comma must not stand before the closing bracket\n");
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_object_is_refused) {
    BOOST_TEST(problems_of("[]") == "c.json:1:1: expected an object, got an array\n");
}

BOOST_AUTO_TEST_CASE(a_key_that_stands_twice_is_refused) {
    BOOST_TEST(problems_of("{\"log\": {},\n \"log\": {}}") ==
               "c.json:2:2: the key 'log' is given twice, first in line 1\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_key_gives_line_path_and_nearest_name) {
    BOOST_TEST(problems_of("{\"providers\": {\"openai\": {\n  \"kind\": \"openai\",\n"
                           "  \"tiemouts\": {}}}}") ==
               "c.json:3:3: providers.openai.tiemouts: unknown key; did you mean 'timeouts'?\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_key_that_is_near_to_none_suggests_none) {
    BOOST_TEST(problems_of(R"({"zebra": 1})") == "c.json:1:2: zebra: unknown key\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_type_says_what_was_expected_and_found) {
    BOOST_TEST(problems_of(R"({"runtime": {"io_threads": "2"}})") ==
               "c.json:1:28: runtime.io_threads: expected a number, got a string\n");
    BOOST_TEST(problems_of(R"({"log": []})") ==
               "c.json:1:9: log: expected an object, got an array\n");
    BOOST_TEST(problems_of(R"({"log": null})") ==
               "c.json:1:9: log: expected an object, got null\n");
    BOOST_TEST(problems_of(R"({"http": {"tls": {"verify": 1}}})") ==
               "c.json:1:29: http.tls.verify: expected a boolean, got a number\n");
    BOOST_TEST(problems_of(R"({"plugins": {"allow": ["a", 1]}})") ==
               "c.json:1:29: plugins.allow[1]: expected a string, got a number\n");
    BOOST_TEST(problems_of(R"({"plugins": {"allow": "a"}})") ==
               "c.json:1:23: plugins.allow: expected an array, got a string\n");
}

BOOST_AUTO_TEST_CASE(a_number_out_of_bounds_says_the_bounds) {
    const std::string rule = " is out of range; use 1 to 64\n";
    const std::string place = "c.json:1:28: runtime.io_threads: ";
    for (const char* number : {"0", "65", "-1", "18446744073709551615", "1e300"}) {
        BOOST_TEST_CONTEXT(number) {
            const std::string text = R"({"runtime": {"io_threads": )" + std::string(number) + "}}";
            const std::string found = problems_of(text);
            BOOST_TEST(found.starts_with(place), found);
            BOOST_TEST(found.ends_with(rule), found);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_fraction_is_no_whole_number_and_a_zero_fraction_is_one) {
    BOOST_TEST(problems_of(R"({"runtime": {"io_threads": 1.5}})") ==
               "c.json:1:28: runtime.io_threads: expected a whole number, got 1.5\n");
    BOOST_TEST(good(R"({"runtime": {"io_threads": 2.0}})").runtime.io_threads == 2);
}

BOOST_AUTO_TEST_CASE(a_duration_needs_a_unit) {
    const std::string place = "c.json:1:26: timeouts.connect: ";
    BOOST_TEST(problems_of(R"({"timeouts": {"connect": 30}})") ==
               place + "a duration is a string with a unit; write \"30s\" or \"30ms\"\n");
    BOOST_TEST(problems_of(R"({"timeouts": {"connect": "30"}})") ==
               place +
                   "'30' is not a duration: the unit is missing; write 30s for seconds or 30ms "
                   "for milliseconds\n");
    BOOST_TEST(problems_of(R"({"timeouts": {"connect": true}})") ==
               place + "expected a string, got a boolean\n");
}

BOOST_AUTO_TEST_CASE(a_duration_out_of_bounds_says_the_bounds) {
    BOOST_TEST(problems_of(R"({"timeouts": {"connect": "0s"}})") ==
               "c.json:1:26: timeouts.connect: 0s is out of range; use 1ms to 1h\n");
    BOOST_TEST(problems_of(R"({"timeouts": {"connect": "61m"}})") ==
               "c.json:1:26: timeouts.connect: 61m is out of range; use 1ms to 1h\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_choice_gives_all_of_them_and_the_nearest) {
    BOOST_TEST(problems_of(R"({"log": {"level": "infos"}})") ==
               "c.json:1:19: log.level: not one of trace, debug, info, warn, error, off; did you "
               "mean 'info'?\n");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_none_says_the_rule) {
    const std::string rule = "not a valid name; " + std::string(base::kNameRule) + "\n";
    BOOST_TEST(problems_of(R"({"providers": {"Open AI": {"kind": "a"}}})") ==
               "c.json:1:16: providers.Open AI: " + rule);
    BOOST_TEST(problems_of(R"({"providers": {"a": {"kind": "A"}}})") ==
               "c.json:1:30: providers.a.kind: " + rule);
    BOOST_TEST(problems_of(R"({"plugins": {"allow": [""]}})") ==
               "c.json:1:24: plugins.allow[0]: " + rule);
}

BOOST_AUTO_TEST_CASE(an_empty_text_is_refused_where_it_makes_no_sense) {
    BOOST_TEST(problems_of(R"({"providers": {"a": {"kind": "m", "models": [""]}}})") ==
               "c.json:1:46: providers.a.models[0]: must not be empty\n");
}

BOOST_AUTO_TEST_CASE(a_nul_character_is_refused) {
    BOOST_TEST(problems_of(R"({"plugins": {"directories": ["a\u0000b"]}})") ==
               "c.json:1:30: plugins.directories[0]: contains the character U+0000\n");
}

BOOST_AUTO_TEST_CASE(all_problems_are_told_at_once_in_the_order_of_the_file) {
    BOOST_TEST(problems_of("{\"providers\": {\"a\": {}},\n\"timeouts\": 1,\n\"plugin\": 2}") ==
               "c.json:1:21: providers.a: 'kind' is missing\n"
               "c.json:2:13: timeouts: expected an object, got a number\n"
               "c.json:3:1: plugin: unknown key; did you mean 'plugins'?\n");
}

BOOST_AUTO_TEST_CASE(columns_count_characters_and_not_bytes) {
    BOOST_TEST(problems_of("{\"$schema\": \"\xC3\xA4\xF0\x9F\x99\x82\", \"x\": 1}") ==
               "c.json:1:19: x: unknown key\n");
}

BOOST_AUTO_TEST_CASE(relative_paths_count_from_the_directory_of_the_file) {
    const auto result = parse(R"({"plugins": {"directories": ["p", "../q", "/r"]},
                                 "http": {"tls": {"ca_file": "ca.pem"}}})",
                              "/etc/tenon/config.json", environment_of({}));
    BOOST_REQUIRE(result.config);
    const std::vector<std::string> expected = {"/etc/tenon/p", "/etc/q", "/r"};
    BOOST_TEST(result.config->plugins.directories == expected, boost::test_tools::per_element());
    BOOST_TEST(result.config->http.tls.ca_file == "/etc/tenon/ca.pem");
}

BOOST_AUTO_TEST_CASE(an_empty_path_stays_empty) {
    const auto result = parse(R"({"http": {"tls": {"ca_file": ""}}})", "/etc/tenon/config.json",
                              environment_of({}));
    BOOST_REQUIRE(result.config);
    BOOST_TEST(result.config->http.tls.ca_file == "");
}

BOOST_AUTO_TEST_CASE(strings_of_every_form_may_come_from_the_environment) {
    const Config config = good(R"({
      "plugins": {"directories": ["${DIR}/plugins"]},
      "log": {"level": "${LEVEL}"},
      "timeouts": {"idle": "${IDLE:-7s}"},
      "default_provider": "${WHO}",
      "providers": {"a": {"kind": "${KIND}", "default_model": "${MODEL:-m}"}}
    })",
                               {{"DIR", "/d"}, {"LEVEL", "error"}, {"WHO", "a"}, {"KIND", "mock"}});
    BOOST_TEST(config.plugins.directories.at(0) == "/d/plugins");
    BOOST_TEST((config.log.level == base::LogLevel::error));
    BOOST_TEST((config.timeouts.idle == 7s));
    BOOST_TEST(config.default_provider == "a");
    BOOST_TEST(config.providers.at("a").kind == "mock");
    BOOST_TEST(config.providers.at("a").default_model == "m");
}

BOOST_AUTO_TEST_CASE(keys_are_not_expanded) {
    BOOST_TEST(problems_of(R"({"${NAME}": 1})", {{"NAME", "log"}}) ==
               "c.json:1:2: ${NAME}: unknown key\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_value_from_the_environment_is_not_repeated) {
    const std::string found =
        problems_of(R"({"timeouts": {"idle": "${IDLE}"}})", {{"IDLE", "sk-secret"}});
    BOOST_TEST(found ==
               "c.json:1:23: timeouts.idle: the environment gives no duration such as \"30s\"\n");
}

BOOST_AUTO_TEST_CASE(an_unset_variable_outside_of_providers_is_an_error) {
    BOOST_TEST(problems_of(R"({"log": {"level": "${LEVEL}"}})") ==
               "c.json:1:19: log.level: environment variable LEVEL is not set\n");
}

BOOST_AUTO_TEST_CASE(a_reference_that_is_not_closed_is_an_error) {
    BOOST_TEST(problems_of(R"({"default_provider": "${LEVEL"})") ==
               "c.json:1:22: default_provider: a ${ is not closed by }; write $${ for a literal "
               "${\n");
}

BOOST_AUTO_TEST_CASE(a_problem_without_a_place_is_told_without_it) {
    BOOST_TEST(format(Problem{Severity::error, "bad", "", 0, 0, ""}) == "bad");
    BOOST_TEST(format(Problem{Severity::error, "bad", "f", 0, 0, ""}) == "f: bad");
    BOOST_TEST(format(Problem{Severity::warning, "bad", "f", 2, 3, "a.b"}) ==
               "f:2:3: warning: a.b: bad");
    BOOST_TEST(format(Problem{Severity::error, "bad", "", 2, 3, ""}) == "2:3: bad");
}

BOOST_AUTO_TEST_CASE(a_warning_is_no_error) {
    BOOST_TEST(!has_errors({}));
    BOOST_TEST(!has_errors({Problem{Severity::warning, "odd", "", 0, 0, ""}}));
    BOOST_TEST(has_errors({Problem{Severity::warning, "odd", "", 0, 0, ""},
                           Problem{Severity::error, "bad", "", 0, 0, ""}}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
