#include "config/show.hpp"

#include "unit/config/given.hpp"
#include "wire/json.hpp"

namespace tenon::config {
namespace {

/// The plugin's object of provider "a" as it is shown, compact.
std::string shown(std::string_view plugin_config, const SecretNames& secrets = {}) {
    const std::string text =
        R"({"providers": {"a": {"kind": "mock", "config": )" + std::string(plugin_config) + "}}}";
    const Config config = good(text, {{"KEY", "sk-secret"}, {"URL", "http://x"}});
    const auto document = wire::JsonDocument::parse(show(config, secrets));
    BOOST_REQUIRE(document);
    return document->root().at("/providers/a/config").to_text();
}

BOOST_AUTO_TEST_SUITE(config_show)

BOOST_AUTO_TEST_CASE(what_is_in_effect_is_shown_with_defaults_and_inherited_values) {
    const Config config = good(R"({"timeouts": {"idle": "2s"}, "providers": {
        "a": {"kind": "mock", "timeouts": {"request": "90s"}}}})");
    const auto document = wire::JsonDocument::parse(show(config));
    BOOST_REQUIRE(document);
    const auto text_at = [&](std::string_view pointer) {
        return std::string(document->root().at(pointer).as_string().value_or("none"));
    };
    BOOST_TEST(text_at("/timeouts/idle") == "2s");
    BOOST_TEST(text_at("/timeouts/connect") == "10s");
    BOOST_TEST(text_at("/providers/a/timeouts/idle") == "2s");
    BOOST_TEST(text_at("/providers/a/timeouts/request") == "90s");
    BOOST_TEST(text_at("/log/level") == "warn");
}

BOOST_AUTO_TEST_CASE(what_is_shown_can_be_loaded_and_shown_again) {
    const Config config = good(R"({
      "plugins": {"directories": ["/p"], "allow": ["mock"]},
      "log": {"components": {"net": "trace"}},
      "default_provider": "a",
      "providers": {"a": {"kind": "mock", "models": ["$${x}"], "model_aliases": {"f": "m"},
        "config": {"text": "$${not} ${URL}", "n": [1, 2.5, null, {"deep": true}]}}}
    })",
                               {{"URL", "http://x"}});
    const std::string first = show(config, {{"a", {}}});
    BOOST_TEST(show(good(first), {{"a", {}}}) == first);
}

BOOST_AUTO_TEST_CASE(what_a_plugin_declares_as_secret_is_hidden) {
    BOOST_TEST(shown(R"({"id": "x", "auth": {"id": "y", "user": "z"}})", {{"a", {"id"}}}) ==
               R"({"id":"***","auth":{"id":"***","user":"***"}})");
    BOOST_TEST(shown(R"({"id": "x", "login": {"id": "y"}})", {{"a", {"login.id"}}}) ==
               R"({"id":"x","login":{"id":"***"}})");
}

BOOST_AUTO_TEST_CASE(of_an_unknown_plugin_all_that_came_from_the_environment_is_hidden) {
    const std::string_view text = R"({"url": "${URL}", "list": ["${KEY}", "plain"]})";
    BOOST_TEST(shown(text) == R"({"url":"***","list":["***","plain"]})");
    BOOST_TEST(shown(text, {{"a", {}}}) == R"({"url":"http://x","list":["sk-secret","plain"]})");
}

BOOST_AUTO_TEST_CASE(what_sounds_secret_is_hidden_whoever_declares_what) {
    const std::string_view text =
        R"({"api_key": "sk-1", "tokens": ["sk-2", {"x": "sk-3"}], "max_tokens": 5})";
    const std::string_view hidden =
        R"({"api_key":"***","tokens":["***",{"x":"***"}],"max_tokens":5})";
    BOOST_TEST(shown(text) == hidden);
    BOOST_TEST(shown(text, {{"a", {}}}) == hidden);
}

BOOST_AUTO_TEST_CASE(secrets_of_one_provider_say_nothing_about_those_of_another) {
    BOOST_TEST(shown(R"({"id": "${KEY}"})", {{"b", {}}}) == R"({"id":"***"})");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
