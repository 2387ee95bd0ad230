#include <chrono>
#include <functional>

#include "base/text.hpp"
#include "config/shape.hpp"
#include "config/show.hpp"
#include "unit/config/given.hpp"
#include "wire/json.hpp"

/// The settings of the machinery: how they are read, who takes them over, what they must not be.
namespace tenon::config {
namespace {

using namespace std::chrono_literals;

/// A file with providers "a", which has `own`, and "b", and with `top` at the top.
std::string file_of(const std::string& top, const std::string& own) {
    return R"({"providers": {"a": {"kind": "mock")" + (own.empty() ? "" : ", " + own) +
           R"(}, "b": {"kind": "mock"}})" + (top.empty() ? "" : ", " + top) + "}";
}

wire::JsonDocument shown(const std::string& file) {
    auto document = wire::JsonDocument::parse(show(good(file)));
    BOOST_REQUIRE(document);
    return *std::move(document);
}

/// What `of` says about all that providers take over.
std::string settings_of(wire::JsonView of) {
    std::string out;
    for (const Shape& provider : shape_of_config().members) {
        if (provider.name != "providers") continue;
        for (const Shape& member : provider.members.front().members) {
            if (member.inherited) out += member.name + " " + of[member.name].to_text() + "\n";
        }
    }
    return out;
}

/// Two values of a member, one of which at least is not its default.
std::vector<std::string> values_of(const Shape& shape) {
    switch (shape.form) {
        case Shape::Form::flag: return {"true", "false"};
        case Shape::Form::integer:
        case Shape::Form::number: return {shape.least, shape.most};
        case Shape::Form::duration: return {'"' + shape.least + '"', '"' + shape.most + '"'};
        case Shape::Form::choice:
            return {'"' + std::string(shape.choices.front()) + '"',
                    '"' + std::string(shape.choices.back()) + '"'};
        default: return {};
    }
}

/// Calls `visit` with `"breaker": {"probes": 16}` and the like, for each member that providers take
/// over.
void for_each_setting(const std::function<void(const std::string&)>& visit) {
    using Walk = std::function<void(const Shape&, const std::string&, const std::string&)>;
    const Walk walk = [&](const Shape& shape, const std::string& before, const std::string& after) {
        const std::string begin = before + '"' + shape.name + "\": ";
        for (const std::string& value : values_of(shape)) visit(begin + value + after);
        if (shape.form != Shape::Form::object) return;
        for (const Shape& member : shape.members) walk(member, begin + "{", "}" + after);
    };
    const Shape config = shape_of_config();
    for (const Shape& map : config.members) {
        if (map.name != "providers") continue;
        for (const Shape& member : map.members.front().members) {
            if (member.inherited) walk(member, "", "");
        }
    }
}

bool is_good(const std::string& file) {
    return problems_of(file).empty();
}

BOOST_AUTO_TEST_SUITE(config_machinery)

BOOST_AUTO_TEST_CASE(providers_take_over_each_setting_of_the_top) {
    const std::string usual = settings_of(shown(file_of("", "")).root());
    std::size_t changed = 0;
    for_each_setting([&](const std::string& setting) {
        const std::string file = file_of(setting, "");
        if (!is_good(file)) return;  // it clashes with a default
        const auto document = shown(file);
        const std::string top = settings_of(document.root());
        if (top != usual) ++changed;
        BOOST_TEST(settings_of(document.root().at("/providers/a")) == top, setting);
    });
    BOOST_TEST(changed > 130U);
}

BOOST_AUTO_TEST_CASE(a_provider_s_own_setting_is_its_own_alone) {
    const std::string usual = settings_of(shown(file_of("", "")).root());
    std::size_t changed = 0;
    for_each_setting([&](const std::string& setting) {
        const std::string file = file_of("", setting);
        if (!is_good(file)) return;
        const auto document = shown(file);
        const std::string own = settings_of(document.root().at("/providers/a"));
        if (own != usual) ++changed;
        BOOST_TEST(own == settings_of(shown(file_of(setting, "")).root()), setting);
        BOOST_TEST(settings_of(document.root()) == usual, setting);
        BOOST_TEST(settings_of(document.root().at("/providers/b")) == usual, setting);
    });
    BOOST_TEST(changed > 130U);
}

BOOST_AUTO_TEST_CASE(what_is_not_its_own_comes_from_the_top_member_by_member) {
    const Config config = good(file_of(
        R"("breaker": {"window": "2m", "probes": 2}, "retry": {"request": {"max_retries": 1}})",
        R"("breaker": {"probes": 3}, "retry": {"request": {"backoff": {"growth": 1.5}}})"));
    const ProviderConfig& own = config.providers.at("a");
    BOOST_TEST((own.breaker.window == 2min));
    BOOST_TEST(own.breaker.probes == 3);
    BOOST_TEST(own.retry.request.max_retries.value_or(-1) == 1);
    BOOST_TEST(own.retry.request.backoff.growth == 1.5);
    BOOST_TEST(own.retry.connection.backoff.growth == 2);
}

BOOST_AUTO_TEST_CASE(null_unsets_what_the_top_has_set) {
    const Config config = good(file_of(
        R"("retry": {"request": {"max_retries": 0}},
           "timeouts": {"operations": {"embed": {"total": "3s"}}})",
        R"("retry": {"request": {"max_retries": null}},
           "timeouts": {"operations": {"embed": {"total": null}}})"));
    BOOST_TEST(config.retry.request.max_retries.value_or(-1) == 0);
    BOOST_TEST(!config.providers.at("a").retry.request.max_retries);
    const auto total = [](const ProviderSettings& settings) {
        return limits_of(settings.timeouts, core::OperationClass::embed)[core::Phase::total];
    };
    BOOST_TEST((total(config) == 3s));
    BOOST_TEST((total(config.providers.at("a")) == 30s));
}

BOOST_AUTO_TEST_CASE(null_is_no_value_of_what_must_have_one) {
    BOOST_TEST(problems_of(R"({"retry": {"max_attempts": null}})") ==
               "c.json:1:28: retry.max_attempts: expected a number, got null\n");
    BOOST_TEST(problems_of(R"({"timeouts": {"queue": null}})") ==
               "c.json:1:24: timeouts.queue: expected a string, got null\n");
}

BOOST_AUTO_TEST_CASE(numbers_are_read_with_and_without_fraction) {
    BOOST_TEST(good(R"({"breaker": {"min_failure_ratio": 0.25}})").breaker.min_failure_ratio ==
               0.25);
    BOOST_TEST(good(R"({"breaker": {"min_failure_ratio": 1}})").breaker.min_failure_ratio == 1);
    BOOST_TEST(problems_of(R"({"breaker": {"min_failure_ratio": "0.5"}})") ==
               "c.json:1:35: breaker.min_failure_ratio: expected a number, got a string\n");
    BOOST_TEST(problems_of(R"({"breaker": {"min_failure_ratio": 1.01}})") ==
               "c.json:1:35: breaker.min_failure_ratio: 1.01 is out of range; use 0 to 1\n");
    BOOST_TEST(problems_of(R"({"retry_budget": {"refill": -1}})") ==
               "c.json:1:29: retry_budget.refill: -1 is out of range; use 0.001 to 1000\n");
    BOOST_TEST(problems_of(R"({"breaker": {"probes": 1.5}})") ==
               "c.json:1:24: breaker.probes: expected a whole number, got 1.5\n");
}

BOOST_AUTO_TEST_CASE(an_unset_variable_of_a_provider_leaves_its_settings_alone) {
    const auto result = parse(
        R"({"providers": {"a": {"kind": "mock", "timeouts": {
             "idle": "${NONE}", "operations": {"chat": {"total": "${NONE}"}}}}}})",
        "c.json", environment_of({}));
    BOOST_REQUIRE(result.config);
    const ProviderConfig& provider = result.config->providers.at("a");
    BOOST_TEST(provider.unusable.has_value());
    BOOST_TEST((provider.timeouts == Timeouts()));
}

