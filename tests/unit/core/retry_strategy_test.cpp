#include "core/retry.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "retry_request.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(retry_strategies)

Error not_sent() {
    Error error = unavailable();
    error.not_sent = true;
    return error;
}

BOOST_AUTO_TEST_CASE(connections_and_requests_have_their_own_waits_and_counters) {
    RetrySettings settings = without_jitter();
    settings.max_attempts = 10;
    settings.connection.backoff.base = 7ms;
    Request request(settings);
    BOOST_TEST((request.fail(not_sent()).wait == 7ms));
    BOOST_TEST((request.fail(unavailable()).wait == 100ms));
    BOOST_TEST((request.fail(unavailable(), {.dialing = true}).wait == 14ms));
    BOOST_TEST((request.fail(unavailable()).wait == 200ms));
    BOOST_TEST((request.stop(Stop::attempt_timeout, {.dialing = true}).wait == 28ms));
}

BOOST_AUTO_TEST_CASE(each_has_its_own_number_of_retries) {
    RetrySettings settings = without_jitter();
    settings.max_attempts = 10;
    settings.connection.max_retries = 1;
    settings.request.max_retries = 2;
    Request request(settings);
    for (const bool connection : {true, false, false}) {
        expect(request.fail(connection ? not_sent() : unavailable()), RetryAction::retry_here,
               RetryReason::transient);
    }
    Request other = Request(settings);
    expect(request.fail(not_sent()), RetryAction::give_up, RetryReason::attempts_exhausted);
    (void)other.fail(unavailable());
    (void)other.fail(unavailable());
    expect(other.fail(unavailable(), {.alternatives = true}), RetryAction::fail_over,
           RetryReason::attempts_exhausted);
}

BOOST_AUTO_TEST_CASE(no_retries_of_one_kind_is_possible) {
    RetrySettings settings = without_jitter();
    settings.request.max_retries = 0;
    expect(Request(settings).fail(unavailable()), RetryAction::give_up,
           RetryReason::attempts_exhausted);
    expect(Request(settings).fail(not_sent()), RetryAction::retry_here, RetryReason::transient);
}

BOOST_AUTO_TEST_CASE(both_kinds_count_as_tries) {
    Request request;
    (void)request.fail(not_sent());
    (void)request.fail(unavailable());
    expect(request.fail(not_sent()), RetryAction::give_up, RetryReason::attempts_exhausted);
}

BOOST_AUTO_TEST_CASE(the_defaults_are_good_and_those_of_the_design) {
    const RetrySettings settings;
    BOOST_TEST(settings.validate().has_value());
    BOOST_TEST(settings.max_attempts == 3);
}

BOOST_AUTO_TEST_CASE(a_bad_number_is_refused_by_its_name) {
    const auto message = [](auto change) {
        RetrySettings settings;
        change(settings);
        const auto checked = settings.validate();
        return checked ? std::string() : checked.error().message;
    };
    BOOST_TEST(message([](RetrySettings& s) { s.max_attempts = 0; }).starts_with("max_attempts"));
    BOOST_TEST(message([](RetrySettings& s) {
                   s.request.max_retries = -1;
               }).starts_with("request.max_retries is -1"));
    BOOST_TEST(message([](RetrySettings& s) {
                   s.connection.max_retries = 101;
               }).starts_with("connection.max_retries is 101"));
    BOOST_TEST(message([](RetrySettings& s) {
                   s.connection.backoff.cap = 0ms;
               }).starts_with("connection.backoff.cap is"));
    BOOST_TEST(message([](RetrySettings& s) {
                   s.request.backoff.growth = 11;
               }).starts_with("request.backoff.growth is 11"));
}

BOOST_AUTO_TEST_CASE(every_action_and_reason_has_its_own_name) {
    std::set<std::string_view> names;
    for (int i = 0; i <= int{static_cast<std::uint8_t>(RetryReason::shutting_down)}; ++i) {
        names.insert(to_string(static_cast<RetryReason>(i)));
    }
    BOOST_TEST(names.size() == 16U);
    names.clear();
    for (int i = 0; i <= int{static_cast<std::uint8_t>(RetryAction::give_up)}; ++i) {
        names.insert(to_string(static_cast<RetryAction>(i)));
    }
    BOOST_TEST(names.size() == 4U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(idempotency_key)

// R12, as far as one key is made for one request; that all tries carry it is the sender's part
BOOST_AUTO_TEST_CASE(every_key_is_another_one_and_equal_seeds_give_equal_keys) {
    Random random(1);
    Random same(1);
    std::set<std::string> keys;
    for (int i = 0; i < 10'000; ++i) {
        const IdempotencyKey key(random);
        BOOST_TEST_REQUIRE(key.view() == IdempotencyKey(same).view());
        keys.emplace(key.view());
    }
    BOOST_TEST(keys.size() == 10'000U);
}

BOOST_AUTO_TEST_CASE(a_key_is_a_random_uuid_with_tenon_before_it) {
    Random random(2);
    std::set<char> variants;
    for (int i = 0; i < 200; ++i) {
        const std::string key(IdempotencyKey(random).view());
        BOOST_TEST_REQUIRE(key.size() == 42U);
        BOOST_TEST_REQUIRE(key.starts_with("tenon-"));
        const std::string uuid = key.substr(6);
        BOOST_TEST_REQUIRE(uuid.find_first_not_of("0123456789abcdef-") == std::string::npos);
        for (std::size_t at = 0; at < uuid.size(); ++at) {
            const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
            BOOST_TEST_REQUIRE((uuid[at] == '-') == dash);
        }
        BOOST_TEST_REQUIRE(uuid[14] == '4');
        variants.insert(uuid[19]);
    }
    BOOST_TEST((variants == std::set<char>{'8', '9', 'a', 'b'}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
