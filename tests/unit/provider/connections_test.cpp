#include "provider/connections.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

namespace tenon::provider {
namespace {

/// Connections are addresses to the host and nothing else.
tenon_conn* conn(std::size_t number) {
    static std::array<char, 8> addresses;
    return reinterpret_cast<tenon_conn*>(&addresses.at(number));
}

BOOST_AUTO_TEST_SUITE(connections)

BOOST_AUTO_TEST_CASE(without_a_connection_there_is_nothing_to_borrow) {
    Connections pool(1);
    BOOST_TEST(pool.borrow() == nullptr);
}

BOOST_AUTO_TEST_CASE(an_exclusive_connection_carries_one_call) {
    Connections pool(1);
    BOOST_TEST(pool.add(conn(0)));
    BOOST_TEST(pool.borrow() == nullptr);
    BOOST_TEST(pool.give_back(conn(0), false) == nullptr);
    BOOST_TEST(pool.borrow() == conn(0));
    BOOST_TEST(pool.borrow() == nullptr);
}

BOOST_AUTO_TEST_CASE(a_multiplexed_connection_carries_as_many_as_it_may) {
    Connections pool(3);
    BOOST_TEST(pool.add(conn(0)));
    BOOST_TEST(pool.borrow() == conn(0));
    BOOST_TEST(pool.borrow() == conn(0));
    BOOST_TEST(pool.borrow() == nullptr);
}

BOOST_AUTO_TEST_CASE(the_youngest_connection_is_used_first) {
    Connections pool(2);
    BOOST_TEST(pool.add(conn(0)));
    BOOST_TEST(pool.add(conn(1)));
    BOOST_TEST(pool.borrow() == conn(1));
    BOOST_TEST(pool.borrow() == conn(0));
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_known_already_is_not_added) {
    Connections pool(1);
    BOOST_TEST(pool.add(conn(0)));
    BOOST_TEST(!pool.add(conn(0)));
    BOOST_TEST(pool.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_lost_connection_leaves_with_its_last_call) {
    Connections pool(2);
    BOOST_TEST(pool.add(conn(0)));
    BOOST_TEST(pool.borrow() == conn(0));
    BOOST_TEST(pool.give_back(conn(0), true) == nullptr);
    BOOST_TEST(pool.borrow() == nullptr);
    BOOST_TEST(pool.give_back(conn(0), false) == conn(0));
    BOOST_TEST(pool.size() == 0U);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_that_dies_leaves_at_once) {
    Connections pool(1);
    BOOST_TEST(pool.add(conn(0)));
    BOOST_TEST(pool.give_back(conn(0), false) == nullptr);
    tenon_conn* idle = nullptr;
    BOOST_TEST(pool.mark_lost(conn(0), &idle));
    BOOST_TEST(idle == conn(0));
    BOOST_TEST(pool.size() == 0U);
    BOOST_TEST(!pool.mark_lost(conn(0), &idle));
}

BOOST_AUTO_TEST_CASE(a_busy_connection_that_dies_leaves_later) {
    Connections pool(1);
    BOOST_TEST(pool.add(conn(0)));
    tenon_conn* idle = nullptr;
    BOOST_TEST(pool.mark_lost(conn(0), &idle));
    BOOST_TEST(idle == nullptr);
    BOOST_TEST(pool.give_back(conn(0), false) == conn(0));
}

BOOST_AUTO_TEST_CASE(what_was_taken_out_is_not_given_back_a_second_time) {
    Connections pool(1);
    BOOST_TEST(pool.add(conn(0)));
    BOOST_TEST(pool.add(conn(1)));
    BOOST_TEST(pool.take_all().size() == 2U);
    BOOST_TEST(pool.give_back(conn(0), true) == nullptr);
    BOOST_TEST(pool.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider
