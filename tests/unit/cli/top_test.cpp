#include <boost/test/unit_test.hpp>

#include "cli/cell_text.hpp"
#include "cli/keys.hpp"
#include "cli/top_view.hpp"

namespace tenon::cli {
namespace {

std::vector<Key> keys_of(std::string_view bytes) {
    KeyReader reader;
    std::vector<Key> keys;
    for (const char byte : bytes) {
        if (const auto key = reader.feed(byte)) keys.push_back(*key);
    }
    return keys;
}

BOOST_AUTO_TEST_SUITE(keys)

BOOST_AUTO_TEST_CASE(arrows_come_in_both_manners_of_terminals) {
    BOOST_TEST((keys_of("\x1b[A\x1b[B") == std::vector<Key>{{Key::Kind::up}, {Key::Kind::down}}));
    BOOST_TEST((keys_of("\x1bOA\x1bOB") == std::vector<Key>{{Key::Kind::up}, {Key::Kind::down}}));
}

BOOST_AUTO_TEST_CASE(unknown_sequences_are_swallowed_whole) {
    // Right, delete, F5, a mouse, Alt-q.
    BOOST_TEST(keys_of("\x1b[C\x1b[3~\x1b[15~\x1b[<0;10;5M\x1bq").empty());
    BOOST_TEST((keys_of("\x1b[3~q") == std::vector<Key>{{Key::Kind::character, 'q'}}));
}

BOOST_AUTO_TEST_CASE(an_escape_amid_a_sequence_begins_a_new_one) {
    BOOST_TEST((keys_of("\x1b[1\x1b[A") == std::vector<Key>{{Key::Kind::up}}));
}

BOOST_AUTO_TEST_CASE(letters_of_other_scripts_are_no_commands) {
    BOOST_TEST(keys_of("ä").empty());
    BOOST_TEST(
        (keys_of("\x03\x1a") == std::vector<Key>{{Key::Kind::interrupt}, {Key::Kind::suspend}}));
}

BOOST_AUTO_TEST_SUITE_END()

TopModel model_of(int providers, int events = 0) {
    std::string text = R"({"version":"1","pid":7,"providers":[)";
    for (int i = 0; i < providers; ++i) {
        text += (i > 0 ? "," : "") + std::string(R"({"name":"p)") + std::to_string(i) +
                R"(","state":"connected","health":"healthy"})";
    }
    auto document = wire::JsonDocument::parse(text + "]}");
    BOOST_REQUIRE(document);
    TopModel model;
    model.status = *std::move(document);
    for (int i = 0; i < events; ++i) model.events.push_back("event " + std::to_string(i));
    model.colours = false;
    move_selection(model, 0);
    return model;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
}

bool has(const std::vector<std::string>& lines, std::string_view part) {
    return joined(lines).find(part) != std::string::npos;
}

std::string without_colours(std::string line) {
    for (auto at = line.find('\x1b'); at != std::string::npos; at = line.find('\x1b')) {
        line.erase(at, line.find('m', at) - at + 1);
    }
    return line;
}

BOOST_AUTO_TEST_SUITE(top_view)

BOOST_AUTO_TEST_CASE(every_size_of_a_screen_is_filled_and_not_exceeded) {
    for (const auto& model : {model_of(0), model_of(3, 2), model_of(50, 50), TopModel{}}) {
        for (std::size_t rows = 1; rows < 40; ++rows) {
            for (const std::size_t columns : {1u, 10u, 80u}) {
                const auto lines = top_lines(model, {rows, columns});
                BOOST_REQUIRE_EQUAL(lines.size(), rows);
                for (const std::string& line : lines) {
                    const std::string seen = without_colours(line);
                    BOOST_TEST_INFO(line);
                    BOOST_TEST_REQUIRE(columns_of(seen) <= columns);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_selected_provider_is_marked_and_always_seen) {
    TopModel model = model_of(50, 10);
    BOOST_TEST(model.selected == "p0");
    BOOST_TEST(has(top_lines(model, {20, 80}), "\x1b[7mp0 "));
    move_selection(model, 30);
    BOOST_TEST(has(top_lines(model, {20, 80}), "\x1b[7mp30 "));
    BOOST_TEST(has(top_lines(model, {20, 80}), "PROVIDER"));
}

BOOST_AUTO_TEST_CASE(the_selection_stays_within_the_list_and_with_its_provider) {
    TopModel model = model_of(3);
    move_selection(model, -1);
    BOOST_TEST(model.selected == "p0");
    move_selection(model, 7);
    BOOST_TEST(model.selected == "p2");
    model.status = model_of(2).status;  // it is gone
    move_selection(model, 0);
    BOOST_TEST(model.selected == "p0");
    model.status = model_of(0).status;
    move_selection(model, 0);
    BOOST_TEST(model.selected == "");
}

BOOST_AUTO_TEST_CASE(the_newest_events_are_seen) {
    const auto lines = top_lines(model_of(2, 100), {20, 80});
    BOOST_TEST(has(lines, "event 99"));
    BOOST_TEST(!has(lines, "event 1\n"));
}

BOOST_AUTO_TEST_CASE(trouble_comes_before_what_became_of_a_command) {
    TopModel model = model_of(1);
    model.message = "fine";
    BOOST_TEST(has(top_lines(model, {20, 80}), "fine"));
    model.trouble = "no daemon runs";
    BOOST_TEST(has(top_lines(model, {20, 80}), "no daemon runs"));
    BOOST_TEST(!has(top_lines(model, {20, 80}), "fine"));
}

BOOST_AUTO_TEST_CASE(a_line_is_clipped_by_what_is_seen_of_it) {
    BOOST_TEST(clip("\x1b[31mabc\x1b[0mdef", 4) == "\x1b[31mabc\x1b[0md");
    BOOST_TEST(clip("日本", 3) == "日");
    BOOST_TEST(clip("\x1b[3", 3) == "\x1b[3");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::cli
