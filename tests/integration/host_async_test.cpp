#include "host_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "tenon/host/asio.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

/// Counts ends and waits for them.
class Ends {
public:
    void one() {
        const std::lock_guard lock(mutex_);
        ++count_;
        changed_.notify_all();
    }
    void wait_for(int count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return count_ >= count; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int count_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(host_async)

BOOST_AUTO_TEST_CASE(a_coroutine_awaits_an_answer_on_its_own_executor) {
    const auto host = open_host();
    boost::asio::io_context io;
    std::string text;
    std::thread::id resumed_on;
    boost::asio::co_spawn(
        io,
        [&]() -> boost::asio::awaitable<void> {
            const auto answer = co_await host::async_complete(*host, ask("mock", "hi"), {},
                                                              boost::asio::use_awaitable);
            resumed_on = std::this_thread::get_id();
            if (answer) text = answer->text;
        },
        [](const std::exception_ptr& error) { BOOST_TEST(!error); });
    io.run();
    BOOST_TEST(text == "You said: hi");
    BOOST_TEST((resumed_on == std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(a_future_gets_an_answer) {
    const auto host = open_host();
    auto future = host::async_complete(*host, ask("mock", "hi"), {}, boost::asio::use_future);
    const auto answer = future.get();
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->text == "You said: hi");
}

BOOST_AUTO_TEST_CASE(a_cancellation_signal_ends_the_request_that_it_belongs_to) {
    const auto host = open_host();
    add(*host, "silent", "mock", R"({"fail_every":1,"fail_with":"silent"})");
    boost::asio::io_context io;
    boost::asio::cancellation_signal signal;
    std::vector<Code> codes;
    const auto on_done = [&](const Result<host::ChatAnswer>& answer) {
        codes.push_back(answer ? Code::internal : answer.error().code);
    };
    host::async_complete(*host, ask("silent", "x"), {},
                         boost::asio::bind_cancellation_slot(
                             signal.slot(), boost::asio::bind_executor(io, on_done)));
    boost::asio::post(io, [&] { signal.emit(boost::asio::cancellation_type::terminal); });
    io.run();
    BOOST_TEST((codes == std::vector{Code::cancelled}));
    signal.emit(boost::asio::cancellation_type::terminal);  // nobody listens any more
}

BOOST_AUTO_TEST_CASE(a_callback_never_runs_inside_the_function_that_started_it) {
    const auto host = open_host();
    std::mutex running;
    Ends ends;
    std::unique_lock started(running);
    std::atomic<bool> inside{true};
    bool seen_inside = false;
    host->start_complete(ask("mock", "hi"), {}, [&](const Result<host::ChatAnswer>&) {
        const std::lock_guard wait_until_returned(running);
        seen_inside = inside;
        ends.one();
    });
    inside = false;
    started.unlock();
    ends.wait_for(1);
    BOOST_TEST(!seen_inside);
}

BOOST_AUTO_TEST_CASE(an_unknown_provider_is_reported_through_the_callback) {
    const auto host = open_host();
    Ends ends;
    std::string message;
    host->start_complete(ask("nobody", "hi"), {}, [&](Result<host::ChatAnswer> answer) {
        message = answer.error().message;
        ends.one();
    });
    ends.wait_for(1);
    BOOST_TEST(message.find("'nobody'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_exception_of_an_asynchronous_callback_ends_only_that_request) {
    const auto host = open_host();
    Ends ends;
    std::string message;
    host->start_complete(
        ask("mock", "a b c"), [](const host::StreamDelta&) { throw std::runtime_error("mine"); },
        [&](Result<host::ChatAnswer> answer) {
            message = answer ? "" : answer.error().message;
            ends.one();
        });
    ends.wait_for(1);
    BOOST_TEST(message.find("mine") != std::string::npos);
    BOOST_TEST(host->complete(ask("mock", "again")).has_value());
}

BOOST_AUTO_TEST_CASE(a_host_that_goes_cancels_what_is_under_way_and_every_callback_comes) {
    Ends ends;
    std::atomic<int> cancelled{0};
    {
        const auto host = open_host();
        add(*host, "silent", "mock", R"({"fail_every":1,"fail_with":"silent"})");
        for (int i = 0; i < 20; ++i) {
            host->start_complete(
                ask("silent", "x"), [](const auto&) {},
                [&](Result<host::ChatAnswer> answer) {
                    if (!answer && answer.error().code == Code::cancelled) {
                        ++cancelled;
                    }
                    ends.one();
                });
        }
    }
    ends.wait_for(20);
    BOOST_TEST(cancelled == 20);
}

BOOST_AUTO_TEST_CASE(after_a_storm_of_requests_and_cancels_all_gauges_are_zero) {
    FakeLlm fake({.server = {.write_pieces = 7}});
    const auto host = open_host();
    add(*host, "oai", "openai", R"({"base_url":)" + quoted(fake.openai_url()) + "}");
    add(*host, "oll", "ollama", R"({"base_url":)" + quoted(fake.url()) + "}");
    const std::vector<std::string> providers = {"oai",      "oll",          "mock",
                                                "mock-mux", "mock-session", "mock-blocking"};
    Ends ends;
    std::atomic<int> wrong{0};
    constexpr int kRequests = 240;
    std::mt19937 random(7);
    for (int i = 0; i < kRequests; ++i) {
        const std::string& provider = providers[random() % providers.size()];
        const bool stream = random() % 2 == 0;
        const auto operation = host->start_complete(
            ask(provider, "storm of words", "fake-small"),
            stream ? host::OnDelta([](const auto&) {}) : host::OnDelta(),
            [&](Result<host::ChatAnswer> answer) {
                const bool good = answer ? answer->text == "You said: storm of words"
                                         : answer.error().code == Code::cancelled;
                if (!good) {
                    ++wrong;
                    BOOST_TEST_MESSAGE((answer ? answer->text : answer.error().message));
                }
                ends.one();
            });
        if (random() % 3 == 0) operation->cancel();
    }
    ends.wait_for(kRequests);
    BOOST_TEST(wrong == 0);
    for (const auto& status : host->status()) {
        BOOST_TEST(status.in_flight == 0u);
        BOOST_TEST(status.misbehaviours == 0u);
        BOOST_TEST(status.failures == 0u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
