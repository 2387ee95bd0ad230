#include "cli/cell_text.hpp"

#include <boost/test/unit_test.hpp>

#include "cli/json_text.hpp"
#include "cli/status_table.hpp"

namespace tenon::cli {
namespace {

BOOST_AUTO_TEST_SUITE(cell_text)

BOOST_AUTO_TEST_CASE(wide_characters_take_two_columns_and_combining_ones_none) {
    BOOST_TEST(columns_of("abc") == 3u);
    BOOST_TEST(columns_of("日本") == 4u);
    BOOST_TEST(columns_of("🦀") == 2u);
    BOOST_TEST(columns_of("e\u0301") == 1u);
    BOOST_TEST(columns_of("● …") == 3u);
}

BOOST_AUTO_TEST_CASE(a_text_is_shortened_to_the_columns_it_may_have) {
    BOOST_TEST(shorten("abcdef", 6) == "abcdef");
    BOOST_TEST(shorten("abcdef", 5) == "abcd…");
    BOOST_TEST(shorten("日本語", 5) == "日本…");
    BOOST_TEST(shorten("日本語", 4) == "日…");
    BOOST_TEST(shorten("abc", 0) == "");
    BOOST_TEST(fit("日", 4) == "日  ");
}

BOOST_AUTO_TEST_CASE(nothing_that_a_provider_says_controls_the_terminal) {
    BOOST_TEST(printable("a\x1b[2Jb\nc\x7f") == "a [2Jb c ");
    BOOST_TEST(printable("\xc2\x9b"
                         "1m") == " 1m");             // CSI in one character
    BOOST_TEST(printable("a\u202eb") == "a\ufffdb");  // right-to-left override
    BOOST_TEST(printable("\xff\xc3(\xe2\x82") == "\ufffd\ufffd(\ufffd\ufffd");  // ill-formed
    BOOST_TEST(printable("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");              // a surrogate
}

BOOST_AUTO_TEST_CASE(columns_are_aligned_by_what_is_seen) {
    const auto lines = table_lines({{{"A"}, {"B"}}, {{"日本"}, {"x"}}, {{"e\u0301"}, {"y"}}}, {});
    BOOST_REQUIRE_EQUAL(lines.size(), 3u);
    BOOST_TEST(lines[0] == "A     B");
    BOOST_TEST(lines[1] == "日本  x");
    BOOST_TEST(lines[2] == "e\u0301     y");
}

BOOST_AUTO_TEST_CASE(only_the_last_column_gives_way_to_a_narrow_terminal) {
    TableStyle style;
    style.width = 30;
    const auto lines =
        table_lines({{{"name"}, {"the last error was that it did not answer"}}}, style);
    BOOST_TEST(lines[0] == "name  the last error was that…");
    BOOST_TEST(columns_of(lines[0]) == 30u);
    style.width = 3;
    BOOST_TEST(table_lines({{{"name"}, {"the last error"}}}, style)[0] == "name  the last er…");
}

BOOST_AUTO_TEST_CASE(colours_do_not_count_as_columns) {
    TableStyle style;
    style.colours = true;
    const auto lines = table_lines({{{"a", Colour::good}, {"b"}}}, style);
    BOOST_TEST(lines[0] == "\x1b[32ma\x1b[0m  b");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(durations_have_two_units_at_most) {
    BOOST_TEST(duration_text(840) == "840 µs");
    BOOST_TEST(duration_text(1'500) == "1.5 ms");
    BOOST_TEST(duration_text(120'000) == "120 ms");
    BOOST_TEST(duration_text(1'500'000) == "1.5 s");
    BOOST_TEST(duration_text(200'000'000) == "3 min 20 s");
    BOOST_TEST(duration_text(7'500'000'000) == "2 h 5 min");
    BOOST_TEST(duration_text(172'800'000'000) == "2 d");
}

BOOST_AUTO_TEST_CASE(what_is_nearly_all_is_not_shown_as_all) {
    BOOST_TEST(percent_text(1.0) == "100 %");
    BOOST_TEST(percent_text(0.9999) == "99.9 %");
    BOOST_TEST(percent_text(0.5) == "50.0 %");
    BOOST_TEST(percent_text(std::nullopt) == "-");
}

BOOST_AUTO_TEST_CASE(a_name_stays_one_segment_of_a_path) {
    BOOST_TEST(path_segment("a-b_c.d9") == "a-b_c.d9");
    BOOST_TEST(path_segment("../x?y z") == "..%2Fx%3Fy%20z");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(status_table)

struct Shown {
    explicit Shown(const std::string& provider) {
        const auto document = wire::JsonDocument::parse(provider);
        BOOST_REQUIRE(document);
        const wire::JsonView view = document->root();
        is_broken = cli::is_broken(view);
        const auto rows = status_rows(std::span(&view, 1));
        for (const Cell& cell : rows.at(1)) cells.push_back(cell.text);
    }
    std::vector<std::string> cells;
    bool is_broken = false;
};

BOOST_AUTO_TEST_CASE(what_is_unknown_is_a_dash) {
    const Shown shown(R"({"name":"a","state":"disconnected","health":"unknown"})");
    const std::vector<std::string> expected = {
        "a", "disconnected", "○ unknown", "-", "-", "0", "-", "-", ""};
    BOOST_TEST(shown.cells == expected, boost::test_tools::per_element());
    BOOST_TEST(!shown.is_broken);
}

BOOST_AUTO_TEST_CASE(a_disabled_provider_is_not_broken_however_it_stands) {
    const Shown shown(R"({"name":"a","enabled":false,"state":"unhealthy","health":"unhealthy"})");
    BOOST_TEST(shown.cells[1] == "disabled");
    BOOST_TEST(!shown.is_broken);
    BOOST_TEST(Shown(R"({"name":"a","enabled":true,"state":"misconfigured"})").is_broken);
    BOOST_TEST(Shown(R"({"name":"a","state":"connected","health":"unhealthy"})").is_broken);
}

BOOST_AUTO_TEST_CASE(breakers_of_models_and_waiting_requests_are_seen) {
    const Shown shown(R"({"name":"a","breaker":{"state":"closed"},
        "model_breakers":[{"state":"open"},{"state":"closed"},{"state":"half_open"}],
        "in_flight":3,"permits":{"waiting":2},"pool":{"max":5,"active":3,"idle":0,"waiting":1}})");
    BOOST_TEST(shown.cells[3] == "open for 2 models");
    BOOST_TEST(shown.cells[4] == "3/0/5");
    BOOST_TEST(shown.cells[5] == "3 +3");
    BOOST_TEST(Shown(R"({"breaker":{"state":"half_open"}})").cells[3] == "half-open");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::cli
