#include "gateway/admin/admin_request.hpp"

#include <boost/test/unit_test.hpp>

namespace tenon::gateway {
namespace {

AdminTarget target(std::string_view text) {
    auto read = AdminTarget::parse(text);
    BOOST_REQUIRE(read.has_value());
    return *std::move(read);
}

template <class T>
std::string why(const Result<T>& result) {
    return result ? "" : result.error().message;
}

std::string why(const AdminBody& body) {
    return body.error() ? body.error()->message : "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(admin_request)

BOOST_AUTO_TEST_CASE(a_path_and_its_parameters_are_decoded) {
    const auto read = target("/a%2Fb/%63?x=1%262&&y&z=a=b+c");
    BOOST_TEST(read.path() == "/a/b/c");
    BOOST_TEST(read.get("x").value() == "1&2");
    BOOST_TEST(read.get("y").value().empty());
    BOOST_TEST(read.get("z").value() == "a=b+c");
    BOOST_TEST(!read.get("q").has_value());
}

BOOST_AUTO_TEST_CASE(bad_percent_encoding_is_refused) {
    for (const std::string_view text : {"/%", "/%4", "/%4g", "/%g4", "/a?x=%", "/a?%1=2"}) {
        BOOST_TEST(!AdminTarget::parse(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_CASE(parameters_that_nobody_knows_are_refused_with_the_nearest_name) {
    BOOST_TEST(why(target("/a?sinec=1").check({"since"})) ==
               "there is no parameter 'sinec' here; did you mean 'since'?");
    BOOST_TEST(why(target("/a?x=1").check({})) == "there is no parameter 'x' here");
    BOOST_TEST(why(target("/a?since=1&since=1").check({"since"})) ==
               "the parameter 'since' is given twice");
    BOOST_TEST(why(target("/a?since=1").check({"since"})).empty());
}

BOOST_AUTO_TEST_CASE(numbers_are_whole_and_bounded) {
    BOOST_TEST(target("/a?n=50").number("n", 50)->value() == 50U);
    BOOST_TEST(!target("/a").number("n", 50)->has_value());
    for (const std::string_view text : {"/?n=51", "/?n=-1", "/?n=1x", "/?n=", "/?n=1.5"}) {
        BOOST_TEST(why(target(text).number("n", 50)) ==
                   "the parameter 'n' must be a whole number up to 50");
    }
}

BOOST_AUTO_TEST_CASE(times_are_in_utc) {
    const auto time = target("/a?t=1970-01-01T00:00:01.500Z").time("t");
    BOOST_REQUIRE(time.has_value());
    BOOST_TEST((time->value() == host::Time(std::chrono::milliseconds(1'500))));
    BOOST_TEST(!target("/a?t=yesterday").time("t").has_value());
}

BOOST_AUTO_TEST_CASE(a_pattern_stands_for_one_part_of_a_path) {
    BOOST_TEST(match_path("/a/b", "/a/b").value().empty());
    BOOST_TEST(!match_path("/a/b", "/a/b/").has_value());
    BOOST_TEST(match_path("/a/{id}/c", "/a/b/c").value() == "b");
    BOOST_TEST(match_path("/a/{id}", "/a/b").value() == "b");
    BOOST_TEST(!match_path("/a/{id}", "/a/").has_value());
    BOOST_TEST(!match_path("/a/{id}/c", "/a//c").has_value());
    BOOST_TEST(!match_path("/a/{id}/c", "/a/c").has_value());
    BOOST_TEST(!match_path("/a/{id}", "/a/b/c").has_value());
}

BOOST_AUTO_TEST_CASE(a_body_gives_what_is_in_it) {
    AdminBody body(R"({"s":"x","f":true,"d":20,"l":["a","b"],"n":null})",
                   {"s", "f", "d", "l", "n", "absent"});
    BOOST_TEST(body.text("s") == "x");
    BOOST_TEST(body.flag("f"));
    BOOST_TEST(!body.flag("absent"));
    BOOST_TEST(body.duration("d", 1, 20, {}).count() == 20);
    BOOST_TEST(body.duration("absent", 1, 20, std::chrono::milliseconds(7)).count() == 7);
    BOOST_TEST(body.texts("l").size() == 2U);
    BOOST_TEST((body.has("l") && !body.has("n") && !body.has("absent")));
    BOOST_TEST(body.text_or("n").empty());
    BOOST_TEST(why(body).empty());
}

BOOST_AUTO_TEST_CASE(an_empty_body_has_no_members) {
    AdminBody body("", {"s"});
    BOOST_TEST(!body.has("s"));
    BOOST_TEST(why(body).empty());
}

BOOST_AUTO_TEST_CASE(members_that_nobody_knows_are_refused_with_the_nearest_name) {
    BOOST_TEST(why(AdminBody(R"({"provider":["a"]})", {"providers", "now"})) ==
               "there is no member 'provider' here; did you mean 'providers'?");
}

BOOST_AUTO_TEST_CASE(what_is_no_object_or_says_something_twice_is_refused) {
    BOOST_TEST(why(AdminBody("[]", {})) == "the body must be a JSON object");
    BOOST_TEST(!why(AdminBody("{", {})).empty());
    BOOST_TEST(!why(AdminBody(R"({"now":true,"now":false})", {"now"})).empty());
}

BOOST_AUTO_TEST_CASE(the_first_member_of_the_wrong_kind_is_named) {
    AdminBody body(R"({"s":1,"f":"yes","d":1.5,"l":"a"})", {"s", "f", "d", "l"});
    static_cast<void>(body.text("s"));
    static_cast<void>(body.flag("f"));
    BOOST_TEST(why(body) == "'s' must be a string");
    AdminBody flag(R"({"f":"yes"})", {"f"});
    static_cast<void>(flag.flag("f"));
    BOOST_TEST(why(flag) == "'f' must be true or false");
    AdminBody duration(R"({"d":1.5})", {"d"});
    static_cast<void>(duration.duration("d", 0, 9, {}));
    BOOST_TEST(why(duration) == "'d' must be a whole number of milliseconds from 0 to 9");
    AdminBody list(R"({"l":["a",1]})", {"l"});
    static_cast<void>(list.texts("l"));
    BOOST_TEST(why(list) == "'l' must be a list of strings");
    AdminBody missing("{}", {"s"});
    static_cast<void>(missing.text("s"));
    BOOST_TEST(why(missing) == "'s' is missing: a string that is not empty");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway
