#include "store/state_store.hpp"

#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "fixture.hpp"

namespace tenon::store {
namespace {

using core::WantedState;

BOOST_FIXTURE_TEST_SUITE(state_store, Fixture)

BOOST_AUTO_TEST_CASE(a_new_file_holds_nothing) {
    BOOST_TEST((open()->read().value() == Snapshot{}));
}

BOOST_AUTO_TEST_CASE(what_is_written_is_there_after_a_restart) {
    Snapshot expected;
    expected.providers.push_back({"mock", false, WantedState::disconnected,
                                  LastState{"unhealthy", "check_failed", 1'234}, 5'678});
    expected.pins.push_back({"fast", "mock", 9'999, true});
    {
        const auto store = open();
        BOOST_TEST(store->set_enabled("mock", false).has_value());
        BOOST_TEST(store->set_wanted("mock", WantedState::disconnected).has_value());
        BOOST_TEST(store->set_last_state("mock", {"unhealthy", "check_failed", 1'234}).has_value());
        BOOST_TEST(store->set_cool_down("mock", 5'678).has_value());
        BOOST_TEST(store->pin({"fast", "mock", 9'999, true}).has_value());
        BOOST_TEST((snapshot_of(*store) == expected));
    }
    BOOST_TEST((reopened() == expected));
}

BOOST_AUTO_TEST_CASE(every_wanted_state_comes_back) {
    for (const auto wanted :
         {WantedState::on_demand, WantedState::connected, WantedState::disconnected}) {
        BOOST_TEST(open()->set_wanted("mock", wanted).has_value());
        BOOST_TEST((reopened().providers.at(0).wanted == wanted));
    }
}

BOOST_AUTO_TEST_CASE(a_write_leaves_everything_else_as_it_is) {
    const auto store = open();
    BOOST_TEST(store->set_intent("mock", false, WantedState::connected).has_value());
    BOOST_TEST(store->set_cool_down("mock", 7).has_value());
    BOOST_TEST(store->set_intent("other", true, WantedState::disconnected).has_value());

    BOOST_TEST(store->set_last_state("mock", {"connected", "dialled", 1}).has_value());
    BOOST_TEST(store->set_enabled("mock", true).has_value());

    const Snapshot now = snapshot_of(*store);
    BOOST_REQUIRE_EQUAL(now.providers.size(), 2u);
    BOOST_TEST((now.providers[0] == ProviderRecord{"mock", true, WantedState::connected,
                                                   LastState{"connected", "dialled", 1}, 7}));
    BOOST_TEST((now.providers[1] == ProviderRecord{"other", true, WantedState::disconnected,
                                                   std::nullopt, std::nullopt}));
}

BOOST_AUTO_TEST_CASE(a_provider_first_heard_of_by_its_state_is_as_configured) {
    const auto store = open();
    BOOST_TEST(store->set_last_state("mock", {"connected", "dialled", 1}).has_value());
    const ProviderRecord record = snapshot_of(*store).providers.at(0);
    BOOST_TEST(!record.enabled.has_value());
    BOOST_TEST(!record.wanted.has_value());
}

BOOST_AUTO_TEST_CASE(a_cool_down_ends_when_it_is_cleared) {
    const auto store = open();
    BOOST_TEST(store->set_cool_down("mock", 7).has_value());
    BOOST_TEST(store->set_cool_down("mock", std::nullopt).has_value());
    BOOST_TEST(!snapshot_of(*store).providers.at(0).cool_down_until);
}

BOOST_AUTO_TEST_CASE(a_wish_says_nothing_of_the_other_one) {
    const auto store = open();
    BOOST_TEST(store->set_enabled("a", true).has_value());
    BOOST_TEST(store->set_wanted("b", WantedState::on_demand).has_value());
    const Snapshot now = snapshot_of(*store);
    BOOST_TEST((now.providers.at(0) == ProviderRecord{.provider = "a", .enabled = true}));
    BOOST_TEST(
        (now.providers.at(1) == ProviderRecord{.provider = "b", .wanted = WantedState::on_demand}));
}

BOOST_AUTO_TEST_CASE(sightings_change_what_they_tell_and_nothing_else) {
    const auto store = open();
    BOOST_TEST(store->set_enabled("a", false).has_value());
    BOOST_TEST(store->set_cool_down("a", 7).has_value());
    BOOST_TEST(store->set_cool_down("b", 8).has_value());
    const std::vector<Sighting> seen{
        {.provider = "a", .last = LastState{"connected", "dialled", 1}},
        {.provider = "b", .cool_down_until = std::optional<UnixMs>()},
        {.provider = "c", .last = LastState{"unhealthy", "dial_failed", 2}, .cool_down_until = 9},
    };
    BOOST_TEST(store->note(seen).has_value());
    Snapshot expected;
    expected.providers.push_back({.provider = "a",
                                  .enabled = false,
                                  .last = LastState{"connected", "dialled", 1},
                                  .cool_down_until = 7});
    expected.providers.push_back({.provider = "b"});
    expected.providers.push_back(
        {.provider = "c", .last = LastState{"unhealthy", "dial_failed", 2}, .cool_down_until = 9});
    BOOST_TEST((snapshot_of(*store) == expected));
}

BOOST_AUTO_TEST_CASE(a_pin_replaces_the_older_one_of_its_model) {
    const auto store = open();
    BOOST_TEST(store->pin({"fast", "mock", 9, true}).has_value());
    BOOST_TEST(store->pin({"slow", "mock", 9, true}).has_value());
    BOOST_TEST(store->pin({"fast", "other", std::nullopt, false}).has_value());
    const std::vector<PinRecord> expected{{"fast", "other", std::nullopt, false},
                                          {"slow", "mock", 9, true}};
    BOOST_TEST((snapshot_of(*store).pins == expected));
}

BOOST_AUTO_TEST_CASE(unpin_says_whether_there_was_a_pin) {
    const auto store = open();
    BOOST_TEST(store->pin({"fast", "mock", 9, true}).has_value());
    BOOST_TEST(store->unpin("fast").value());
    BOOST_TEST(!store->unpin("fast").value());
    BOOST_TEST(snapshot_of(*store).pins.empty());
}

BOOST_AUTO_TEST_CASE(a_removed_provider_takes_its_pins_along_and_no_others) {
    const auto store = open();
    BOOST_TEST(store->set_enabled("mock", false).has_value());
    BOOST_TEST(store->set_enabled("other", false).has_value());
    BOOST_TEST(store->pin({"fast", "mock", 9, true}).has_value());
    BOOST_TEST(store->pin({"slow", "other", 9, true}).has_value());

    BOOST_TEST(store->remove("mock").value());

    const Snapshot now = snapshot_of(*store);
    BOOST_REQUIRE_EQUAL(now.providers.size(), 1u);
    BOOST_TEST(now.providers[0].provider == "other");
    BOOST_REQUIRE_EQUAL(now.pins.size(), 1u);
    BOOST_TEST(now.pins[0].model == "slow");
}

BOOST_AUTO_TEST_CASE(remove_says_whether_there_was_anything) {
    const auto store = open();
    BOOST_TEST(!store->remove("mock").value());
    BOOST_TEST(store->pin({"fast", "mock", 9, true}).has_value());
    BOOST_TEST(store->remove("mock").value());  // a pin alone is something
    BOOST_TEST(!store->remove("mock").value());
}

BOOST_AUTO_TEST_CASE(names_and_reasons_of_any_text_come_back_unchanged) {
    const std::string odd = "it's \"odd\"; DROP TABLE providers; -- \xC3\xA9\n";
    BOOST_TEST(open()->set_last_state(odd, {odd, "", 1}).has_value());
    const Snapshot now = reopened();
    BOOST_REQUIRE_EQUAL(now.providers.size(), 1u);
    BOOST_TEST(now.providers[0].provider == odd);
    BOOST_TEST((now.providers[0].last == LastState{odd, "", 1}));
}

BOOST_AUTO_TEST_CASE(times_have_all_their_64_bits) {
    constexpr UnixMs kLast = std::numeric_limits<UnixMs>::max();
    constexpr UnixMs kFirst = std::numeric_limits<UnixMs>::min();
    const auto store = open();
    BOOST_TEST(store->set_cool_down("mock", kLast).has_value());
    BOOST_TEST(store->set_last_state("mock", {"connected", "dialled", kFirst}).has_value());
    const ProviderRecord record = snapshot_of(*store).providers.at(0);
    BOOST_TEST((record.cool_down_until == kLast));
    BOOST_TEST(record.last->since == kFirst);
}

BOOST_AUTO_TEST_CASE(providers_come_by_name) {
    const auto store = open();
    for (const char* name : {"c", "a", "b"}) BOOST_TEST(store->set_enabled(name, true).has_value());
    std::string names;
    for (const ProviderRecord& record : snapshot_of(*store).providers) names += record.provider;
    BOOST_TEST(names == "abc");
}

BOOST_AUTO_TEST_CASE(threads_may_write_and_read_at_once) {
    constexpr std::size_t kThreads = 4;
    constexpr int kWrites = 10;
    const auto store = open();
    std::vector<int> failures(kThreads);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            const std::string name = "p" + std::to_string(t);
            for (int i = 1; i <= kWrites; ++i) {
                if (!store->set_last_state(name, {"connected", "dialled", i})) ++failures[t];
                const auto snapshot = store->read();
                if (!snapshot || snapshot->providers.empty()) ++failures[t];
            }
        });
    }
    for (std::thread& thread : threads) thread.join();

    BOOST_TEST(failures == std::vector<int>(kThreads), boost::test_tools::per_element());
    const Snapshot now = snapshot_of(*store);
    BOOST_REQUIRE_EQUAL(now.providers.size(), kThreads);
    for (const ProviderRecord& record : now.providers) BOOST_TEST(record.last->since == kWrites);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::store
