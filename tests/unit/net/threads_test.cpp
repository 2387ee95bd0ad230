#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <thread>

#include "net/blocking_pool.hpp"
#include "net/io_threads.hpp"

namespace tenon::net {
namespace {

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(each_io_context_has_one_thread_of_its_own) {
    IoThreads io(3);
    std::set<std::thread::id> ids;
    for (std::size_t i = 0; i < io.size(); ++i) {
        for (int n = 0; n < 2; ++n) {
            std::promise<std::thread::id> id;
            boost::asio::post(io.context(i), [&] { id.set_value(std::this_thread::get_id()); });
            ids.insert(id.get_future().get());
        }
    }
    BOOST_TEST(ids.size() == 3U);
    BOOST_TEST(!ids.contains(std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(threads_are_picked_in_turn) {
    IoThreads io(2);
    const std::size_t first = io.pick();
    BOOST_TEST(io.pick() == 1 - first);
    BOOST_TEST(io.pick() == first);
}

BOOST_AUTO_TEST_CASE(stopping_runs_what_is_queued_and_may_be_repeated) {
    IoThreads io(1);
    std::atomic<int> runs = 0;
    boost::asio::post(io.context(0), [&] {
        boost::asio::post(io.context(0), [&] { ++runs; });
        ++runs;
    });
    io.stop();
    BOOST_TEST(runs == 2);
    io.stop();
}

BOOST_AUTO_TEST_CASE(blocking_jobs_run_side_by_side_up_to_the_number_of_threads) {
    BlockingPool pool(3);
    std::promise<void> go;
    const auto gate = go.get_future().share();
    std::atomic<int> running = 0;
    std::promise<void> all_run;
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(pool.post([&, gate] {
            if (++running == 3) all_run.set_value();
            gate.wait();
        }));
    }
    all_run.get_future().wait();  // would hang if one waited for another
    go.set_value();
}

BOOST_AUTO_TEST_CASE(a_full_queue_refuses_more) {
    BlockingPool pool(1, 1);
    std::promise<void> go;
    std::promise<void> started;
    const auto gate = go.get_future().share();
    BOOST_TEST(pool.post([&, gate] {
        started.set_value();
        gate.wait();
    }));
    started.get_future().wait();
    BOOST_TEST(pool.post([] {}));
    BOOST_TEST(!pool.post([] {}));
    go.set_value();
}

BOOST_AUTO_TEST_CASE(a_job_that_was_written_off_keeps_no_thread_from_the_others) {
    BlockingPool pool(1);
    std::promise<void> go;
    std::promise<void> others;
    const auto gate = go.get_future().share();
    BOOST_TEST(pool.post([gate] { gate.wait(); }));
    BOOST_TEST(pool.post([&] { others.set_value(); }));
    pool.write_off(true);
    others.get_future().wait();  // would hang behind the first job
    pool.write_off(false);
    go.set_value();
}

BOOST_AUTO_TEST_CASE(the_destructor_runs_what_is_queued) {
    std::atomic<int> runs = 0;
    {
        BlockingPool pool(2);
        for (int i = 0; i < 100; ++i) BOOST_TEST(pool.post([&] { ++runs; }));
    }
    BOOST_TEST(runs == 100);
}

BOOST_AUTO_TEST_CASE(what_a_job_owns_may_use_the_pool_as_it_dies) {
    std::promise<void> second;
    BlockingPool pool(1);
    struct Poster {
        BlockingPool& pool;
        std::promise<void>& second;
        ~Poster() {
            static_cast<void>(pool.post([this_second = &second] { this_second->set_value(); }));
        }
    };
    BOOST_TEST(pool.post([poster = std::make_shared<Poster>(pool, second)] {}));
    second.get_future().wait();  // would hang if the job died under the pool's lock
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::net
