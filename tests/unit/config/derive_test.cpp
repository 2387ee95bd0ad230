#include "config/derive.hpp"

#include <chrono>

#include "config/timeouts.hpp"
#include "unit/config/given.hpp"

/// Members that follow from others, and the switches.
namespace tenon::config {
namespace {

using namespace std::chrono_literals;

using core::OperationClass;
using core::Phase;

constexpr std::array kOperations = {OperationClass::chat,        OperationClass::stream,
                                    OperationClass::embed,       OperationClass::rerank,
                                    OperationClass::list_models, OperationClass::health,
                                    OperationClass::connect,     OperationClass::disconnect};

ProviderSettings derived(const Timeouts& timeouts) {
    ProviderSettings settings;
    settings.timeouts = timeouts;
    derive(settings);
    return settings;
}

BOOST_AUTO_TEST_SUITE(config_derive)

BOOST_AUTO_TEST_CASE(the_default_timeouts_are_those_of_core) {
    for (const OperationClass operation : kOperations) {
        const core::Limits ours = limits_of(Timeouts(), operation);
        const core::Limits theirs = core::default_limits(operation);
        BOOST_TEST((ours.of == theirs.of), to_string(operation));
        BOOST_TEST((ours.configured_total == theirs.configured_total), to_string(operation));
    }
}

BOOST_AUTO_TEST_CASE(each_timeout_is_the_limit_of_its_phase_and_its_operations) {
    const Config config = good(R"({"timeouts": {"queue": "1s", "connect": "2s",
        "first_byte": "3s", "idle": "4s", "health_check": "5001ms", "request": "6s",
        "stream": "7s"}})");
    const auto limit = [&](OperationClass operation, Phase phase) {
        return limits_of(config.timeouts, operation)[phase];
    };
    BOOST_TEST((limit(OperationClass::chat, Phase::queue) == 1s));
    BOOST_TEST((limit(OperationClass::chat, Phase::connect) == 2s));
    BOOST_TEST((limit(OperationClass::stream, Phase::first_byte) == 3s));
    BOOST_TEST((limit(OperationClass::stream, Phase::idle) == 4s));
    BOOST_TEST((limit(OperationClass::chat, Phase::first_byte) == core::kNoLimit));
    BOOST_TEST((limit(OperationClass::stream, Phase::total) == 7s));
    BOOST_TEST((limit(OperationClass::health, Phase::total) == 5001ms));
    BOOST_TEST((limit(OperationClass::connect, Phase::total) == 2s));
    BOOST_TEST((limit(OperationClass::disconnect, Phase::total) == 5s));
    for (const auto operation : {OperationClass::chat, OperationClass::embed,
                                 OperationClass::rerank, OperationClass::list_models}) {
        BOOST_TEST((limit(operation, Phase::total) == 6s), to_string(operation));
    }
}

BOOST_AUTO_TEST_CASE(an_operation_s_own_limit_goes_before) {
    const Config config = good(R"({"timeouts": {"operations": {
        "chat": {"first_byte": "3s", "total": "4s"}, "disconnect": {"total": "1s"}}}})");
    const core::Limits chat = limits_of(config.timeouts, OperationClass::chat);
    BOOST_TEST((chat[Phase::first_byte] == 3s));
    BOOST_TEST((chat[Phase::total] == 4s));
    BOOST_TEST((chat[Phase::queue] == 5s));
    BOOST_TEST((limits_of(config.timeouts, OperationClass::embed)[Phase::total] == 30s));
    BOOST_TEST((limits_of(config.timeouts, OperationClass::disconnect)[Phase::total] == 1s));
}

BOOST_AUTO_TEST_CASE(waits_inside_the_machinery_follow_the_timeouts) {
    Timeouts timeouts;
    timeouts.queue = 1s;
    timeouts.connect = 2s;
    timeouts.first_byte = 3s;
    timeouts.health_check = 4s;
    timeouts.request = 50s;
    timeouts.stream = 60s;
    const ProviderSettings settings = derived(timeouts);
    BOOST_TEST((settings.pool.acquire_timeout == 1s));
    BOOST_TEST((settings.permits.queue_timeout == 1s));
    BOOST_TEST((settings.connection.connect_timeout == 2s));
    BOOST_TEST((settings.latency.failure_ceiling == 3s));
    BOOST_TEST((settings.health.timeout == 4s));
    BOOST_TEST((settings.breaker.attempt_timeout == 60s));
}

BOOST_AUTO_TEST_CASE(they_follow_the_operation_that_may_wait_longest) {
    Timeouts timeouts;
    timeouts.operations[OperationClass::embed][Phase::queue] = 20s;
    timeouts.operations[OperationClass::rerank][Phase::total] = 2h;
    timeouts.operations[OperationClass::connect][Phase::total] = 3s;
    timeouts.operations[OperationClass::health][Phase::total] = 2s;
    timeouts.operations[OperationClass::stream][Phase::first_byte] = 90s;
    const ProviderSettings settings = derived(timeouts);
    BOOST_TEST((settings.pool.acquire_timeout == 20s));
    BOOST_TEST((settings.permits.queue_timeout == 20s));
    BOOST_TEST((settings.breaker.attempt_timeout == 2h));
    BOOST_TEST((settings.connection.connect_timeout == 3s));
    BOOST_TEST((settings.health.timeout == 2s));
    BOOST_TEST((settings.latency.failure_ceiling == 90s));
}

BOOST_AUTO_TEST_CASE(a_failure_costs_no_more_than_the_longest_wait_for_an_answer) {
    Timeouts timeouts;
    timeouts.first_byte = 400ms;
    const ProviderSettings settings = derived(timeouts);
    BOOST_TEST((settings.latency.failure_floor == 400ms));
    BOOST_TEST(settings.latency.validate().has_value());
}

BOOST_AUTO_TEST_CASE(the_adaptive_limit_begins_at_the_number_of_permits_within_its_bounds) {
    const auto initial = [](const char* file) { return good(file).adaptive_limit.initial; };
    BOOST_TEST(initial("{}") == 10U);
    BOOST_TEST(initial(R"({"permits": {"limit": 7}})") == 7U);
    BOOST_TEST(initial(R"({"permits": {"limit": 7}, "adaptive_limit": {"least": 8}})") == 8U);
    BOOST_TEST(initial(R"({"permits": {"limit": 7}, "adaptive_limit": {"most": 6}})") == 6U);
}

BOOST_AUTO_TEST_CASE(only_a_provider_that_is_connected_by_hand_ignores_demand) {
    const auto on_demand = [](std::string_view when) {
        return good(R"({"connection": {"connect": ")" + std::string(when) + "\"}}")
            .connection.connect_on_demand;
    };
    BOOST_TEST(on_demand("on_demand"));
    BOOST_TEST(on_demand("at_start"));
    BOOST_TEST(!on_demand("manual"));
}

BOOST_AUTO_TEST_CASE(without_pooling_no_connection_is_kept) {
    const Config config = good(R"({"pool": {"min_idle": 2, "preconnect": 3},
        "providers": {"a": {"kind": "m", "pool": {"pooling": false}}, "b": {"kind": "m"}}})");
    BOOST_TEST(!config.providers.at("a").pool.pooling);
    BOOST_TEST(config.providers.at("a").pool.min_idle == 0U);
    BOOST_TEST(config.providers.at("a").pool.preconnect == 0U);
    BOOST_TEST(config.providers.at("b").pool.min_idle == 2U);
}

BOOST_AUTO_TEST_CASE(without_jitter_nothing_varies_by_chance) {
    const Config config = good(R"({"providers": {"a": {"kind": "m", "jitter": false}}})");
    const ProviderConfig& provider = config.providers.at("a");
    BOOST_TEST(provider.breaker.recovery_jitter == 0);
    BOOST_TEST((provider.retry.request.backoff.jitter == core::Jitter::none));
    BOOST_TEST((provider.retry.connection.backoff.jitter == core::Jitter::none));
    BOOST_TEST(provider.health.jitter == 0);
    BOOST_TEST((provider.health.first_within == 0s));
    BOOST_TEST(config.breaker.recovery_jitter == 0.1);
    BOOST_TEST((config.retry.request.backoff.jitter == core::Jitter::full));
}

BOOST_AUTO_TEST_CASE(a_provider_may_have_the_jitter_that_the_top_takes_out) {
    const Config config = good(R"({"jitter": false, "health": {"jitter": 0.3},
        "providers": {"a": {"kind": "m", "jitter": true}, "b": {"kind": "m"}}})");
    BOOST_TEST(config.health.jitter == 0);
    BOOST_TEST(config.providers.at("a").health.jitter == 0.3);
    BOOST_TEST(config.providers.at("a").breaker.recovery_jitter == 0.1);
    BOOST_TEST(config.providers.at("b").health.jitter == 0);
}

BOOST_AUTO_TEST_CASE(the_switches_reach_the_settings_of_their_provider) {
    const Config config = good(R"({"providers": {"a": {"kind": "m", "breaker": {"enabled": false},
        "connection": {"auto_recovery": false}, "health": {"active": false},
        "retry_budget": {"enabled": false}}, "b": {"kind": "m"}}})");
    const ProviderConfig& off = config.providers.at("a");
    BOOST_TEST(!off.breaker.enabled);
    BOOST_TEST(!off.connection.auto_recovery);
    BOOST_TEST(!off.health.active);
    BOOST_TEST(!off.retry_budget.enabled);
    const ProviderConfig& on = config.providers.at("b");
    BOOST_TEST(on.breaker.enabled);
    BOOST_TEST(on.connection.auto_recovery);
    BOOST_TEST(on.health.active);
    BOOST_TEST(on.retry_budget.enabled);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