BOOST_AUTO_TEST_CASE(unknown_keys_deep_inside_suggest_the_nearest) {
    const auto found = [](const std::string& setting) {
        const std::string all = problems_of(file_of("", "\n" + setting));
        return all.substr(0, all.find('\n'));
    };
    BOOST_TEST(found(R"("braeker": {})") ==
               "c.json:2:1: providers.a.braeker: unknown key; did you mean 'breaker'?");
    BOOST_TEST(found(R"("breaker": {"windwo": "1s"})") ==
               "c.json:2:13: providers.a.breaker.windwo: unknown key; did you mean 'window'?");
    BOOST_TEST(found(R"("retry": {"request": {"backof": {}}})") ==
               "c.json:2:23: providers.a.retry.request.backof: unknown key; did you mean "
               "'backoff'?");
    BOOST_TEST(found(R"("timeouts": {"operations": {"embbed": {}}})") ==
               "c.json:2:29: providers.a.timeouts.operations.embbed: unknown key; did you mean "
               "'embed'?");
}

BOOST_AUTO_TEST_CASE(what_follows_from_other_members_is_no_key) {
    for (const char* setting :
         {R"("pool": {"mode": "stateless"})", R"("pool": {"acquire_timeout": "1s"})",
          R"("permits": {"queue_timeout": "1s"})", R"("breaker": {"attempt_timeout": "1s"})",
          R"("health": {"timeout": "1s"})", R"("connection": {"connect_timeout": "1s"})",
          R"("connection": {"stateless": true})", R"("adaptive_limit": {"initial": 1})",
          R"("latency": {"failure_ceiling": "1s"})"}) {
        BOOST_TEST(problems_of(file_of("", setting)).find(": unknown key") != std::string::npos,
                   setting);
    }
}

