#include "wire/json.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace tenon::wire {
namespace {

JsonDocument read(std::string_view text) {
    auto document = JsonDocument::parse(text);
    BOOST_REQUIRE(document);
    return *std::move(document);
}

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(a_look_up_in_what_is_absent_is_absent) {
    const auto document = read("{\"a\": {\"b\": \"c\"}, \"n\": 1}");
    const JsonView root = document.root();
    BOOST_TEST(root["a"]["b"].as_string().value_or("") == "c");
    BOOST_TEST(!root["x"]["y"][3].exists());
    BOOST_TEST(!root["n"]["b"].exists());
    BOOST_TEST(!root[0].exists());
    BOOST_TEST((JsonView().kind() == JsonKind::absent));
    BOOST_TEST(JsonView().size() == 0U);
}

BOOST_AUTO_TEST_CASE(a_value_is_read_only_as_what_it_is) {
    const auto document = read("[true, 7, \"s\", null]");
    const JsonView root = document.root();
    BOOST_TEST(root[0].as_bool().value_or(false));
    BOOST_TEST(!root[0].as_int64());
    BOOST_TEST(root[1].as_int64().value_or(0) == 7);
    BOOST_TEST(root[1].as_double().value_or(0) == 7.0);
    BOOST_TEST(!root[1].as_string());
    BOOST_TEST(root[2].as_string().value_or("") == "s");
    BOOST_TEST(!root[2].as_bool());
    BOOST_TEST((root[3].kind() == JsonKind::null));
}

BOOST_AUTO_TEST_CASE(integers_have_no_fraction_and_fit_64_bits) {
    const auto document = read(
        "[3.0, 1e3, 1.5, 9223372036854775807, -9223372036854775808, 9223372036854775808, 1e300]");
    const JsonView root = document.root();
    BOOST_TEST(root[0].as_int64().value_or(0) == 3);
    BOOST_TEST(root[1].as_int64().value_or(0) == 1000);
    BOOST_TEST(!root[2].as_int64());
    BOOST_TEST(!root[2].is_integer());
    BOOST_TEST(root[3].as_int64().value_or(0) == INT64_MAX);
    BOOST_TEST(root[4].as_int64().value_or(0) == INT64_MIN);
    BOOST_TEST(!root[5].as_int64());
    BOOST_TEST(!root[6].as_int64());
    BOOST_TEST(root[6].is_integer());
}

BOOST_AUTO_TEST_CASE(pointers_go_through_objects_and_arrays) {
    const auto document = read("{\"a/b\": [{\"\": 1}, 2], \"0\": 3}");
    const JsonView root = document.root();
    BOOST_TEST(root.at("").is_object());
    BOOST_TEST(root.at("/a~1b/0/").as_int64().value_or(0) == 1);
    BOOST_TEST(root.at("/a~1b/1").as_int64().value_or(0) == 2);
    BOOST_TEST(root.at("/0").as_int64().value_or(0) == 3);
    for (const char* bad : {"a", "/x", "/a~1b/2", "/a~1b/01", "/a~1b/-", "/a~1b/+1", "/a~1b/1x",
                            "/a~1b/", "/a~1b/99999999999999999999"}) {
        BOOST_TEST(!root.at(bad).exists());
    }
}

BOOST_AUTO_TEST_CASE(members_and_elements_come_in_the_order_of_the_text) {
    const auto document = read("{\"b\": 1, \"a\": [10, 20]}");
    std::string keys;
    for (const auto& [key, value] : document.root().members()) keys += key;
    BOOST_TEST(keys == "ba");
    std::int64_t sum = 0;
    for (const JsonView element : document.root()["a"].elements()) {
        sum = sum * 100 + *element.as_int64();
    }
    BOOST_TEST(sum == 1020);
    for (const JsonView element : document.root().elements()) BOOST_TEST(!element.exists());
    for (const auto& member : document.root()["a"].members()) BOOST_TEST(member.key.empty());
}

BOOST_AUTO_TEST_CASE(what_is_written_is_what_was_read) {
    for (const std::string text :
         {"null", "[true,false]", "{\"a\":[1,-2,18446744073709551615,1.5],\"b\":{}}",
          "\"\\\"\\\\\\n\\u0001\xC3\xA4\"", "[0.1,1e+300]"}) {
        BOOST_TEST(read(text).root().to_text() == text);
    }
}

BOOST_AUTO_TEST_CASE(equality_is_that_of_json) {
    const auto a = read("{\"x\": 1, \"y\": [1.0]}");
    const auto b = read("{\"y\": [1], \"x\": 1}");
    const auto c = read("{\"y\": [2], \"x\": 1}");
    BOOST_TEST(equal(a.root(), b.root()));
    BOOST_TEST(!equal(a.root(), c.root()));
    BOOST_TEST(!equal(a.root(), JsonView()));
    BOOST_TEST(equal(JsonView(), JsonView()));
}

BOOST_AUTO_TEST_CASE(a_copy_of_the_document_keeps_its_views_alive) {
    JsonView view;
    std::optional<JsonDocument> copy;
    {
        const auto document = read("{\"a\": \"text longer than any small string\"}");
        view = document.root()["a"];
        copy = document;
    }
    BOOST_TEST(view.as_string().value_or("") == "text longer than any small string");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
