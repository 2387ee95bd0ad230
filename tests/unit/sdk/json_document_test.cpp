#include "tenon/plugin/json.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <utility>

#include "sdk_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

constexpr std::string_view kText =
    R"({"s":"a\u00e9","n":2.5,"i":-7,"big":1e30,"z":0,"t":true,"f":false,"nil":null,)"
    R"("list":[1,"two",{"deep":"x"}],"a/b":{"m~n":1}})";

/// Looks "/model" up in its request.
struct Reader : Provider {
    using Provider::Provider;

    Task complete(Call call, Request) override {
        const auto request = JsonDocument::of_request(call);
        if (!request) co_return call.fail(request.error());
        call.emit_text(request->string("/model").value_or("none"));
        call.finish();
        const auto late = JsonDocument::of_request(call);
        late_code = late ? Code::ok : late.error().code;
    }

    static inline Code late_code = Code::ok;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(json_document)

BOOST_AUTO_TEST_CASE(values_are_found_by_pointer_and_type) {
    StrictHost host;
    const auto json = JsonDocument::parse(host.ref(), kText);
    BOOST_TEST_REQUIRE(json.has_value());
    BOOST_TEST(json->string("/s").value() == "a\u00e9");
    BOOST_TEST(json->number("/n").value() == 2.5);
    BOOST_TEST(json->integer("/i").value() == -7);
    BOOST_TEST(json->integer("/z").value() == 0);
    BOOST_TEST(json->boolean("/t").value());
    BOOST_TEST(!json->boolean("/f").value());
    BOOST_TEST((json->type("/nil") == JsonType::null));
    BOOST_TEST((json->type("") == JsonType::object));
    BOOST_TEST(json->size("/list") == 3u);
    BOOST_TEST(json->string("/list/2/deep").value() == "x");
    BOOST_TEST(json->string("/list/-1/deep").value() == "x");
    BOOST_TEST(json->integer("/a~1b/m~0n").value() == 1);
    BOOST_TEST(json->has("/nil"));
}

BOOST_AUTO_TEST_CASE(a_value_of_another_type_is_not_found) {
    StrictHost host;
    const auto json = JsonDocument::parse(host.ref(), kText);
    BOOST_TEST_REQUIRE(json.has_value());
    BOOST_TEST(!json->string("/n").has_value());
    BOOST_TEST(!json->number("/s").has_value());
    BOOST_TEST(!json->integer("/n").has_value());
    BOOST_TEST(!json->integer("/big").has_value());
    BOOST_TEST(!json->boolean("/i").has_value());
    BOOST_TEST(!json->has("/missing"));
    BOOST_TEST(!json->has("no slash"));
    BOOST_TEST(!json->type("/missing").has_value());
    BOOST_TEST(json->size("/s") == 0u);
}

BOOST_AUTO_TEST_CASE(member_names_come_in_the_order_of_the_text) {
    StrictHost host;
    const auto json = JsonDocument::parse(host.ref(), kText);
    BOOST_TEST_REQUIRE(json.has_value());
    BOOST_TEST(json->member_name("", 0).value() == "s");
    BOOST_TEST(json->member_name("", 9).value() == "a/b");
    BOOST_TEST(!json->member_name("", 10).has_value());
    BOOST_TEST(!json->member_name("/list", 0).has_value());
}

BOOST_AUTO_TEST_CASE(find_gives_scalars_as_text) {
    StrictHost host;
    const auto json = JsonDocument::parse(host.ref(), kText);
    BOOST_TEST_REQUIRE(json.has_value());
    BOOST_TEST(json->find("/s").value() == "a\u00e9");
    BOOST_TEST(json->find("/n").value() == "2.5");
    BOOST_TEST(json->find("/i").value() == "-7");
    BOOST_TEST(json->find("/z").value() == "0");
    BOOST_TEST(json->find("/t").value() == "true");
    BOOST_TEST(!json->find("/nil").has_value());
    BOOST_TEST(!json->find("/list").has_value());
    BOOST_TEST(!json->find("/missing").has_value());
}

BOOST_AUTO_TEST_CASE(bad_text_is_invalid_and_says_where) {
    StrictHost host;
    const auto json = JsonDocument::parse(host.ref(), R"({"a":)");
    BOOST_TEST_REQUIRE(!json.has_value());
    BOOST_TEST((json.error().code == Code::invalid));
    BOOST_TEST(json.error().message.find("byte 5") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_the_service_reading_is_unsupported) {
    StrictHost host;
    host.hide_service(TENON_JSON_V1);
    BOOST_TEST((JsonDocument::parse(host.ref(), "{}").error().code == Code::unsupported));
    FakeProvider provider(host, kind_of<Reader>());
    BOOST_TEST((provider.complete(kHello).code() == Code::unsupported));
}

BOOST_AUTO_TEST_CASE(a_moved_document_keeps_its_values_and_is_released_once) {
    StrictHost host;
    auto first = JsonDocument::parse(host.ref(), R"({"n":1})");
    auto second = JsonDocument::parse(host.ref(), R"({"n":2})");
    BOOST_TEST_REQUIRE((first && second));
    JsonDocument moved = *std::move(first);
    moved = *std::move(second);
    BOOST_TEST(moved.integer("/n").value() == 2);
}

BOOST_AUTO_TEST_CASE(the_request_is_readable_until_the_call_is_finished) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Reader>());
    const Outcome outcome = provider.complete(kHello);
    BOOST_TEST(outcome.text() == "m-1");
    BOOST_TEST((Reader::late_code == Code::stale));
}

BOOST_AUTO_TEST_CASE(a_request_that_is_not_json_is_invalid) {
    StrictHost host;
    FakeProvider provider(host, kind_of<Reader>());
    BOOST_TEST((provider.complete("not json").code() == Code::invalid));
}

BOOST_AUTO_TEST_SUITE_END()
