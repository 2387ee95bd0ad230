#include "base/text.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

namespace tenon::base {
namespace {

constexpr std::array<std::string_view, 5> kKeys = {"timeouts", "http", "kind", "models", "log"};

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(a_transposition_is_one_slip) {
    BOOST_TEST(nearest_name("tiemouts", kKeys).value_or("") == "timeouts");
    BOOST_TEST(nearest_name("knid", kKeys).value_or("") == "kind");
}

BOOST_AUTO_TEST_CASE(a_missing_an_extra_and_a_wrong_letter_are_forgiven) {
    BOOST_TEST(nearest_name("timeout", kKeys).value_or("") == "timeouts");
    BOOST_TEST(nearest_name("modells", kKeys).value_or("") == "models");
    BOOST_TEST(nearest_name("kimd", kKeys).value_or("") == "kind");
}

BOOST_AUTO_TEST_CASE(case_does_not_count) {
    BOOST_TEST(nearest_name("LOG", kKeys).value_or("") == "log");
}

BOOST_AUTO_TEST_CASE(a_wholly_different_word_is_near_nothing) {
    BOOST_TEST(!nearest_name("banana", kKeys));
    BOOST_TEST(!nearest_name("x", kKeys));
    BOOST_TEST(!nearest_name("", kKeys));
    BOOST_TEST(!nearest_name(std::string(1'000'000, 'a'), kKeys));
    BOOST_TEST(!nearest_name("word", {}));
}

BOOST_AUTO_TEST_CASE(the_nearest_wins_and_of_equals_the_first) {
    const std::array<std::string_view, 3> names = {"read_time", "read_timeouts", "write_timeout"};
    BOOST_TEST(nearest_name("read_timeout", names).value_or("") == "read_timeouts");
    const std::array<std::string_view, 2> equal = {"abcx", "abcy"};
    BOOST_TEST(nearest_name("abcz", equal).value_or("") == "abcx");
}

BOOST_AUTO_TEST_CASE(the_question_is_empty_if_nothing_is_near) {
    BOOST_TEST(did_you_mean("htpp", kKeys) == "; did you mean 'http'?");
    BOOST_TEST(did_you_mean("banana", kKeys).empty());
}

BOOST_AUTO_TEST_CASE(join_puts_the_separator_between) {
    BOOST_TEST(join(std::vector<std::string>{}, ", ").empty());
    BOOST_TEST(join(std::vector<std::string>{"a"}, ", ") == "a");
    BOOST_TEST(join(kKeys, "|") == "timeouts|http|kind|models|log");
}

BOOST_AUTO_TEST_CASE(names_begin_with_a_letter_or_digit_and_have_64_characters_at_most) {
    for (const char* good : {"a", "openai", "gpt-4.1", "0", "a_b.c-d"}) BOOST_TEST(is_name(good));
    for (const char* bad : {"", "-a", ".a", "_a", "Open", "a b", "a/b", "\xC3\xA4"}) {
        BOOST_TEST(!is_name(bad));
    }
    BOOST_TEST(is_name(std::string(64, 'a')));
    BOOST_TEST(!is_name(std::string(65, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::base