BOOST_AUTO_TEST_CASE(members_that_do_not_agree_are_an_error_at_the_one_that_is_wrong) {
    BOOST_TEST(problems_of("{\"pool\": {\n  \"max_connections\": 2,\n  \"min_idle\": 3}}") ==
               "c.json:3:15: pool.min_idle: is 3, but must be between 0 and 2\n");
    BOOST_TEST(problems_of(file_of("", "\n\"breaker\": {\"max_recovery\": \"20s\"}")) ==
               "c.json:2:29: providers.a.breaker.max_recovery: is 20s, but must be between 30s "
               "and 24h\n");
}

BOOST_AUTO_TEST_CASE(members_of_different_levels_that_do_not_agree_are_an_error_of_the_provider) {
    BOOST_TEST(problems_of(
                   file_of(R"("pool": {"min_idle": 3})", "\n\"pool\": {\"max_connections\": 2}")) ==
               "c.json:2:9: providers.a.pool.min_idle: is 3, but must be between 0 and 2\n");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_at_the_top_is_not_repeated_for_each_provider) {
    BOOST_TEST(problems_of(file_of("\n\"adaptive_limit\": {\"least\": 9, \"most\": 8}", "")) ==
               "c.json:2:40: adaptive_limit.most: is 8, but must be between 9 and 100000\n");
}

BOOST_AUTO_TEST_CASE(two_providers_with_the_same_fault_are_told_both) {
    const std::string found = problems_of(
        "{\"providers\": {\n\"a\": {\"kind\": \"m\", \"pool\": {\"preconnect\": 9}},\n"
        "\"b\": {\"kind\": \"m\", \"pool\": {\"preconnect\": 9}}}}");
    BOOST_TEST(found ==
               "c.json:2:43: providers.a.pool.preconnect: is 9, but must be between 0 and 5\n"
               "c.json:3:43: providers.b.pool.preconnect: is 9, but must be between 0 and 5\n");
}

BOOST_AUTO_TEST_CASE(a_refused_member_does_not_make_others_wrong) {
    BOOST_TEST(problems_of(R"({"breaker": {"recovery": "10m", "max_recovery": "1x"}})") ==
               "c.json:1:49: breaker.max_recovery: '1x' is not a duration: the unit must be ms, s, "
               "m or h\n");
}

BOOST_AUTO_TEST_CASE(all_of_it_is_shown_so_that_it_can_be_loaded_again) {
    const Config config = good(file_of(
        R"("jitter": false, "pool": {"pooling": false, "min_idle": 4},
           "retry": {"connection": {"max_retries": 2}},
           "timeouts": {"operations": {"rerank": {"idle": "7s"}}},
           "routes": [{"model": "m*", "aliases": ["n"], "tiers": [[{"provider": "a", "weight": 0.5},
             {"provider": "b", "model": "*"}], [{"provider": "a", "model": "x"}]],
             "fallbacks": {"throttled": ["k"]}},
             {"model": "k", "tiers": [[{"provider": "b"}]]}], "default_model": "k")",
        R"("jitter": true, "pool": {"pooling": true})"));
    const std::string first = show(config);
    BOOST_TEST(show(good(first)) == first);
    BOOST_TEST(first.find(R"("max_retries": null)") != std::string::npos);
    BOOST_TEST(first.find(R"("weight": 0.5)") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
