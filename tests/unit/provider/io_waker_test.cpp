#include "provider/io_waker.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace tenon::provider {
namespace {

using namespace std::chrono_literals;

base::TimePoint later() {
    return std::chrono::steady_clock::now() + 1h;
}

base::TimePoint long_ago() {
    return std::chrono::steady_clock::now() - 1h;
}

/// One thread of events, and a waker on it.
struct Rig {
    boost::asio::io_context io{1};
    std::shared_ptr<IoWaker> waker = std::make_shared<IoWaker>(io);
    int waits_over = 0;
    std::optional<bool> woken;

    net::Awaitable<void> wait_on(base::TimePoint limit) {
        woken = co_await waker->wait_on(limit);
        ++waits_over;
    }
    net::Awaitable<void> wait(base::TimePoint limit) {
        woken = co_await waker->wait(limit);
        ++waits_over;
    }
    void start(net::Awaitable<void> waiting) {
        boost::asio::co_spawn(io, std::move(waiting), boost::asio::detached);
        io.poll();
    }
    /// Is anything under way that keeps the thread from ending?
    bool is_at_rest() {
        io.restart();
        io.poll();
        return io.stopped();
    }
};

BOOST_AUTO_TEST_SUITE(io_waker)

BOOST_AUTO_TEST_CASE(a_wake_before_the_wait_counts) {
    Rig rig;
    rig.waker->wake();
    rig.io.poll();
    rig.io.restart();
    rig.start(rig.wait(base::kNoDeadline));
    BOOST_TEST(rig.woken.value());
}

BOOST_AUTO_TEST_CASE(many_wakes_before_anything_runs_are_one) {
    Rig rig;
    rig.start(rig.wait(base::kNoDeadline));
    for (int i = 0; i < 10; ++i) rig.waker->wake();
    BOOST_TEST(rig.io.poll() == 1U);
    BOOST_TEST(rig.woken.value());
    rig.io.restart();
    rig.start(rig.wait(long_ago()));
    while (rig.waits_over < 2) rig.io.run_one();
    BOOST_TEST(!rig.woken.value());
}

BOOST_AUTO_TEST_CASE(after_a_wake_the_next_one_counts_again) {
    Rig rig;
    for (int i = 0; i < 3; ++i) {
        rig.start(rig.wait(base::kNoDeadline));
        rig.waker->wake();
        rig.io.poll();
        rig.io.restart();
        BOOST_TEST(rig.waits_over == i + 1);
    }
}

BOOST_AUTO_TEST_CASE(a_limit_earlier_than_the_one_before_is_kept) {
    Rig rig;
    rig.start(rig.wait_on(later()));
    rig.waker->wake();
    rig.io.poll();
    BOOST_TEST(rig.woken.value());
    rig.start(rig.wait_on(long_ago()));
    while (rig.waits_over < 2) rig.io.run_one();
    BOOST_TEST(!rig.woken.value());
    rig.waker->rest();
}

BOOST_AUTO_TEST_CASE(a_wait_leaves_no_timer_behind) {
    Rig rig;
    rig.start(rig.wait(later()));
    rig.waker->wake();
    rig.io.poll();
    BOOST_TEST(rig.waits_over == 1);
    BOOST_TEST(rig.is_at_rest());
}

BOOST_AUTO_TEST_CASE(one_of_many_waits_leaves_its_timer_until_rest) {
    Rig rig;
    rig.start(rig.wait_on(later()));
    rig.waker->wake();
    rig.io.poll();
    BOOST_TEST(rig.waits_over == 1);
    BOOST_TEST(!rig.is_at_rest());
    rig.waker->rest();
    BOOST_TEST(rig.is_at_rest());
}

BOOST_AUTO_TEST_CASE(the_timer_ends_with_the_waker) {
    Rig rig;
    rig.start(rig.wait_on(later()));
    rig.waker->wake();
    rig.io.poll();
    rig.waker.reset();
    BOOST_TEST(rig.is_at_rest());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider
