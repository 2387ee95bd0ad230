#include <boost/test/unit_test.hpp>

#include "unit/config/given.hpp"

/// Reading a file again compares what it says with what is in effect.
namespace tenon::config {
namespace {

/// One provider "a", that says `more` about itself.
std::string provider(std::string_view more) {
    return R"({"providers": {"a": {"kind": "k")" + std::string(more) + "}}}";
}

BOOST_AUTO_TEST_SUITE(equality)

BOOST_AUTO_TEST_CASE(what_is_read_twice_is_equal) {
    const std::string text = R"({
        "routes": [{"model": "m", "tiers": [[{"provider": "a"}]], "fallbacks": {"deadline": ["n"]}},
                   {"model": "n", "tiers": [[{"provider": "a", "model": "o"}]]}],
        "providers": {"a": {"kind": "k", "timeouts": {"operations": {"chat": {"idle": "3s"}}},
                            "config": {"key": "${KEY}"}}}})";
    BOOST_TEST((good(text, {{"KEY", "s"}}) == good(text, {{"KEY", "s"}})));
}

BOOST_AUTO_TEST_CASE(each_part_of_the_file_counts) {
    const Config none = good("{}");
    for (const std::string_view text : {R"({"$schema": "s"})",
                                        R"({"profile": "development"})",
                                        R"({"plugins": {"allow": ["k"]}})",
                                        R"({"runtime": {"io_threads": 3}})",
                                        R"({"log": {"components": {"net": "info"}}})",
                                        R"({"nested_fallbacks": false})",
                                        R"({"failover": {"repeat": false}})",
                                        R"({"balancer": {"policy": "weighted"}})",
                                        R"({"jitter": false})",
                                        R"({"timeouts": {"idle": "3s"}})",
                                        R"({"timeouts": {"operations": {"chat": {"idle": "3s"}}}})",
                                        R"({"http": {"tls": {"verify": false}}})",
                                        R"({"connection": {"connect": "manual"}})",
                                        R"({"connection": {"auto_recovery": false}})",
                                        R"({"pool": {"min_idle": 1}})",
                                        R"({"permits": {"overload": {"enabled": true}}})",
                                        R"({"adaptive_limit": {"most": 150}})",
                                        R"({"breaker": {"probes": 2}})",
                                        R"({"retry": {"connection": {"backoff": {"growth": 3}}}})",
                                        R"({"retry_budget": {"refill": 0.2}})",
                                        R"({"health": {"interval": "29s"}})",
                                        R"({"latency": {"tau": "9s"}})"}) {
        BOOST_TEST((good(text) != none), text);
    }
}

BOOST_AUTO_TEST_CASE(each_member_of_a_provider_counts) {
    const Config plain = good(provider(""));
    for (const std::string_view more :
         {R"(, "enabled": false)", R"(, "models": ["m"])", R"(, "default_model": "m")",
          R"(, "model_aliases": {"x": "y"})", R"(, "config": {"x": 1})",
          R"(, "permits": {"limit": 3})"}) {
        BOOST_TEST((good(provider(more)) != plain), more);
    }
    BOOST_TEST((good(R"({"providers": {"a": {"kind": "l"}}})") != plain));
    BOOST_TEST((good(R"({"providers": {"b": {"kind": "k"}}})") != plain));
}

BOOST_AUTO_TEST_CASE(each_member_of_a_route_counts) {
    const auto with = [](std::string_view routes) {
        return good(R"({"providers": {"a": {"kind": "k"}}, "routes": [)" + std::string(routes) +
                    "]}");
    };
    const Config plain = with(R"({"model": "m", "tiers": [[{"provider": "a"}]]})");
    BOOST_TEST((with(R"({"model": "n", "tiers": [[{"provider": "a"}]]})") != plain));
    BOOST_TEST(
        (with(R"({"model": "m", "aliases": ["n"], "tiers": [[{"provider": "a"}]]})") != plain));
    BOOST_TEST((with(R"({"model": "m", "tiers": [[{"provider": "a", "weight": 2}]]})") != plain));
    BOOST_TEST((with(R"({"model": "m", "tiers": [[{"provider": "a", "model": "o"}]]})") != plain));
}

BOOST_AUTO_TEST_CASE(where_something_was_written_does_not_count) {
    const std::string text = provider(R"(, "config": {"x": 1})");
    BOOST_TEST((good("// One more line.\n" + text) == good(text)));
}

BOOST_AUTO_TEST_CASE(another_value_of_an_environment_variable_counts) {
    const std::string text = provider(R"(, "config": {"key": "${KEY}"})");
    BOOST_TEST((good(text, {{"KEY", "old"}}) != good(text, {{"KEY", "new"}})));
}

BOOST_AUTO_TEST_CASE(a_provider_that_became_usable_is_another) {
    const std::string text = provider(R"(, "config": {"key": "${KEY}"})");
    const auto unset = parse(text, "c.json", environment_of({}));
    BOOST_REQUIRE(unset.config);
    BOOST_TEST((*unset.config != good(text, {{"KEY", ""}})));
    const auto elsewhere = parse("\n\n" + text, "c.json", environment_of({}));
    BOOST_TEST((*unset.config == *elsewhere.config));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
