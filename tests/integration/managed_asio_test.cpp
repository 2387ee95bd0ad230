#include "managed_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>

#include "tenon/host/asio.hpp"

using namespace tenon;
using namespace tenon::test;
namespace asio = boost::asio;

namespace {

host::EmbeddingRequest texts(const std::string& provider) {
    host::EmbeddingRequest request;
    request.provider = provider;
    request.inputs = {"one", "two"};
    return request;
}

host::RerankRequest documents(const std::string& provider) {
    host::RerankRequest request;
    request.provider = provider;
    request.query = "apple";
    request.documents = {"stone", "apple pie"};
    return request;
}

/// Starts with a callback, cancels, and returns what it ended with.
template <class T, class Start>
Error cancelled_end(Start start) {
    std::promise<Result<T>> end;
    auto ended = end.get_future();
    const std::shared_ptr<host::Operation> operation =
        start([&](Result<T> result) { end.set_value(std::move(result)); });
    operation->cancel();
    operation->cancel();
    BOOST_REQUIRE((ended.wait_for(kLong) == std::future_status::ready));
    auto result = ended.get();
    BOOST_REQUIRE(!result);
    return result.error();
}

host::CheckReply check(host::Host& host, const std::string& provider) {
    const auto reply = host::async_check(host, provider, asio::use_future).get();
    BOOST_REQUIRE_MESSAGE(reply.has_value(), why(reply));
    return *reply;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_asio)

BOOST_AUTO_TEST_CASE(a_check_says_whether_the_provider_is_well_and_else_why_not) {
    const auto host = open_with(R"({"providers":{"well":{"kind":"mock"},"none":{"kind":"nonesuch"},
        "ill":{"kind":"mock","config":{"health":"fail"}}}})",
                                quiet());
    const auto well = check(*host, "well");
    BOOST_TEST((well.checked && well.healthy && well.response_time.has_value()));
    BOOST_TEST(well.message == "well is healthy");
    const auto ill = check(*host, "ill");
    BOOST_TEST((ill.checked && !ill.healthy && !ill.response_time.has_value()));
    BOOST_TEST(contains(ill.message, "ill"));
    const auto none = check(*host, "none");
    BOOST_TEST((!none.checked && !none.healthy));
    BOOST_TEST(none.state == "misconfigured");
    const auto unknown = host::async_check(*host, "wel", asio::use_future).get();
    BOOST_REQUIRE(!unknown);
    BOOST_TEST(contains(unknown.error().message, "did you mean 'well'?"));
}

BOOST_AUTO_TEST_CASE(a_cancelled_check_ends_at_once) {
    const auto host = open_host(quiet());
    add(*host, "slow", "mock", R"({"health":"slow"})", R"({"timeouts":{"health_check":"5m"}})");
    const Error error = cancelled_end<host::CheckReply>(
        [&](auto on_done) { return host->start_check("slow", std::move(on_done)); });
    BOOST_TEST((error.code == Code::cancelled));
}

BOOST_AUTO_TEST_CASE(futures_get_what_each_operation_brings) {
    const auto host = open_host(quiet());
    auto vectors = host::async_embed(*host, texts("mock"), asio::use_future);
    auto ranking = host::async_rerank(*host, documents("mock"), asio::use_future);
    auto models = host::async_models(*host, "mock", asio::use_future);
    auto reply = host::async_command(*host, "mock-session", host::Command::connect, kSettle,
                                     asio::use_future);
    const auto embedded = vectors.get();
    BOOST_REQUIRE_MESSAGE(embedded.has_value(), why(embedded));
    BOOST_TEST(embedded->vectors.size() == 2u);
    const auto ranked = ranking.get();
    BOOST_REQUIRE_MESSAGE(ranked.has_value(), why(ranked));
    BOOST_TEST(ranked->items.front().index == 1u);
    const auto listed = models.get();
    BOOST_REQUIRE_MESSAGE(listed.has_value(), why(listed));
    BOOST_TEST(listed->front() == "mock-1");
    const auto settled = reply.get();
    BOOST_REQUIRE_MESSAGE(settled.has_value(), why(settled));
    BOOST_TEST(settled->state == "connected");
}

