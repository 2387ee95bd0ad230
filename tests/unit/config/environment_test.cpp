#include "config/environment.hpp"

#include "unit/config/given.hpp"

namespace tenon::config {
namespace {

const Variables kVariables = {{"NAME", "value"}, {"EMPTY", ""}, {"NESTED", "${NAME}"}};

Expansion expanded(std::string_view text) {
    auto expansion = expand(text, environment_of(kVariables));
    BOOST_REQUIRE_MESSAGE(expansion, text);
    return *std::move(expansion);
}

std::string refusal_of(std::string_view text) {
    const auto expansion = expand(text, environment_of(kVariables));
    BOOST_REQUIRE_MESSAGE(!expansion, text);
    return expansion.error().message;
}

BOOST_AUTO_TEST_SUITE(config_environment)

BOOST_AUTO_TEST_CASE(a_reference_is_replaced_wherever_it_stands) {
    BOOST_TEST(expanded("${NAME}").text == "value");
    BOOST_TEST(expanded("a${NAME}b${NAME}c").text == "avaluebvaluec");
}

BOOST_AUTO_TEST_CASE(text_without_reference_stays_and_is_not_of_the_environment) {
    for (const char* text : {"", "plain", "$", "a$b", "$NAME", "}", "{NAME}", "100$"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(expanded(text).text == text);
            BOOST_TEST(!expanded(text).used_environment);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_default_stands_in_for_an_unset_and_for_an_empty_variable) {
    BOOST_TEST(expanded("${NONE:-other}").text == "other");
    BOOST_TEST(expanded("${EMPTY:-other}").text == "other");
    BOOST_TEST(expanded("${NAME:-other}").text == "value");
    BOOST_TEST(expanded("${NONE:-}").text == "");
    BOOST_TEST(expanded("${NONE:-a:-b}").text == "a:-b");
    BOOST_TEST(expanded("${NONE:-other}").unset.empty());
}

BOOST_AUTO_TEST_CASE(a_variable_that_is_set_and_empty_is_not_unset) {
    BOOST_TEST(expanded("${EMPTY}").text == "");
    BOOST_TEST(expanded("${EMPTY}").unset.empty());
}

BOOST_AUTO_TEST_CASE(each_unset_variable_is_named) {
    const Expansion expansion = expanded("${ONE}${NAME}${TWO}");
    const std::vector<std::string> unset = {"ONE", "TWO"};
    BOOST_TEST(expansion.unset == unset);
    BOOST_TEST(expansion.text == "value");
}

BOOST_AUTO_TEST_CASE(a_value_is_not_expanded_again) {
    BOOST_TEST(expanded("${NESTED}").text == "${NAME}");
}

BOOST_AUTO_TEST_CASE(two_dollars_make_a_literal_reference) {
    BOOST_TEST(expanded("$${NAME}").text == "${NAME}");
    BOOST_TEST(!expanded("$${NAME}").used_environment);
    BOOST_TEST(expanded("$$").text == "$$");
}

BOOST_AUTO_TEST_CASE(escaped_text_expands_to_itself) {
    for (const char* text : {"", "plain", "${NAME}", "a${b${c}", "$", "x$"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(expanded(escape_references(text)).text == text);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_reference_that_is_none_is_refused_without_repeating_it) {
    BOOST_TEST(refusal_of("sk-1${NAME") == "a ${ is not closed by }; write $${ for a literal ${");
    const std::string no_name =
        "${...} does not name an environment variable; write $${ for a literal ${";
    for (const char* text : {"${}", "${:-x}", "${1A}", "${A B}", "${sk-1}", "${\xC3\xA4}"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(refusal_of(text) == no_name);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_environment_of_the_process_tells_set_from_unset) {
    const Environment environment = process_environment();
    BOOST_TEST(environment("PATH").has_value());
    BOOST_TEST(!environment("TENON_TEST_THIS_IS_NOT_SET").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
