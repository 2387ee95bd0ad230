#pragma once

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/io_threads.hpp"
#include "net/timer.hpp"
#include "support/raw_client.hpp"
#include "transport/http_server.hpp"

namespace tenon::transport {

/// A handler with a target for each behaviour, that remembers what happened.
///
/// \par Thread-safety
/// Any thread.
class TestHandler final : public HttpHandler {
public:
    explicit TestHandler(net::IoThreads& threads) : threads_(threads), waiting_(threads.size()) {}

    net::Awaitable<void> handle(ServerRequest& request, ResponseWriter& response) override;
    Body describe(const OwnAnswer& answer) override;
    void on_trouble(std::string_view what) noexcept override;

    /// \name Events: "GET /target", "own 400", "waiting", "gone", "flood: deadline", ...
    /// @{
    void note(std::string event);
    [[nodiscard]] std::vector<std::string> events() const;
    [[nodiscard]] std::ptrdiff_t count(const std::string& event) const;
    /// Waits until it was noted so many times; false after kPatience.
    [[nodiscard]] bool wait_for(const std::string& event, std::ptrdiff_t times = 1) const;
    /// @}

    /// The I/O threads of all requests, in order.
    [[nodiscard]] std::vector<std::size_t> io_indices() const;

    /// Lets those go on who wait in /wait and /wait-streaming, now and later.
    void open_gate();

private:
    using Act = net::Awaitable<void> (TestHandler::*)(ServerRequest&, ResponseWriter&);
    class Watch;

    static Act act_for(std::string_view target);
    void note(const char* what, const Result<void>& result);

    net::Awaitable<void> hello(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> echo(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> peer(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> big(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> stream(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> empty_stream(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> half(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> throws(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> throws_late(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> nothing(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> injects(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> no_content(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> wait(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> wait_streaming(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> flood(ServerRequest& request, ResponseWriter& response);
    net::Awaitable<void> wait_here(ServerRequest& request, ResponseWriter& response);

    net::IoThreads& threads_;
    std::atomic<bool> gate_open_{false};
    std::vector<std::set<net::Timer*>> waiting_;  ///< of each I/O thread, touched only there

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<std::string> events_;
    std::vector<std::size_t> io_indices_;
};

/// A server with TestHandler on the loopback interface.
///
/// \par Thread-safety
/// The test's thread.
class ServerRig {
public:
    explicit ServerRig(const HttpServerOptions& options = {}, net::ListenEndpoint endpoint = {},
                       std::size_t threads = 2);
    ~ServerRig();

    [[nodiscard]] std::uint16_t port() const { return server->endpoints().front().port; }
    [[nodiscard]] std::string url(const std::string& target) const {
        return "http://127.0.0.1:" + std::to_string(port()) + target;
    }
    [[nodiscard]] std::unique_ptr<test::RawClient> connect() const {
        return std::make_unique<test::RawClient>(port());
    }

    /// Sends the text on a connection of its own, and reads one answer.
    [[nodiscard]] test::RawResponse answer_to(std::string_view text) const;

    /// Waits until the counts are as wanted; false after kPatience.
    template <class F>
    bool reaches(F wanted) const {
        const auto until = std::chrono::steady_clock::now() + test::kPatience;
        while (!wanted(server->counts())) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::yield();
        }
        return true;
    }
    [[nodiscard]] bool all_closed() const {
        return reaches([](const HttpServer::Counts& now) { return now.open == 0; });
    }

    net::IoThreads threads;
    TestHandler handler;
    std::optional<HttpServer> server;
};

/// Does the client see the end, orderly, after nothing more?
inline bool is_closed(test::RawClient& client) {
    return client.read_all().empty() && client.ending() == test::RawClient::Ending::closed;
}

/// A request as the simplest client writes it.
inline std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

}  // namespace tenon::transport
