#include "gateway/api/key_ring.hpp"

#include <boost/test/unit_test.hpp>

namespace tenon::gateway {
namespace {

using std::chrono::seconds;

const base::TimePoint kStart = base::TimePoint(std::chrono::hours(1));

config::GatewayKeyConfig key(std::string_view secret) {
    config::GatewayKeyConfig config;
    config.key = config::Secret(secret);
    return config;
}

Result<void> take(ClientKey& client, std::int64_t tokens, base::TimePoint now) {
    KeyRejection why{};
    return client.reserve(tokens, now, why);
}

std::map<std::string, config::GatewayKeyConfig, std::less<>> one(
    const config::GatewayKeyConfig& config) {
    return {{"it", config}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(key_ring)

BOOST_AUTO_TEST_CASE(equal_secrets_are_equal_in_every_byte) {
    BOOST_TEST(equal_secrets("abcdef", "abcdef"));
    BOOST_TEST(!equal_secrets("abcdef", "abcdeg"));
    BOOST_TEST(!equal_secrets("abcdef", "abcde"));
    BOOST_TEST(!equal_secrets("abc", "abcabc"));
    BOOST_TEST(!equal_secrets("abcabc", "abc"));
    BOOST_TEST(!equal_secrets("", "a"));
    BOOST_TEST(!equal_secrets("a", ""));
}

BOOST_AUTO_TEST_CASE(without_keys_none_is_required) {
    BOOST_TEST(!KeyRing({}).required());
    BOOST_TEST(KeyRing(one(key("s3cret-s3cret-s3cret"))).required());
}

BOOST_AUTO_TEST_CASE(a_key_is_found_by_its_secret_alone) {
    const KeyRing ring(one(key("s3cret-s3cret-s3cret")));
    BOOST_REQUIRE(ring.find("s3cret-s3cret-s3cret"));
    BOOST_TEST(ring.find("s3cret-s3cret-s3cret")->name() == "it");
    BOOST_TEST(!ring.find("s3cret-s3cret-s3creT"));
    BOOST_TEST(!ring.find(""));
    BOOST_TEST(!ring.find("it"));
    BOOST_TEST(!KeyRing(one(key(""))).find(""));
}

BOOST_AUTO_TEST_CASE(a_key_may_ask_for_its_models_only) {
    auto config = key("x");
    config.models = {"small", "large"};
    const ClientKey client("it", config);
    BOOST_TEST(client.may_ask_for("small"));
    BOOST_TEST(!client.may_ask_for("huge"));
    BOOST_TEST(ClientKey("all", key("y")).may_ask_for("huge"));
}

BOOST_AUTO_TEST_CASE(requests_over_the_rate_are_told_when_to_come_back) {
    auto config = key("x");
    config.requests_per_minute = 2;
    ClientKey client("it", config);
    BOOST_TEST(take(client, 0, kStart).has_value());
    BOOST_TEST(take(client, 0, kStart).has_value());
    const auto refused = take(client, 0, kStart);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code == Code::throttled));
    BOOST_TEST(refused.error().retry_after_ms.value_or(0) == 30'000);
    BOOST_TEST(!take(client, 0, kStart + seconds(29)));
    BOOST_TEST(take(client, 0, kStart + seconds(30)).has_value());
}

BOOST_AUTO_TEST_CASE(why_a_request_is_refused_is_told) {
    auto config = key("x");
    config.concurrent = 1;
    config.tokens_per_minute = 10;
    ClientKey client("it", config);
    KeyRejection why{};
    BOOST_REQUIRE(client.reserve(10, kStart, why).has_value());
    BOOST_TEST(!client.reserve(1, kStart, why));
    BOOST_TEST((why == KeyRejection::concurrency));
    client.settle(10, 10);
    BOOST_TEST(!client.reserve(1, kStart, why));
    BOOST_TEST((why == KeyRejection::tokens));
}

BOOST_AUTO_TEST_CASE(a_request_that_used_less_than_reserved_gives_the_rest_back) {
    auto config = key("x");
    config.tokens_per_minute = 100;
    ClientKey client("it", config);
    BOOST_REQUIRE(take(client, 90, kStart).has_value());
    BOOST_TEST(!take(client, 20, kStart));
    client.settle(90, 10);
    BOOST_TEST(take(client, 90, kStart).has_value());
    BOOST_TEST(!take(client, 1, kStart));
}

BOOST_AUTO_TEST_CASE(a_stream_that_broke_costs_what_has_come_of_it) {
    auto config = key("x");
    config.tokens_per_minute = 100;
    const auto client = std::make_shared<ClientKey>("it", config);
    const auto stream = [&](std::uint64_t deltas) {
        BOOST_TEST(take(*client, 30, kStart).has_value());
        KeyLease(client, 30).used_in_part(deltas);
    };
    stream(0);
    BOOST_TEST(take(*client, 100, kStart).has_value());  // nothing was used
    client->settle(100, 0);
    stream(20);
    BOOST_TEST(!take(*client, 51, kStart).has_value());
    BOOST_TEST(take(*client, 50, kStart).has_value());
}

BOOST_AUTO_TEST_CASE(a_request_that_used_more_than_reserved_owes_the_rest) {
    auto config = key("x");
    config.tokens_per_minute = 60;
    ClientKey client("it", config);
    BOOST_REQUIRE(take(client, 10, kStart).has_value());
    client.settle(10, 120);  // 60 too many
    BOOST_TEST(!take(client, 1, kStart + seconds(60)));
    BOOST_TEST(take(client, 1, kStart + seconds(61)).has_value());
}

BOOST_AUTO_TEST_CASE(a_request_larger_than_a_minutes_tokens_passes_when_nothing_else_was_used) {
    auto config = key("x");
    config.tokens_per_minute = 10;
    ClientKey client("it", config);
    BOOST_TEST(take(client, 1'000, kStart).has_value());
    BOOST_TEST(!take(client, 1, kStart));
}

BOOST_AUTO_TEST_CASE(the_limit_of_requests_at_once_is_free_again_when_one_ends) {
    auto config = key("x");
    config.concurrent = 1;
    const auto client = std::make_shared<ClientKey>("it", config);
    {
        BOOST_REQUIRE(take(*client, 0, kStart).has_value());
        const KeyLease lease(client, 0);
        BOOST_TEST(!take(*client, 0, kStart));
    }
    BOOST_TEST(take(*client, 0, kStart).has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_request_takes_nothing) {
    auto config = key("x");
    config.requests_per_minute = 10;
    config.tokens_per_minute = 10;
    ClientKey client("it", config);
    BOOST_REQUIRE(take(client, 10, kStart).has_value());
    for (int i = 0; i < 20; ++i) BOOST_TEST(!take(client, 5, kStart));
    client.settle(10, 0);
    for (int i = 0; i < 9; ++i) BOOST_TEST(take(client, 1, kStart).has_value());
}

BOOST_AUTO_TEST_CASE(a_lease_settles_once_however_it_is_moved) {
    auto config = key("x");
    config.concurrent = 2;
    const auto client = std::make_shared<ClientKey>("it", config);
    BOOST_REQUIRE(take(*client, 0, kStart).has_value());
    KeyLease lease;
    {
        KeyLease first(client, 0);
        lease = std::move(first);
    }
    BOOST_TEST(take(*client, 0, kStart).has_value());
    BOOST_TEST(!take(*client, 0, kStart));
    lease = KeyLease();
    BOOST_TEST(take(*client, 0, kStart).has_value());
}

BOOST_AUTO_TEST_CASE(a_request_that_is_withdrawn_has_cost_nothing) {
    auto config = key("x");
    config.requests_per_minute = 1;
    config.tokens_per_minute = 10;
    config.concurrent = 1;
    const auto client = std::make_shared<ClientKey>("it", config);
    for (int i = 0; i < 3; ++i) {
        BOOST_REQUIRE(take(*client, 10, kStart).has_value());
        KeyLease lease(client, 10);
        lease.withdraw();
        lease = KeyLease();
        BOOST_TEST(client->usage().requests == 0U);
    }
    BOOST_REQUIRE(take(*client, 10, kStart).has_value());
    { const KeyLease lease(client, 10); }
    BOOST_TEST(client->usage().requests == 1U);
    BOOST_TEST(!take(*client, 1, kStart));
}

BOOST_AUTO_TEST_CASE(a_key_that_a_reload_leaves_alone_keeps_what_it_has_used) {
    auto config = key("s3cret-s3cret-s3cret");
    config.requests_per_minute = 1;
    const KeyRing before(one(config));
    BOOST_REQUIRE(take(*before.find("s3cret-s3cret-s3cret"), 0, kStart).has_value());
    const KeyRing same(one(config), &before);
    BOOST_TEST(!take(*same.find("s3cret-s3cret-s3cret"), 0, kStart));
    config.requests_per_minute = 2;
    const KeyRing changed(one(config), &same);
    BOOST_TEST(take(*changed.find("s3cret-s3cret-s3cret"), 0, kStart).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_key_has_used_is_counted) {
    auto config = key("secret");
    config.concurrent = 1;
    ClientKey client("it", config);
    BOOST_TEST(take(client, 10, kStart).has_value());
    BOOST_TEST(!take(client, 10, kStart).has_value());
    client.count_rejection();
    KeyUsage usage = client.usage();
    BOOST_TEST(usage.name == "it");
    BOOST_TEST(usage.requests == 1U);
    BOOST_TEST(usage.rejected == 1U);
    BOOST_TEST(usage.tokens == 0U);
    BOOST_TEST(usage.in_flight == 1);
    client.settle(10, 25);
    usage = client.usage();
    BOOST_TEST(usage.tokens == 25U);
    BOOST_TEST(usage.in_flight == 0);
}

BOOST_AUTO_TEST_CASE(a_key_that_did_not_change_goes_on_with_what_it_has_used) {
    const auto config = key("secret");
    const KeyRing before(one(config));
    BOOST_TEST(take(*before.find("secret"), 1, kStart).has_value());
    const KeyRing after(one(config), &before);
    BOOST_REQUIRE(after.usage().size() == 1U);
    BOOST_TEST(after.usage().front().requests == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway
