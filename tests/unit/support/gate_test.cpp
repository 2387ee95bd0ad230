#include "support/gate.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <thread>

#include <unistd.h>

using tenon::test::Gate;

BOOST_AUTO_TEST_SUITE(gate)

BOOST_AUTO_TEST_CASE(an_open_gate_lets_everybody_pass_for_ever) {
    const Gate copy = [] {
        Gate gate;
        gate.open();
        gate.open();
        return gate;
    }();
    BOOST_TEST(copy.wait());
    BOOST_TEST(copy.wait());
}

BOOST_AUTO_TEST_CASE(each_pass_lets_one_wait_through) {
    std::array<int, 2> stop{};
    BOOST_REQUIRE(::pipe(stop.data()) == 0);
    Gate gate;
    gate.let_pass(2);
    BOOST_TEST(gate.wait(stop[0]));
    BOOST_TEST(gate.wait(stop[0]));
    ::close(stop[1]);  // the third wait would last, so let it be stopped
    BOOST_TEST(!gate.wait(stop[0]));
    ::close(stop[0]);
}

BOOST_AUTO_TEST_CASE(opening_frees_all_threads_that_wait) {
    Gate gate;
    std::array<bool, 3> passed{};
    {
        std::array<std::jthread, 3> threads;
        for (std::size_t i = 0; i < threads.size(); ++i) {
            threads[i] = std::jthread([gate, &passed, i] { passed[i] = gate.wait(); });
        }
        gate.open();
    }
    BOOST_TEST((passed[0] && passed[1] && passed[2]));
}

BOOST_AUTO_TEST_SUITE_END()
