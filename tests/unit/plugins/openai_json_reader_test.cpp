#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "json_reader.hpp"
#include "tenon/plugin/json.hpp"
#include "tenon/testing/fake_host.hpp"

namespace {

using namespace tenon;          // NOLINT: a test file
using namespace tenon::openai;  // NOLINT

bool is_json(std::string_view text) {
    return JsonText{text}.valid();
}

/// What the only string of `["..."]` stands for.
std::string unescaped(std::string_view inside) {
    const std::string text = "[\"" + std::string(inside) + "\"]";
    JsonReader in(text);
    in.begin_array();
    BOOST_REQUIRE(in.next_element());
    std::string out(in.string());
    BOOST_REQUIRE(!in.next_element());
    BOOST_REQUIRE_MESSAGE(in.finish(), text);
    return out;
}

/// Has it an exponent that other parsers refuse as too large?
bool has_large_exponent(std::string_view text) {
    for (std::size_t at = text.find('e'); at != text.npos; at = text.find('e', at + 1)) {
        const std::size_t begin = text.find_first_not_of("+-", at + 1);
        const std::size_t end = text.find_first_not_of("0123456789", begin);
        if (begin != text.npos && end - begin > 2) return true;
    }
    return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openai_json_reader)

BOOST_AUTO_TEST_CASE(values_of_all_kinds_are_read) {
    for (const std::string_view text :
         {"{}", "[]", " [ ] ", "0", "-0.5e+10", "\"\"", "true", "false", "null", "\t\r\n7 ",
          R"({"a":[1,{"b":null}],"":""})", R"(["\u00e9\"\\\/\b\f\n\r\t"])", "[[],[[]],{}]"}) {
        BOOST_TEST(is_json(text), text);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused) {
    for (const std::string_view text : {"",          " ",           "{",
                                        "[",         "}",           "]",
                                        "{]",        "[}",          "[1,]",
                                        "[,1]",      "[1 2]",       "{\"a\"}",
                                        "{\"a\":}",  "{\"a\":1,}",  "{,}",
                                        "{a:1}",     "{1:1}",       "01",
                                        "-",         "+1",          "1.",
                                        ".5",        "1e",          "1e+",
                                        "0x1",       "tru",         "nul",
                                        "nulll",     "\"",          "\"\\\"",
                                        "\"\\x\"",   "\"\\u12\"",   "\"\\u12g4\"",
                                        "\"a\nb\"",  "'a'",         "1 1",
                                        "{} {}",     "[1]]",        "NaN",
                                        "{\"a\" 1}", "[\"a\" : 1]", "{\"a\":1 \"b\":2}"}) {
        BOOST_TEST(!is_json(text), text);
    }
    BOOST_TEST(!is_json(std::string_view("[]\0", 3)));
    BOOST_TEST(!is_json(std::string_view("\"\0\"", 3)));
}

BOOST_AUTO_TEST_CASE(every_mutation_is_judged_as_by_the_json_service) {
    testing::FakeHost host;
    const std::string seed = R"({"a":[1,-0.1e1,"x\u0041\n",true],"b":{"c":null,"d":false}, "":[]})";
    const std::string alphabet = "{}[]\",:\\ue01-+.tfnr \n";
    std::mt19937 random(1);
    int good = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text = seed;
        for (auto edits = random() % 3 + 1; edits != 0; --edits) {
            const std::size_t at = random() % text.size();
            const char c = alphabet[random() % alphabet.size()];
            switch (random() % 3) {
                case 0: text[at] = c; break;
                case 1: text.insert(at, 1, c); break;
                default: text.erase(at, 1);
            }
        }
        if (has_large_exponent(text)) continue;
        const bool expected = JsonDocument::parse(host.ref(), text).has_value();
        BOOST_REQUIRE_MESSAGE(is_json(text) == expected, text);
        good += expected ? 1 : 0;
    }
    BOOST_TEST(good > 1000);
    host.check();
}

BOOST_AUTO_TEST_CASE(strings_of_all_lengths_end_where_they_end) {
    for (std::size_t length = 0; length < 40; ++length) {
        const std::string text(length, '\xC3');
        BOOST_TEST(unescaped(text) == text);
        for (std::size_t at = 0; at < length; ++at) {
            std::string quote = text;
            quote[at] = '"';
            std::string escaped = text;
            escaped.replace(at, 1, "\\\"");
            BOOST_TEST(unescaped(escaped) == quote);
            std::string control = text;
            control[at] = '\x1F';
            BOOST_TEST(!is_json("\"" + control + "\""));
        }
    }
}

