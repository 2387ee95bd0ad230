#include "tenon/json_text.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

using namespace std::string_view_literals;

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    tenon::append_json_string(out, text);
    return out;
}

template <class T>
std::string number(T value) {
    std::string out;
    tenon::append_number(out, value);
    return out;
}

constexpr std::string_view kEmoji = "\xF0\x9F\x98\x80";

}  // namespace

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(quotes_backslashes_and_control_characters_are_escaped) {
    BOOST_TEST(quoted("a\"b\\c/\n\r\t\b\f\x01\x1F\x7F") ==
               "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u0001\\u001f\x7F\"");
    BOOST_TEST(quoted("\0"sv) == "\"\\u0000\"");
    BOOST_TEST(quoted("") == "\"\"");
}

BOOST_AUTO_TEST_CASE(well_formed_utf8_passes_unchanged) {
    const auto text = "\xC3\xA4 \xE4\xBD\xA0 \xD7\xA9 \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"sv;
    BOOST_TEST(quoted(text) == '"' + std::string(text) + '"');
    BOOST_TEST(tenon::is_valid_utf8(text));
    BOOST_TEST(tenon::to_valid_utf8(text) == text);
}

BOOST_AUTO_TEST_CASE(each_maximal_ill_formed_part_becomes_one_replacement_character) {
    // The Unicode standard's example (chapter 3, table 3-8), then overlong forms, a surrogate, and
    // a value beyond U+10FFFF.
    const auto replaced = [](std::string_view text) {
        std::string out = tenon::to_valid_utf8(text);
        for (std::size_t at = 0; (at = out.find("\xEF\xBF\xBD", at)) != std::string::npos;) {
            out.replace(at, 3, "?");
        }
        return out;
    };
    BOOST_TEST(replaced("a\xF1\x80\x80\xE1\x80\xC2"
                        "b\x80"
                        "c\x80\xBF"
                        "d") == "a???b?c??d");
    BOOST_TEST(replaced("\xC0\xAF") == "??");
    BOOST_TEST(replaced("\xE0\x80\x80") == "???");
    BOOST_TEST(replaced("\xED\xA0\x80") == "???");
    BOOST_TEST(replaced("\xF4\x90\x80\x80") == "????");
    BOOST_TEST(quoted("\xFF") == "\"\xEF\xBF\xBD\"");
}

BOOST_AUTO_TEST_CASE(any_bytes_give_valid_utf8) {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            const char bytes[] = {static_cast<char>(first), static_cast<char>(second), '\xA0', 'x'};
            const std::string_view text(bytes, sizeof bytes);
            const std::string repaired = tenon::to_valid_utf8(text);
            BOOST_REQUIRE(tenon::is_valid_utf8(repaired));
            BOOST_REQUIRE(tenon::is_valid_utf8(text) == (repaired == text));
            BOOST_REQUIRE(tenon::is_valid_utf8(quoted(text)));
        }
    }
}

BOOST_AUTO_TEST_CASE(ill_formed_bytes_are_found_at_every_position_of_a_word) {
    constexpr std::size_t kLength = 80;  // more than is looked at in one go
    for (std::size_t at = 0; at < kLength; ++at) {
        std::string text(kLength, 'a');
        text[at] = '\x80';
        BOOST_TEST(!tenon::is_valid_utf8(text));
    }
}

BOOST_AUTO_TEST_CASE(a_safe_prefix_ends_on_a_character_boundary) {
    const std::string text = "a\xC3\xA4\xE4\xBD\xA0" + std::string(kEmoji) + "z";
    for (std::size_t size = 0; size <= text.size(); ++size) {
        const auto prefix = tenon::utf8_safe_prefix(std::string_view(text).substr(0, size));
        BOOST_TEST(tenon::is_valid_utf8(prefix));
        BOOST_TEST(prefix.size() + 3 >= size);
    }
    BOOST_TEST(tenon::utf8_safe_prefix(text) == text);
    BOOST_TEST(tenon::utf8_safe_prefix("ab\xF0\x9F\x98") == "ab");
}

BOOST_AUTO_TEST_CASE(a_safe_prefix_keeps_bytes_that_no_continuation_can_mend) {
    for (const auto text : {"a\xFF"sv, "a\x80\x80\x80\x80"sv, "a\xC0"sv, "\xC3\xA4\xA4"sv}) {
        BOOST_TEST(tenon::utf8_safe_prefix(text) == text);
    }
}

BOOST_AUTO_TEST_CASE(numbers_read_back_the_same) {
    BOOST_TEST(number(0.1) == "0.1");
    BOOST_TEST(number(1e300) == "1e+300");
    BOOST_TEST(number(-0.5F) == "-0.5");
    BOOST_TEST(number(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    BOOST_TEST(number(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
    BOOST_TEST(number(short{-3}) == "-3");
}

BOOST_AUTO_TEST_CASE(numbers_that_json_cannot_write_become_null) {
    BOOST_TEST(number(std::numeric_limits<double>::infinity()) == "null");
    BOOST_TEST(number(std::numeric_limits<double>::quiet_NaN()) == "null");
}

BOOST_AUTO_TEST_SUITE_END()
