#include "net/soon.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace tenon::net {
namespace {

struct Task final : SoonTask {
    explicit Task(std::function<void()> work_in) : work(std::move(work_in)) {}
    void run_soon() noexcept override { work(); }
    std::function<void()> work;
};

void do_soon(boost::asio::io_context& io, std::function<void()> work) {
    soon(io, std::make_shared<Task>(std::move(work)));
}

BOOST_AUTO_TEST_SUITE(soon_tasks)

BOOST_AUTO_TEST_CASE(without_a_scope_a_task_is_posted) {
    boost::asio::io_context io;
    int runs = 0;
    do_soon(io, [&] { ++runs; });
    BOOST_TEST(runs == 0);
    BOOST_TEST(io.poll() == 1U);
    BOOST_TEST(runs == 1);
}

BOOST_AUTO_TEST_CASE(tasks_run_in_order_at_the_scope_s_end_with_what_they_ask_for) {
    boost::asio::io_context io;
    std::vector<int> order;
    {
        const SoonScope scope(io);
        do_soon(io, [&] {
            order.push_back(1);
            do_soon(io, [&] { order.push_back(3); });
        });
        do_soon(io, [&] { order.push_back(2); });
        BOOST_TEST(order.empty());
    }
    BOOST_TEST(order == (std::vector{1, 2, 3}), boost::test_tools::per_element());
    BOOST_TEST(io.poll() == 0U);
}

BOOST_AUTO_TEST_CASE(a_scope_within_a_scope_leaves_the_work_to_the_outer_one) {
    boost::asio::io_context io;
    int runs = 0;
    {
        const SoonScope outer(io);
        {
            const SoonScope inner(io);
            do_soon(io, [&] { ++runs; });
        }
        BOOST_TEST(runs == 0);
    }
    BOOST_TEST(runs == 1);
}

BOOST_AUTO_TEST_CASE(a_scope_takes_nothing_for_another_thread) {
    boost::asio::io_context mine;
    boost::asio::io_context other;
    int runs = 0;
    {
        const SoonScope scope(mine);
        do_soon(other, [&] { ++runs; });
    }
    BOOST_TEST(runs == 0);
    BOOST_TEST(other.poll() == 1U);
    BOOST_TEST(runs == 1);
}

BOOST_AUTO_TEST_CASE(tasks_that_make_ever_more_work_leave_it_to_the_event_loop_at_last) {
    boost::asio::io_context io;
    int runs = 0;
    const std::function<void()> again = [&] {
        if (++runs < 1000) do_soon(io, again);
    };
    {
        const SoonScope scope(io);
        do_soon(io, again);
    }
    BOOST_TEST(runs > 1);
    BOOST_TEST(runs < 1000);
    io.poll();
    BOOST_TEST(runs == 1000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::net
