#include "gateway/api/off_thread.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/test/unit_test.hpp>
#include <future>
#include <new>
#include <string>
#include <thread>

#include "net/io_threads.hpp"
#include "support/gate.hpp"

namespace tenon::gateway {
namespace {

struct Rig {
    /// What make_off_thread() says, some time.
    std::future<Result<std::string>> make(std::function<std::string()> text) {
        auto promise = std::make_shared<std::promise<Result<std::string>>>();
        auto future = promise->get_future();
        boost::asio::co_spawn(io.context(0), run(promise, std::move(text)), boost::asio::detached);
        return future;
    }

    net::Awaitable<void> run(std::shared_ptr<std::promise<Result<std::string>>> promise,
                             std::function<std::string()> text) {
        auto made = co_await make_off_thread(pool, io.context(0), std::move(text));
        promise->set_value(std::move(made));
    }
    static Result<std::string> get(std::future<Result<std::string>>& made) {
        BOOST_TEST_REQUIRE((made.wait_for(test::kPatience) == std::future_status::ready));
        return made.get();
    }

    net::IoThreads io{1};
    net::BlockingPool pool{1, 1};
};

BOOST_AUTO_TEST_SUITE(off_thread)

BOOST_AUTO_TEST_CASE(a_text_is_made_on_the_pools_thread) {
    Rig rig;
    std::thread::id thread;
    auto made = rig.make([&] {
        thread = std::this_thread::get_id();
        return std::string("text");
    });
    BOOST_TEST(Rig::get(made).value() == "text");
    std::promise<std::thread::id> pools;
    BOOST_TEST_REQUIRE(rig.pool.post([&] { pools.set_value(std::this_thread::get_id()); }));
    BOOST_TEST((pools.get_future().get() == thread));
}

BOOST_AUTO_TEST_CASE(a_pool_that_is_full_refuses) {
    Rig rig;
    std::promise<void> begun;
    std::promise<void> go_on;
    auto first = rig.make([&, held = go_on.get_future().share()] {
        begun.set_value();
        held.wait_for(test::kPatience);
        return std::string("first");
    });
    BOOST_TEST_REQUIRE((begun.get_future().wait_for(test::kPatience) == std::future_status::ready));
    auto second = rig.make([] { return std::string("second"); });
    auto third = rig.make([] { return std::string("third"); });
    const auto refused = Rig::get(third);
    BOOST_TEST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == Code::overloaded));
    go_on.set_value();
    BOOST_TEST(Rig::get(first).value() == "first");
    BOOST_TEST(Rig::get(second).value() == "second");
}

BOOST_AUTO_TEST_CASE(what_throws_makes_no_text_and_ends) {
    Rig rig;
    auto made = rig.make([]() -> std::string { throw std::bad_alloc(); });
    const auto failed = Rig::get(made);
    BOOST_TEST_REQUIRE(!failed.has_value());
    BOOST_TEST((failed.error().code == Code::internal));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::gateway