BOOST_AUTO_TEST_CASE(escapes_are_undone) {
    BOOST_TEST(unescaped(R"(\"\\\/\b\f\n\r\t)") == "\"\\/\b\f\n\r\t");
    BOOST_TEST(unescaped(R"(\u0041\u00e9\u20AC\ud83d\ude00)") ==
               "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
    BOOST_TEST(unescaped(R"(a\u0000b)") == std::string("a\0b", 3));
}

BOOST_AUTO_TEST_CASE(half_a_surrogate_pair_is_replaced) {
    const std::string replacement = "\xEF\xBF\xBD";
    BOOST_TEST(unescaped(R"(\ud83d)") == replacement);
    BOOST_TEST(unescaped(R"(\ude00x)") == replacement + "x");
    BOOST_TEST(unescaped(R"(\ud83d\n)") == replacement + "\n");
    BOOST_TEST(unescaped(R"(\ud83d\u0041)") == replacement + "A");
    BOOST_TEST(unescaped(R"(\ud83d\ud83d\ude00)") == replacement + "\xF0\x9F\x98\x80");
}

BOOST_AUTO_TEST_CASE(unescaped_strings_stay_where_they_are) {
    std::string text = "[";
    for (int i = 0; i < 100; ++i) text += "\"\\n" + std::to_string(i) + "\",";
    text += "0]";
    JsonReader in(text);
    std::vector<std::string_view> strings;
    in.begin_array();
    while (in.next_element()) strings.push_back(in.string());
    BOOST_REQUIRE(in.finish());
    for (std::size_t i = 0; i < 100; ++i) BOOST_TEST(strings[i] == "\n" + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(counts_are_read_from_any_number_that_is_not_negative) {
    const auto count = [](std::string_view text) { return JsonReader(text).count(); };
    BOOST_TEST(count("7").value() == 7u);
    BOOST_TEST(count("18446744073709551615").value() == 18446744073709551615u);
    BOOST_TEST(count("7.9").value() == 7u);
    BOOST_TEST(count("1e3").value() == 1000u);
    for (const std::string_view none : {"-7", "1e300", "\"7\"", "null", "[7]", "{}", "x"}) {
        BOOST_TEST(!count(none).has_value(), none);
    }
}

BOOST_AUTO_TEST_CASE(a_value_of_another_kind_is_skipped) {
    JsonReader in(R"([{"a":1},7,"x",[2],null])");
    BOOST_REQUIRE(in.begin_array());
    BOOST_REQUIRE(in.next_element());
    BOOST_TEST(in.string() == "");
    BOOST_REQUIRE(in.next_element());
    BOOST_TEST(!in.begin_object());
    BOOST_REQUIRE(in.next_element());
    BOOST_TEST(!in.begin_array());
    BOOST_REQUIRE(in.next_element());
    BOOST_TEST(!in.count().has_value());
    BOOST_REQUIRE(in.next_element());
    BOOST_TEST(in.skip() == "null");
    BOOST_TEST(!in.next_element());
    BOOST_TEST(in.finish());
}

BOOST_AUTO_TEST_CASE(nothing_follows_an_error) {
    JsonReader in(R"({"a":x,"b":1})");
    BOOST_REQUIRE(in.begin_object());
    BOOST_REQUIRE(in.next_member());
    BOOST_TEST(in.skip() == "");
    BOOST_TEST(!in.next_member());
    BOOST_TEST(!in.next_element());
    BOOST_TEST((in.kind() == JsonReader::Kind::none));
    BOOST_TEST(!in.finish());
}

BOOST_AUTO_TEST_CASE(nesting_has_a_limit) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    BOOST_TEST(is_json(nested(JsonReader::kMaxDepth)));
    BOOST_TEST(!is_json(nested(JsonReader::kMaxDepth + 1)));
    BOOST_TEST(!is_json(std::string(1'000'000, '{')));
}

BOOST_AUTO_TEST_CASE(values_are_found_by_their_pointers) {
    const JsonText json{R"({"a":[{"b":"x\n"},7,true,null],"c":{"d":-1.50}})"};
    BOOST_TEST(json.find("/a/0/b").value() == "x\n");
    BOOST_TEST(json.find("/a/1").value() == "7");
    BOOST_TEST(json.find("/a/2").value() == "true");
    BOOST_TEST(json.find("/c/d").value() == "-1.50");
    for (const std::string_view none :
         {"", "/a", "/a/3", "/a/4", "/a/x", "/a/-1", "/a/0/b/c", "/b", "/c/", "/d"}) {
        BOOST_TEST(!json.find(none).has_value(), none);
    }
}

BOOST_AUTO_TEST_SUITE_END()
