#include "gateway/api/named_models.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace tenon::gateway {
namespace {

/// The names, with spaces between them, or the error's code.
std::string named_in(std::string_view members) {
    const auto found = further_models("{\"model\":\"m\"," + std::string(members) + "}");
    if (!found) return std::string(to_string(found.error().code));
    std::string out;
    for (const std::string& name : *found) out += (out.empty() ? "" : " ") + name;
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(named_models)

BOOST_AUTO_TEST_CASE(an_ordinary_request_names_no_further_model) {
    BOOST_TEST(named_in(R"("messages":[{"role":"user","content":"models"}],"stream":true,)"
                        R"("temperature":0.5,"stop":["model"],"user":"me","models":null)") == "");
}

BOOST_AUTO_TEST_CASE(lists_of_fallbacks_are_found) {
    BOOST_TEST(named_in(R"("models":["a","b"],"route":"fallback")") == "a b");
    BOOST_TEST(named_in(R"("fallbacks":["a",{"model":"b","messages":[{"content":"no"}]}])") ==
               "a b");
    BOOST_TEST(named_in(R"("fallbacks":[{"m":["a"]}],"context_window_fallbacks":[{"m":"b"}])") ==
               "a b");
}

BOOST_AUTO_TEST_CASE(models_in_nested_options_are_found) {
    BOOST_TEST(named_in(R"("providerOptions":{"gateway":{"models":["a"],"order":["x"]}})") == "a");
    BOOST_TEST(named_in(R"("extra_body":{"models":["a"]},"plugins":[{"id":"web","model":"b"}])") ==
               "a b");
    BOOST_TEST(named_in(R"("tools":[{"type":"image_generation","model":"a"}])") == "a");
}

BOOST_AUTO_TEST_CASE(names_are_found_however_they_are_written) {
    BOOST_TEST(named_in(R"("\u006dodels":["a"])") == "a");
    BOOST_TEST(named_in(R"("Model":"a","FALLBACKS":["b"])") == "a b");
    BOOST_TEST(named_in(R"("models":["\u0061"],"models":["b"])") == "a b");
}

BOOST_AUTO_TEST_CASE(schemas_of_tools_and_answers_name_nothing) {
    BOOST_TEST(named_in(R"("tools":[{"type":"function","function":{"parameters":{"properties":)"
                        R"({"model":{"type":"string"}}}}}],"response_format":{"json_schema":)"
                        R"({"schema":{"properties":{"model":{"enum":["x"]}}}}})") == "");
}

BOOST_AUTO_TEST_CASE(what_lets_the_provider_choose_has_a_name_of_its_own) {
    BOOST_TEST(named_in(R"("preset":"p")") == "@preset/p");
    BOOST_TEST(named_in(R"("route":"fallback")") == "@route/fallback");
    BOOST_TEST(named_in(R"("route":null,"provider":{"order":["x"]})") == "");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read_is_refused) {
    BOOST_TEST(named_in(R"("models":["a",])") == "invalid");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway
