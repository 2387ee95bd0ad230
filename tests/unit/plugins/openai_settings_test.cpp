#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

#include "json_reader.hpp"
#include "settings.hpp"

namespace {

using namespace tenon;          // NOLINT: a test file
using namespace tenon::openai;  // NOLINT

Settings good(std::string_view config) {
    auto settings = read_settings(config);
    BOOST_REQUIRE_MESSAGE(settings.has_value(), config);
    return std::move(settings).value();
}

std::string refusal(std::string_view config) {
    const auto settings = read_settings(config);
    BOOST_REQUIRE_MESSAGE(!settings.has_value(), config);
    BOOST_TEST((settings.error().code == Code::invalid));
    return settings.error().message;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openai_settings)

BOOST_AUTO_TEST_CASE(the_defaults_are_those_of_openai) {
    const Settings settings = good("{}");
    BOOST_TEST(settings.chat_url == "https://api.openai.com/v1/chat/completions");
    BOOST_TEST(settings.embeddings_url == "https://api.openai.com/v1/embeddings");
    BOOST_TEST(settings.models_url == "https://api.openai.com/v1/models");
    BOOST_TEST(settings.auth_header == "authorization");
    BOOST_TEST(settings.auth_prefix == "Bearer ");
    BOOST_TEST(settings.headers.empty());
    BOOST_TEST(settings.include_usage);
}

BOOST_AUTO_TEST_CASE(the_schema_is_json_with_the_defaults_that_the_settings_have) {
    const JsonText schema{kConfigSchema};
    BOOST_REQUIRE(schema.valid());
    BOOST_TEST(*schema.find("/properties/base_url/default") == "https://api.openai.com/v1");
    BOOST_TEST(*schema.find("/properties/auth_header/default") == good("{}").auth_header);
    BOOST_TEST(*schema.find("/properties/include_usage/default") == "true");
    BOOST_TEST(*schema.find("/properties/api_key/x-tenon-secret") == "true");
}

BOOST_AUTO_TEST_CASE(slashes_at_the_end_of_the_address_do_not_matter) {
    for (const std::string_view url :
         {"http://h:8000/v1", "http://h:8000/v1/", "http://h:8000/v1//"}) {
        const Settings settings = good(R"({"base_url":")" + std::string(url) + "\"}");
        BOOST_TEST(settings.models_url == "http://h:8000/v1/models");
    }
    BOOST_TEST(good(R"({"base_url":"HTTPS://h"})").models_url == "HTTPS://h/models");
}

BOOST_AUTO_TEST_CASE(an_address_that_cannot_work_is_refused) {
    const auto with_url = [](const std::string& url) {
        return refusal(R"({"base_url":")" + url + "\"}");
    };
    BOOST_TEST(contains(with_url("api.openai.com/v1"), "http"));
    BOOST_TEST(contains(with_url("ftp://h"), "http"));
    BOOST_TEST(contains(with_url("https:///v1"), "host"));
    BOOST_TEST(contains(with_url("https://h/v1?x=1"), "api_version"));
    BOOST_TEST(contains(with_url("https://h/v1#x"), "path"));
    BOOST_TEST(contains(with_url("https://h/v 1"), "spaces"));
    BOOST_TEST(contains(with_url("https://h/v1\\n"), "spaces"));
    BOOST_TEST(contains(with_url("https://h/v1/chat/completions/"), "/chat/completions"));
}

BOOST_AUTO_TEST_CASE(a_password_in_the_address_is_refused_without_repeating_it) {
    const std::string message = refusal(R"({"base_url":"https://user:hunter2@h/v1"})");
    BOOST_TEST(contains(message, "api_key"));
    BOOST_TEST(!contains(message, "hunter2"));
}

BOOST_AUTO_TEST_CASE(the_version_is_added_to_every_address) {
    const Settings settings =
        good(R"({"base_url":"https://r.example/openai/deployments/d","api_version":"2024-10-21"})");
    BOOST_TEST(settings.chat_url ==
               "https://r.example/openai/deployments/d/chat/completions?api-version=2024-10-21");
    BOOST_TEST(settings.models_url ==
               "https://r.example/openai/deployments/d/models?api-version=2024-10-21");
    BOOST_TEST(contains(refusal(R"({"api_version":"1&x=2"})"), "api_version"));
}

BOOST_AUTO_TEST_CASE(another_header_for_the_key_has_no_prefix_unless_one_is_given) {
    const Settings azure = good(R"({"auth_header":"API-Key"})");
    BOOST_TEST(azure.auth_header == "api-key");
    BOOST_TEST(azure.auth_prefix.empty());
    BOOST_TEST(good(R"({"auth_header":"x","auth_prefix":"Key "})").auth_prefix == "Key ");
    BOOST_TEST(good(R"({"auth_prefix":""})").auth_prefix.empty());
    BOOST_TEST(contains(refusal(R"({"auth_header":"a b"})"), "auth_header"));
    BOOST_TEST(contains(refusal(R"({"auth_prefix":"a\r\n"})"), "auth_prefix"));
}

BOOST_AUTO_TEST_CASE(headers_come_from_their_options) {
    const Settings settings = good(
        R"({"organization":"org-1","project":"p","headers":{"X-Title":"Tenon","Referer":"r"}})");
    BOOST_REQUIRE(settings.headers.size() == 4);
    BOOST_TEST(settings.headers[0].name == "openai-organization");
    BOOST_TEST(settings.headers[0].value == "org-1");
    BOOST_TEST(settings.headers[1].name == "openai-project");
    BOOST_TEST(settings.headers[2].name == "x-title");
    BOOST_TEST(settings.headers[2].value == "Tenon");
}

BOOST_AUTO_TEST_CASE(reserved_headers_are_refused_in_any_case) {
    for (const std::string_view name :
         {"Host", "content-length", "Connection", "Transfer-Encoding", "Content-Type",
          "AUTHORIZATION", "accept-encoding", "OpenAI-Organization", "traceparent"}) {
        BOOST_TEST(contains(refusal(R"({"headers":{")" + std::string(name) + R"(":"x"}})"),
                            "must not set"));
    }
    BOOST_TEST(contains(refusal(R"({"auth_header":"Api-Key","headers":{"api-key":"x"}})"),
                        "must not set"));
}

BOOST_AUTO_TEST_CASE(headers_that_would_break_the_request_are_refused_without_their_values) {
    const std::string message = refusal(R"({"headers":{"x-a":"secret\r\nhost: evil"}})");
    BOOST_TEST(contains(message, "x-a"));
    BOOST_TEST(!contains(message, "secret"));
    BOOST_TEST(contains(refusal(R"({"headers":{"a:b":"x"}})"), "a:b"));
    BOOST_TEST(contains(refusal(R"({"headers":{"":"x"}})"), "name of a header"));
    BOOST_TEST(contains(refusal(R"({"organization":"a\nb"})"), "organization"));
}

BOOST_AUTO_TEST_CASE(usage_can_be_switched_off) {
    BOOST_TEST(!good(R"({"include_usage":false})").include_usage);
}

BOOST_AUTO_TEST_SUITE_END()
