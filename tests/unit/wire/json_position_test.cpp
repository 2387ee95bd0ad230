#include "wire/json_position.hpp"

#include <boost/test/unit_test.hpp>

namespace tenon::wire {
namespace {

BOOST_AUTO_TEST_SUITE(json_position)

BOOST_AUTO_TEST_CASE(lines_end_at_a_line_feed_and_columns_count_characters) {
    JsonLineCounter counter("a\xC3\xA4z\r\nb");
    BOOST_TEST((counter.advance_to(0) == JsonPosition{1, 1}));
    BOOST_TEST((counter.advance_to(3) == JsonPosition{1, 3}));
    BOOST_TEST((counter.advance_to(6) == JsonPosition{2, 1}));
    BOOST_TEST((counter.advance_to(100) == JsonPosition{2, 2}));
}

BOOST_AUTO_TEST_CASE(a_token_is_escaped_and_taken_back) {
    std::string pointer = json_pointer_append(json_pointer_append("", "a/b~c"), "");
    BOOST_TEST(pointer == "/a~1b~0c/");
    std::string_view rest = pointer;
    BOOST_TEST(json_pointer_take(rest).value_or("none") == "a/b~c");
    BOOST_TEST(json_pointer_take(rest).value_or("none") == "");
    BOOST_TEST(!json_pointer_take(rest));
}

BOOST_AUTO_TEST_CASE(what_is_not_a_pointer_gives_no_token) {
    for (std::string_view bad : {"a", "/~", "/~2", "/a~"}) {
        BOOST_TEST(!json_pointer_take(bad));
    }
}

BOOST_AUTO_TEST_CASE(a_token_that_is_there_already_gives_its_entry) {
    JsonPositions positions;
    const auto first = positions.add(JsonPositions::kRoot, "a", {{1, 2}, {1, 6}});
    BOOST_TEST(!first.second);
    const auto second = positions.add(JsonPositions::kRoot, "a", {{2, 2}, {2, 6}});
    BOOST_REQUIRE(second.second);
    BOOST_TEST((second.second->key == JsonPosition{1, 2}));
    BOOST_TEST(!positions.add(first.first, "a", {{3, 1}, {3, 5}}).second);
    BOOST_TEST((positions.find("/a/a")->key == JsonPosition{3, 1}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
