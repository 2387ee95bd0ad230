#include <chrono>

#include "unit/config/given.hpp"

/// What providers take over from the top, and what concerns one of them only.
namespace tenon::config {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(config_provider)

BOOST_AUTO_TEST_CASE(a_provider_needs_a_kind_and_nothing_else) {
    const ProviderConfig provider =
        good(R"({"providers": {"a": {"kind": "mock"}}})").providers.at("a");
    BOOST_TEST(provider.kind == "mock");
    BOOST_TEST(provider.enabled);
    BOOST_TEST(provider.config.json.reveal() == "{}");
    BOOST_TEST(!provider.unusable);
    BOOST_TEST(problems_of(R"({"providers": {"a": {}}})") ==
               "c.json:1:21: providers.a: 'kind' is missing\n");
}

BOOST_AUTO_TEST_CASE(timeouts_come_from_the_top_unless_the_provider_has_its_own) {
    const Config config = good(R"({
      "providers": {"a": {"kind": "mock", "timeouts": {"idle": "3s"}}, "b": {"kind": "mock"}},
      "timeouts": {"idle": "2s", "request": "20s"}
    })");
    BOOST_TEST((config.providers.at("a").timeouts.idle == 3s));
    BOOST_TEST((config.providers.at("a").timeouts.request == 20s));
    BOOST_TEST((config.providers.at("a").timeouts.connect == Timeouts().connect));
    BOOST_TEST((config.providers.at("b").timeouts == config.timeouts));
    BOOST_TEST((config.timeouts.idle == 2s));
}

BOOST_AUTO_TEST_CASE(http_settings_come_from_the_top_unless_the_provider_has_its_own) {
    const Config config = good(R"({
      "http": {"max_connections": 50, "tls": {"verify": false, "ca_file": "/ca.pem"}},
      "providers": {
        "a": {"kind": "mock", "http": {"read_timeout": "90s", "tls": {"verify": true}}},
        "b": {"kind": "mock"}
      }
    })");
    const HttpConfig& own = config.providers.at("a").http;
    BOOST_TEST(own.max_connections == 50);
    BOOST_TEST((own.read_timeout == 90s));
    BOOST_TEST(own.tls.verify);
    BOOST_TEST(own.tls.ca_file == "/ca.pem");
    BOOST_TEST((config.providers.at("b").http == config.http));
}

BOOST_AUTO_TEST_CASE(an_unset_variable_makes_its_provider_unusable_and_no_other) {
    const auto result = parse(
        "{\"providers\": {\n"
        "  \"a\": {\"kind\": \"mock\", \"config\": {\"api_key\": \"${A_KEY}\"}},\n"
        "  \"b\": {\"kind\": \"mock\", \"config\": {\"api_key\": \"${B_KEY}\"}}}}",
        "c.json", environment_of({{"B_KEY", "sk"}}));
    BOOST_TEST(format(result.problems) ==
               "c.json:2:47: warning: providers.a.config.api_key: environment variable A_KEY is "
               "not set; this provider cannot be used\n");
    BOOST_REQUIRE(result.config);
    const auto& unusable = result.config->providers.at("a").unusable;
    BOOST_REQUIRE(unusable);
    BOOST_TEST(unusable->message ==
               "environment variable A_KEY is not set, needed by "
               "providers.a.config.api_key (line 2)");
    BOOST_TEST((unusable->code == Code::invalid));
    BOOST_TEST((unusable->scope == Scope::provider));
    BOOST_TEST(!result.config->providers.at("b").unusable);
}

BOOST_AUTO_TEST_CASE(where_a_provider_is_written_and_why_it_is_unusable_makes_no_difference) {
    const std::string text = R"({"providers": {"a": {"kind": "mock", "config": {"k": "${K}"}}}})";
    const auto read = [&](const std::string& document, const char* k) {
        const auto result = parse(document, "c.json", environment_of({{"K", k}}));
        BOOST_TEST_REQUIRE(result.config.has_value());
        return result.config->providers.at("a");
    };
    const auto unset = [&](const std::string& document) {
        return parse(document, "c.json", environment_of({})).config.value().providers.at("a");
    };
    BOOST_TEST((read(text, "1") == read("\n\n" + text, "1")));
    BOOST_TEST(!(read(text, "1") == read(text, "2")));
    BOOST_TEST((unset(text) == unset("\n\n" + text)));
    BOOST_TEST(!(read(text, "1") == unset(text)));
    BOOST_TEST(!(read(text, "1") ==
                 read(R"({"providers": {"a": {"kind": "mok", "config": {"k": "${K}"}}}})", "1")));
    BOOST_TEST(!(read(text, "1") == read(R"({"permits": {"limit": 9}, "providers": {
                                              "a": {"kind": "mock", "config": {"k": "${K}"}}}})",
                                         "1")));
}

BOOST_AUTO_TEST_CASE(an_unset_variable_of_a_disabled_provider_is_not_worth_a_word) {
    const Config config = good(
        R"({"providers": {"a": {"kind": "mock", "enabled": false, "config": {"k": "${NONE}"}}}})");
    BOOST_TEST(config.providers.at("a").unusable.has_value());
}

BOOST_AUTO_TEST_CASE(the_default_provider_must_exist) {
    BOOST_TEST(problems_of(R"({"default_provider": "opnai", "providers": {
                                "openai": {"kind": "openai"}}})") ==
               "c.json:1:22: default_provider: no provider has this name; did you mean "
               "'openai'?\n");
    BOOST_TEST(good(R"({"default_provider": "", "providers": {}})").default_provider == "");
}

BOOST_AUTO_TEST_CASE(a_kind_must_be_among_those_that_are_allowed) {
    const std::string_view text = R"({"plugins": {"allow": ["ollama"]}, "providers": {
"a": {"kind": "ollama"},
"b": {"kind": "openai"},
"c": {"kind": "openai", "enabled": false}}})";
    BOOST_TEST(problems_of(text) ==
               "c.json:3:15: providers.b.kind: this kind is not among those "
               "of plugins.allow\n");
}

BOOST_AUTO_TEST_CASE(aliases_and_models_are_read) {
    const ProviderConfig provider = good(R"({"providers": {"a": {
      "kind": "mock", "models": ["m1", "m2"], "model_aliases": {"fast": "m1"}}}})")
                                        .providers.at("a");
    BOOST_TEST(provider.models.size() == 2U);
    BOOST_TEST(provider.model_aliases.at("fast") == "m1");
    BOOST_TEST(problems_of(R"({"providers": {"a": {"kind": "m", "model_aliases": {"f": ""}}}})") ==
               "c.json:1:58: providers.a.model_aliases.f: must not be empty\n");
}

BOOST_AUTO_TEST_CASE(the_plugin_s_object_is_kept_with_its_references_replaced) {
    const PluginConfig config = good(R"({"providers": {"a": {"kind": "mock", "config": {
      "n": 1.5, "list": [true, null, "${X}", "plain"], "o": {"a/b": "${X}-${Y:-y}"}}}}})",
                                     {{"X", "\"x\""}})
                                    .providers.at("a")
                                    .config;
    BOOST_TEST(config.json.reveal() ==
               R"({"n":1.5,"list":[true,null,"\"x\"","plain"],"o":{"a/b":"\"x\"-y"}})");
    const std::vector<std::string> from_environment = {"/list/2", "/o/a~1b"};
    BOOST_TEST(config.from_environment == from_environment, boost::test_tools::per_element());
    BOOST_TEST(config.pointer == "/providers/a/config");
    BOOST_TEST(config.path == "providers.a.config");
    BOOST_TEST(config.file == "c.json");
    BOOST_TEST(config.positions != nullptr);
}

BOOST_AUTO_TEST_CASE(the_plugin_s_object_is_an_object) {
    BOOST_TEST(problems_of(R"({"providers": {"a": {"kind": "mock", "config": []}}})") ==
               "c.json:1:48: providers.a.config: expected an object, got an array\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
