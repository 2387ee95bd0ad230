#include "base/handle_table.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tenon::base {
namespace {

using Table = HandleTable<std::string>;

constexpr auto nothing = [](auto&&...) {};

std::uint64_t put(Table& table, const std::string& text) {
    return table.insert([&](std::string& object, Table::Handle) { object = text; });
}

std::string get(Table& table, std::uint64_t handle) {
    std::string found = "stale";
    table.with(handle, [&](std::string& object) { found = object; });
    return found;
}

BOOST_AUTO_TEST_SUITE(handle_table)

BOOST_AUTO_TEST_CASE(a_handle_finds_its_own_object) {
    Table table;
    const auto a = put(table, "a");
    const auto b = put(table, "b");
    BOOST_TEST(get(table, a) == "a");
    BOOST_TEST(get(table, b) == "b");
    BOOST_TEST(table.size() == 2U);
}

BOOST_AUTO_TEST_CASE(zero_and_numbers_that_were_never_given_find_nothing) {
    Table table;
    const auto a = put(table, "a");
    BOOST_TEST(a != 0U);
    BOOST_TEST(get(table, 0) == "stale");
    BOOST_TEST(get(table, a + 1) == "stale");               // a free slot
    BOOST_TEST(get(table, a + (1ULL << 32)) == "stale");    // a later generation
    BOOST_TEST(get(table, a | 0x00FF'0000ULL) == "stale");  // a slot that does not exist yet
    BOOST_TEST(get(table, 0xFFFF'FFFF'FFFF'FFFFULL) == "stale");
}

BOOST_AUTO_TEST_CASE(an_erased_handle_stays_stale_when_its_slot_is_used_again) {
    Table table;
    const auto old = put(table, "old");
    BOOST_TEST(table.erase(old, nothing));
    const auto young = put(table, "young");
    BOOST_TEST((young & 0xFFFF'FFFFU) == (old & 0xFFFF'FFFFU));
    BOOST_TEST(get(table, old) == "stale");
    BOOST_TEST(!table.erase(old, nothing));
    BOOST_TEST(get(table, young) == "young");
    BOOST_TEST(table.size() == 1U);
}

BOOST_AUTO_TEST_CASE(the_generation_wraps_past_zero_so_that_no_handle_is_ever_zero) {
    HandleTable<int, std::uint8_t> table;
    std::uint64_t first = 0;
    std::uint64_t before = 0;
    for (int i = 0; i < 255; ++i) {
        const auto handle = table.insert(nothing);
        if (i == 0) first = handle;
        BOOST_TEST_REQUIRE(handle != 0U);
        BOOST_TEST_REQUIRE((handle >> 32) != 0U);
        BOOST_TEST_REQUIRE(handle != before);
        before = handle;
        BOOST_TEST_REQUIRE(table.erase(handle, nothing));
    }
    BOOST_TEST(table.insert(nothing) == first);
}

BOOST_AUTO_TEST_CASE(a_slot_hands_its_old_object_out_again) {
    Table table;
    const auto first = put(table, std::string(1000, 'x'));
    table.erase(first, [](std::string& object) { object.clear(); });
    std::size_t capacity = 0;
    table.insert([&](std::string& object, Table::Handle) { capacity = object.capacity(); });
    BOOST_TEST(capacity >= 1000U);
}

BOOST_AUTO_TEST_CASE(an_insertion_that_throws_leaves_no_handle_and_gives_its_slot_back) {
    Table table;
    Table::Handle seen = 0;
    const auto failing = [&](std::string&, Table::Handle handle) {
        seen = handle;
        throw std::runtime_error("no");
    };
    BOOST_CHECK_THROW(table.insert(failing), std::runtime_error);
    BOOST_TEST(table.size() == 0U);
    BOOST_TEST(get(table, seen) == "stale");
    BOOST_TEST((put(table, "next") & 0xFFFF'FFFFU) == (seen & 0xFFFF'FFFFU));
}

BOOST_AUTO_TEST_CASE(handles_stay_valid_while_the_table_grows) {
    Table table;
    std::vector<std::uint64_t> handles;
    for (int i = 0; i < 1000; ++i) handles.push_back(put(table, std::to_string(i)));
    for (std::size_t i = 0; i < handles.size(); ++i) {
        BOOST_TEST_REQUIRE(get(table, handles[i]) == std::to_string(i));
    }
}

BOOST_AUTO_TEST_CASE(one_of_many_threads_erases_a_handle) {
    HandleTable<int> table;
    constexpr int kRounds = 500;
    constexpr int kThreads = 4;
    std::vector<std::uint64_t> handles;
    for (int i = 0; i < kRounds; ++i) handles.push_back(table.insert(nothing));
    std::atomic<int> erased{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&] {
            for (const auto handle : handles) {
                if (table.erase(handle, nothing)) erased.fetch_add(1);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(erased.load() == kRounds);
    BOOST_TEST(table.size() == 0U);
}

BOOST_AUTO_TEST_CASE(threads_that_insert_use_and_erase_at_once_see_only_their_own_objects) {
    HandleTable<std::uint64_t> table;
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            std::uint64_t last = 0;
            for (int round = 0; round < 2000; ++round) {
                const auto handle =
                    table.insert([](std::uint64_t& object, std::uint64_t own) { object = own; });
                const bool found = table.with(handle, [&](std::uint64_t& object) {
                    if (object != handle) wrong.fetch_add(1);
                });
                if (!found) wrong.fetch_add(1);
                if (last != 0 && table.with(last, nothing)) wrong.fetch_add(1);
                if (!table.erase(handle, nothing)) wrong.fetch_add(1);
                last = handle;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(wrong.load() == 0);
    BOOST_TEST(table.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::base
