#include "wire/json.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace tenon::wire {
namespace {

constexpr JsonOptions kLikeAFile = {.comments = true, .positions = true};

std::string fault_of(std::string_view text, const JsonOptions& options = kLikeAFile) {
    JsonFault fault;
    const auto document = JsonDocument::parse(text, options, fault);
    BOOST_REQUIRE_MESSAGE(!document, "accepted: " << text);
    return std::to_string(fault.where.line) + ":" + std::to_string(fault.where.column) + ": " +
           fault.cause;
}

JsonDocument read(std::string_view text, const JsonOptions& options = kLikeAFile) {
    auto document = JsonDocument::parse(text, options);
    BOOST_REQUIRE_MESSAGE(document, (document ? "" : document.error().message));
    return *std::move(document);
}

std::string place_of(const JsonDocument& document, std::string_view pointer) {
    const auto entry = document.positions()->find(pointer);
    if (!entry) return "none";
    return std::to_string(entry->key.line) + ":" + std::to_string(entry->key.column) + " " +
           std::to_string(entry->value.line) + ":" + std::to_string(entry->value.column);
}

BOOST_AUTO_TEST_SUITE(json_parse)

BOOST_AUTO_TEST_CASE(every_kind_of_value_is_read) {
    for (const char* text : {"null", "true", "-1.5e3", "\"a\"", "[]", "{}", "[1,[2,{}]]",
                             "{\"a\":{\"b\":[null]}}", " 1 ", "18446744073709551615"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(read(text).root().exists());
        }
    }
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_skipped) {
    BOOST_TEST(read("\xEF\xBB\xBF[1]").root().size() == 1U);
}

BOOST_AUTO_TEST_CASE(comments_are_skipped_where_they_are_allowed) {
    const auto document = read("// top\n{ /* a */ \"a\" /* b */ : // c\n 1 /***/ } // end");
    BOOST_TEST(document.root()["a"].as_int64().value_or(0) == 1);
}

BOOST_AUTO_TEST_CASE(comments_are_refused_where_they_are_not) {
    BOOST_TEST(fault_of("{ // a\n}", {}) == "1:3: comments are not allowed here");
    BOOST_TEST(fault_of("/* a */ 1", {}) == "1:1: comments are not allowed here");
}

BOOST_AUTO_TEST_CASE(a_comma_before_a_closing_bracket_is_refused) {
    const std::string cause = "a comma must not stand before the closing bracket";
    BOOST_TEST(fault_of("{\"a\": 1,\n}") == "2:1: " + cause);
    BOOST_TEST(fault_of("[1, // last\n ]") == "2:2: " + cause);
}

BOOST_AUTO_TEST_CASE(faults_have_line_column_and_a_plain_cause) {
    BOOST_TEST(fault_of("") == "1:1: there is no JSON value");
    BOOST_TEST(fault_of(" \n // only this\n") == "3:1: there is no JSON value");
    BOOST_TEST(fault_of("{\"a\" 1}") == "1:6: expected ':' after the key");
    BOOST_TEST(fault_of("{\n  a: 1}") == "2:3: expected a key in double quotes or '}'");
    BOOST_TEST(fault_of("{\"a\": }") == "1:7: expected a JSON value");
    BOOST_TEST(fault_of("{\"a\": 1 \"b\": 2}") == "1:9: expected ',' or '}'");
    BOOST_TEST(fault_of("[1 2]") == "1:4: expected ',' or ']'");
    BOOST_TEST(fault_of("1 2") == "1:3: the JSON value has ended before this");
    BOOST_TEST(fault_of("['a']") == "1:2: strings stand in double quotes");
    BOOST_TEST(fault_of("\"\\x\"").ends_with("unknown escape in a string"));
    BOOST_TEST(fault_of("[nan]") == "1:2: expected a JSON value");
}

BOOST_AUTO_TEST_CASE(a_text_that_is_cut_off_says_so) {
    BOOST_TEST(fault_of("{\"a\": 1") == "1:8: the text ends too early: expected ',' or '}'");
    BOOST_TEST(fault_of("[") == "1:2: the text ends too early: expected a JSON value");
    BOOST_TEST(fault_of("{ /* a").ends_with("the comment is not closed"));
    BOOST_TEST(fault_of("\"abc").ends_with("the string is not closed"));
}

BOOST_AUTO_TEST_CASE(columns_count_characters_not_bytes) {
    BOOST_TEST(fault_of("{\"\xC3\xA4\xE2\x82\xAC\": x}") == "1:8: expected a JSON value");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_not_utf8_are_refused_even_in_comments) {
    BOOST_TEST(fault_of("[\"a\xFF\"]") == "1:4: a byte that is not UTF-8");
    BOOST_TEST(fault_of("1 // \xC3") == "1:6: a byte that is not UTF-8");
    BOOST_TEST(fault_of("[\"\xE2\x82z\"]") == "1:3: a byte that is not UTF-8");
    BOOST_TEST(fault_of("\n\"\xED\xA0\x80\"") == "2:2: a byte that is not UTF-8");
}

BOOST_AUTO_TEST_CASE(nothing_hides_behind_a_nul_byte) {
    BOOST_TEST(fault_of(std::string_view("{}\0x", 4)) == "1:3: a NUL byte");
}

BOOST_AUTO_TEST_CASE(escapes_that_spell_no_character_are_refused) {
    BOOST_TEST(fault_of("\"\\ud800\"").find("surrogate") != std::string::npos);
    BOOST_TEST(fault_of("\"\\udc00\"").find("surrogate") != std::string::npos);
    BOOST_TEST(fault_of("{\"\\udc00\": 1}", {}).find("surrogate") != std::string::npos);
    BOOST_TEST(read("\"\\ud83d\\ude00\"").root().as_string().value_or("") == "\xF0\x9F\x98\x80");
}

BOOST_AUTO_TEST_CASE(control_characters_in_strings_are_refused) {
    BOOST_TEST(fault_of("[\"a\tb\"]") == "1:4: a control character in a string; escape it");
    BOOST_TEST(fault_of("[\"a\nb\"]") == "1:4: the string is not closed in its line");
}

BOOST_AUTO_TEST_CASE(numbers_that_json_does_not_have_are_refused) {
    for (const char* text : {"01", "+1", ".5", "1.", "1e", "0x1", "Infinity", "-"}) fault_of(text);
    BOOST_TEST(fault_of("1e999").ends_with("the number is too large"));
}

BOOST_AUTO_TEST_CASE(a_key_given_twice_is_refused_with_both_lines) {
    BOOST_TEST(fault_of("{\n \"a\": 1,\n \"b\": {\"a\": 2},\n \"a\": 3\n}") ==
               "4:2: the key 'a' is given twice, first in line 2");
    BOOST_TEST(fault_of("{\"a\": {}, \"a\": []}").ends_with("first in line 1"));
    read("[{\"a\": 1}, {\"a\": 1}]");
}

BOOST_AUTO_TEST_CASE(without_positions_the_first_of_two_equal_keys_wins) {
    BOOST_TEST(read("{\"a\": 1, \"a\": 2}", {}).root()["a"].as_int64().value_or(0) == 1);
}

BOOST_AUTO_TEST_CASE(nesting_is_bounded) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    read(nested(JsonDocument::kMaxDepth));
    for (const JsonOptions& options : {JsonOptions{}, kLikeAFile}) {
        BOOST_TEST(fault_of(nested(JsonDocument::kMaxDepth + 1), options) ==
                   "1:257: more than 256 objects and arrays are nested");
    }
    BOOST_TEST(fault_of(std::string(1'000'000, '[')).starts_with("1:257: "));
}

BOOST_AUTO_TEST_CASE(each_value_has_the_position_of_its_key_and_of_itself) {
    const auto document = read(
        "{\n"
        "  \"a\": 1, // one, \"b\": 2\n"
        "  \"b\" : /* : */ {\"c\": [true,\n"
        "    \"\xC3\xA4\", {\"d\": null}]}\n"
        "}");
    BOOST_TEST(place_of(document, "") == "1:1 1:1");
    BOOST_TEST(place_of(document, "/a") == "2:3 2:8");
    BOOST_TEST(place_of(document, "/b") == "3:3 3:17");
    BOOST_TEST(place_of(document, "/b/c") == "3:18 3:23");
    BOOST_TEST(place_of(document, "/b/c/0") == "3:24 3:24");
    BOOST_TEST(place_of(document, "/b/c/1") == "4:5 4:5");
    BOOST_TEST(place_of(document, "/b/c/2/d") == "4:11 4:16");
    BOOST_TEST(place_of(document, "/b/c/3") == "none");
}

BOOST_AUTO_TEST_CASE(without_the_option_there_are_no_positions) {
    BOOST_TEST(place_of(read("{\"a\": 1}", {}), "/a") == "none");
}

BOOST_AUTO_TEST_CASE(the_error_tells_the_place_in_words) {
    const auto document = JsonDocument::parse("{\n}}");
    BOOST_REQUIRE(!document);
    BOOST_TEST(document.error().message ==
               "line 2, column 2: the JSON value has ended before this");
    BOOST_TEST((document.error().code == Code::invalid));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