BOOST_AUTO_TEST_CASE(a_coroutine_steers_and_asks_on_its_own_thread) {
    const auto host = open_host(quiet());
    asio::io_context io;
    int done = 0;
    bool same_thread = true;
    const auto caller = std::this_thread::get_id();
    const auto check = [&](bool good, const std::string& problem) {
        BOOST_TEST(good, problem);
        same_thread = same_thread && std::this_thread::get_id() == caller;
        ++done;
    };
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            const auto up = co_await host::async_command(*host, "mock-mux", host::Command::connect,
                                                         kSettle, asio::use_awaitable);
            check(up && up->state == "connected", why(up));
            const auto vectors =
                co_await host::async_embed(*host, texts("mock-mux"), asio::use_awaitable);
            check(vectors.has_value(), why(vectors));
            const auto ranking =
                co_await host::async_rerank(*host, documents("mock-mux"), asio::use_awaitable);
            check(ranking.has_value(), why(ranking));
            const auto models = co_await host::async_models(*host, "mock-mux", asio::use_awaitable);
            check(models.has_value(), why(models));
            const auto nobody = co_await host::async_command(
                *host, "nobody", host::Command::connect, kSettle, asio::use_awaitable);
            check(!nobody.has_value(), "there is nobody");
        },
        [](const std::exception_ptr& error) { BOOST_TEST(!error); });
    io.run();
    BOOST_TEST(done == 5);
    BOOST_TEST(same_thread);
}

BOOST_AUTO_TEST_CASE(each_operation_can_be_cancelled) {
    const auto host = open_host(quiet());
    add(*host, "silent", "mock", R"({"fail_every":1,"fail_with":"silent"})");
    const Error embed = cancelled_end<host::EmbeddingAnswer>(
        [&](auto done) { return host->start_embed(texts("silent"), std::move(done)); });
    BOOST_TEST((embed.code == Code::cancelled), embed.message);
    const Error rerank = cancelled_end<host::RerankAnswer>(
        [&](auto done) { return host->start_rerank(documents("silent"), std::move(done)); });
    BOOST_TEST((rerank.code == Code::cancelled), rerank.message);
    const Error chat = cancelled_end<host::ChatAnswer>(
        [&](auto done) { return host->start_complete(ask("silent", "x"), {}, std::move(done)); });
    BOOST_TEST((chat.code == Code::cancelled), chat.message);
    eventually("over", [&] { return status_of(*host, "silent").unfinished == 0; });
    BOOST_TEST(statistics_of(*host, "silent").attempts.failed == 0u);
}

BOOST_AUTO_TEST_CASE(a_final_callback_that_throws_is_logged_and_harms_nobody) {
    std::promise<std::string> logged;
    auto options = quiet();
    options.log_level = "error";
    options.log_sink = [&](std::string_view line) { logged.set_value(std::string(line)); };
    const auto host = open_host(options);
    host->start_complete(ask("mock", "x"), {}, [](const Result<host::ChatAnswer>&) {
        throw std::runtime_error("my own");
    });
    auto line = logged.get_future();
    BOOST_REQUIRE((line.wait_for(kLong) == std::future_status::ready));
    BOOST_TEST(contains(line.get(), "my own"));
    BOOST_TEST(host->complete(ask("mock", "x")).has_value());
}

BOOST_AUTO_TEST_CASE(cancelling_a_command_ends_its_wait_and_not_the_command) {
    const auto host = open_host(quiet());
    add(*host, "slow", "mock-session", R"({"connect":"slow","slow_ms":3600000})",
        R"({"timeouts":{"connect":"1h"}})");
    std::promise<Result<host::CommandReply>> end;
    auto ended = end.get_future();
    const auto operation = host->start_command(
        "slow", host::Command::connect, std::chrono::hours(1),
        [&](Result<host::CommandReply> reply) { end.set_value(std::move(reply)); });
    eventually("connecting", [&] { return status_of(*host, "slow").state == "connecting"; });
    operation->cancel();
    BOOST_REQUIRE((ended.wait_for(kLong) == std::future_status::ready));
    const auto reply = ended.get();
    BOOST_REQUIRE_MESSAGE(reply.has_value(), why(reply));
    BOOST_TEST(reply->state == "connecting");
    BOOST_TEST(status_of(*host, "slow").state == "connecting");
}

BOOST_AUTO_TEST_CASE(a_stop_request_ends_the_wait_of_a_command) {
    const auto host = open_host(quiet());
    add(*host, "slow", "mock-session", R"({"connect":"slow","slow_ms":3600000})",
        R"({"timeouts":{"connect":"1h"}})");
    std::stop_source stop;
    std::jthread stopper([&] {
        eventually("connecting", [&] { return status_of(*host, "slow").state == "connecting"; });
        stop.request_stop();
    });
    const auto replies =
        host->command_all(host::Command::connect, std::chrono::hours(1), stop.get_token());
    BOOST_REQUIRE(replies.size() == 1u);
    BOOST_TEST(replies[0].state == "connecting");
}

BOOST_AUTO_TEST_SUITE_END()
