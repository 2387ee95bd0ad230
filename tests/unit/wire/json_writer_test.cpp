#include "wire/json_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

namespace tenon::wire {
namespace {

template <class Write>
std::string written(Write write, JsonWriter::Style style = JsonWriter::Style::compact) {
    std::string out;
    JsonWriter writer(out, style);
    write(writer);
    return out;
}

void write_sample(JsonWriter& writer) {
    writer.begin_object();
    writer.member("a", 1);
    writer.key("b");
    writer.begin_array();
    writer.value("x");
    writer.begin_object();
    writer.end_object();
    writer.null();
    writer.end_array();
    writer.key("c");
    writer.raw("{\"d\":2}");
    writer.member("e", false);
    writer.end_object();
}

BOOST_AUTO_TEST_SUITE(json_writer)

BOOST_AUTO_TEST_CASE(compact_has_no_white_space) {
    BOOST_TEST(written(write_sample) == R"({"a":1,"b":["x",{},null],"c":{"d":2},"e":false})");
}

BOOST_AUTO_TEST_CASE(pretty_has_one_item_on_each_line) {
    BOOST_TEST(written(write_sample, JsonWriter::Style::pretty) ==
               "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    {},\n    null\n  ],\n"
               "  \"c\": {\"d\":2},\n  \"e\": false\n}");
}

BOOST_AUTO_TEST_CASE(keys_and_strings_are_escaped) {
    BOOST_TEST(written([](JsonWriter& writer) {
                   writer.begin_object();
                   writer.member("a\"", "b\\\n\x01");
                   writer.end_object();
               }) == R"({"a\"":"b\\\n\u0001"})");
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_value) {
    BOOST_TEST(written([](JsonWriter& writer) {
                   writer.begin_array();
                   writer.value(0.1);
                   writer.value(INT64_MIN);
                   writer.value(UINT64_MAX);
                   writer.value(std::numeric_limits<double>::infinity());
                   writer.end_array();
               }) == "[0.1,-9223372036854775808,18446744073709551615,null]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
