#include "managed_fixture.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sstream>

#include "tenon/host/asio.hpp"

// The code of docs/host_guide.md.
using namespace std::chrono_literals;
using namespace tenon::host;
using namespace tenon::test;

namespace {

std::ostringstream out;

boost::asio::awaitable<void> talk(Host& host) {
    using boost::asio::use_awaitable;
    const auto reply = co_await async_command(host, "local", Command::connect, 10s, use_awaitable);
    if (!reply) co_return;
    const ChatRequest request{.provider = "local", .messages = {{"user", "Hello"}}};
    const auto answer = co_await async_complete(host, request, {}, use_awaitable);
    if (answer) out << answer->text << '\n';
}

}  // namespace

BOOST_AUTO_TEST_SUITE(managed_guide)

BOOST_AUTO_TEST_CASE(the_code_of_the_guide_does_what_it_says) {
    const auto owner = open_with(R"({"routes":[{"model":"assistant",
        "tiers":[[{"provider":"primary"}],[{"provider":"backup"}]]}],
        "providers":{"primary":{"kind":"mock"},"backup":{"kind":"mock"}}})",
                                 quiet());
    Host& host = *owner;
    const auto added = host.add_provider(
        {.name = "local", .kind = "mock", .settings_json = R"({"permits": {"limit": 2}})"});
    BOOST_REQUIRE_MESSAGE(added.has_value(), why(added));
    BOOST_TEST(status_of(host, "local").permits.limit == 2u);

    std::promise<std::string> told;
    const auto subscription = host.subscribe([&, first = true](const Event& event) mutable {
        if (std::exchange(first, false)) told.set_value(event.provider + ' ' + event.to);
    });
    const auto reply = host.command("local", Command::connect, 10s);
    if (reply) out << reply->message << '\n';
    BOOST_TEST(out.str() == "Provider 'local' is connected now.\n");
    BOOST_TEST(told.get_future().get() == "local connected");

    const auto pinned =
        host.pin_route({.model = "assistant", .provider = "backup", .duration = 10min});
    BOOST_REQUIRE_MESSAGE(pinned.has_value(), why(pinned));
    ChatRequest request{.model = "assistant", .messages = {{"user", "Hello"}}};
    request.options.timeout = 5s;
    request.options.max_attempts = 1;
    const auto answer = host.complete(request);
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(answer->provider == "backup");

    out.str({});
    boost::asio::io_context io;
    boost::asio::co_spawn(io, talk(host),
                          [](const std::exception_ptr& error) { BOOST_TEST(!error); });
    io.run();
    BOOST_TEST(out.str() == "You said: Hello\n");
}

BOOST_AUTO_TEST_SUITE_END()
