#include "http_server_rig.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "support/gate.hpp"

namespace tenon::transport {

namespace {

const std::vector<HeaderView>& text() {
    static const std::vector<HeaderView> headers = {{"Content-Type", "text/plain"}};
    return headers;
}

}  // namespace

/// Wakes who waits with a timer when the client leaves.
class TestHandler::Watch final : public ClientGoneListener {
public:
    Watch(TestHandler& handler, ResponseWriter& response, net::Timer* timer = nullptr)
        : handler_(handler), response_(response), timer_(timer) {
        response.on_client_gone(this);
    }
    ~Watch() { response_.on_client_gone(nullptr); }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void on_client_gone() noexcept override {
        handler_.note("gone");
        if (timer_ != nullptr) timer_->cancel();
    }

private:
    TestHandler& handler_;
    ResponseWriter& response_;
    net::Timer* timer_;
};

TestHandler::Act TestHandler::act_for(std::string_view target) {
    static const std::vector<std::pair<std::string_view, Act>> kActs = {
        {"/echo", &TestHandler::echo},
        {"/peer", &TestHandler::peer},
        {"/big", &TestHandler::big},
        {"/stream", &TestHandler::stream},
        {"/empty-stream", &TestHandler::empty_stream},
        {"/half", &TestHandler::half},
        {"/throws", &TestHandler::throws},
        {"/throws-late", &TestHandler::throws_late},
        {"/nothing", &TestHandler::nothing},
        {"/injects", &TestHandler::injects},
        {"/204", &TestHandler::no_content},
        {"/wait", &TestHandler::wait},
        {"/wait-streaming", &TestHandler::wait_streaming},
        {"/flood", &TestHandler::flood},
    };
    for (const auto& [name, act] : kActs) {
        if (target.substr(0, target.find('?')) == name) return act;
    }
    return &TestHandler::hello;
}

net::Awaitable<void> TestHandler::handle(ServerRequest& request, ResponseWriter& response) {
    note(std::string(request.method) + " " + std::string(request.target));
    {
        const std::lock_guard lock(mutex_);
        io_indices_.push_back(request.io_index);
    }
    return (this->*act_for(request.target))(request, response);
}

HttpHandler::Body TestHandler::describe(const OwnAnswer& answer) {
    note("own " + std::to_string(answer.status));
    std::string seen = "nothing";
    if (answer.request != nullptr) {
        seen = std::string(answer.request->method) + " " +
               std::string(answer.request->header("x-request-id"));
    }
    return {.type = "application/json",
            .text = "{\"status\":" + std::to_string(answer.status) + ",\"target\":\"" +
                    std::string(answer.target) + "\",\"reason\":\"" + std::string(answer.reason) +
                    "\"}",
            .headers = {{"x-seen", seen}}};
}

void TestHandler::on_trouble(std::string_view what) noexcept {
    note("trouble: " + std::string(what));
}

void TestHandler::note(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    changed_.notify_all();
}

void TestHandler::note(const char* what, const Result<void>& result) {
    note(std::string(what) + ": " +
         std::string(result ? std::string_view("ok") : to_string(result.error().code)));
}

std::vector<std::string> TestHandler::events() const {
    const std::lock_guard lock(mutex_);
    return events_;
}

std::ptrdiff_t TestHandler::count(const std::string& event) const {
    const auto all = events();
    return std::count(all.begin(), all.end(), event);
}

bool TestHandler::wait_for(const std::string& event, std::ptrdiff_t times) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, test::kPatience, [&] {
        return std::count(events_.begin(), events_.end(), event) >= times;
    });
}

std::vector<std::size_t> TestHandler::io_indices() const {
    const std::lock_guard lock(mutex_);
    return io_indices_;
}

void TestHandler::open_gate() {
    gate_open_ = true;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
        boost::asio::post(threads_.context(i), [this, i] {
            for (net::Timer* timer : waiting_[i]) timer->cancel();
        });
    }
}

net::Awaitable<void> TestHandler::wait_here(ServerRequest& request, ResponseWriter& response) {
    auto& waiting = waiting_[request.io_index];
    net::Timer timer(threads_.context(request.io_index));
    const Watch watch(*this, response, &timer);
    waiting.insert(&timer);
    note("waiting");
    while (!response.client_gone() && !gate_open_) {
        timer.expires_at(base::kNoDeadline);
        co_await timer.async_wait(boost::asio::as_tuple(net::UseAwaitable()));
    }
    waiting.erase(&timer);
}

net::Awaitable<void> TestHandler::hello(ServerRequest&, ResponseWriter& response) {
    co_await response.send(200, text(), "hello");
}

net::Awaitable<void> TestHandler::echo(ServerRequest& request, ResponseWriter& response) {
    std::string body(request.method);
    body.append(" ").append(request.target).append(" ").append(request.authority).append("\n");
    body += std::move(request.body);
    co_await response.send(200, text(), body);
}

net::Awaitable<void> TestHandler::peer(ServerRequest& request, ResponseWriter& response) {
    const std::string body = std::string(request.peer) + (request.tls ? " tls" : "");
    co_await response.send(200, text(), body);
}

net::Awaitable<void> TestHandler::big(ServerRequest&, ResponseWriter& response) {
    const std::string body(1'000'000, 'b');
    co_await response.send(200, text(), body);
}

net::Awaitable<void> TestHandler::stream(ServerRequest&, ResponseWriter& response) {
    note("start", response.start(200, text()));
    co_await response.write("one ");
    co_await response.write("");
    const std::string large(100'000, 'x');
    co_await response.write(large);
    co_await response.finish(" two");
}

net::Awaitable<void> TestHandler::empty_stream(ServerRequest&, ResponseWriter& response) {
    note("start", response.start(200, text()));
    co_await response.finish();
    note("more", co_await response.write("too late"));
    note("end", co_await response.finish());
}

net::Awaitable<void> TestHandler::half(ServerRequest&, ResponseWriter& response) {
    note("start", response.start(200, text()));
    co_await response.write("only half");
}

net::Awaitable<void> TestHandler::throws(ServerRequest& request, ResponseWriter&) {
    if (request.method.empty()) co_return;
    throw std::runtime_error("on purpose");
}

net::Awaitable<void> TestHandler::throws_late(ServerRequest&, ResponseWriter& response) {
    note("start", response.start(200, text()));
    co_await response.write("some");
    throw 7;  // not even an exception
}

net::Awaitable<void> TestHandler::nothing(ServerRequest&, ResponseWriter&) {
    co_return;
}

net::Awaitable<void> TestHandler::injects(ServerRequest&, ResponseWriter& response) {
    const std::array<HeaderView, 1> headers = {{{"X-A", "b\r\nSet-Cookie: c"}}};
    note("send", co_await response.send(200, headers, "x"));
    note("start", response.start(200, headers));
    note("write", co_await response.write("x"));
    co_await response.send(200, text(), "second thoughts");
    note("again", co_await response.send(200, text(), "third thoughts"));
}

net::Awaitable<void> TestHandler::no_content(ServerRequest&, ResponseWriter& response) {
    co_await response.send(204, {}, "must not be sent");
}

net::Awaitable<void> TestHandler::wait(ServerRequest& request, ResponseWriter& response) {
    co_await wait_here(request, response);
    note("answer", co_await response.send(200, text(), "waited"));
}

net::Awaitable<void> TestHandler::wait_streaming(ServerRequest& request, ResponseWriter& response) {
    note("start", response.start(200, text()));
    co_await response.write("begun ");
    co_await wait_here(request, response);
    note("end", co_await response.finish("done"));
}

net::Awaitable<void> TestHandler::flood(ServerRequest&, ResponseWriter& response) {
    const Watch watch(*this, response);
    const std::string piece(50'000, 'f');
    auto written = response.start(200, text());
    note("flooding");
    while (written) written = co_await response.write(piece);
    note("flood", written);
    note("after", co_await response.write("more"));
}

ServerRig::ServerRig(const HttpServerOptions& options, net::ListenEndpoint endpoint,
                     std::size_t threads_in)
    : threads(threads_in), handler(threads), server(std::in_place, threads, handler, options) {
    const auto started = server->start({std::move(endpoint)});
    if (!started) BOOST_FAIL(started.error().message);
}

ServerRig::~ServerRig() {
    server.reset();
    threads.stop();
}

test::RawResponse ServerRig::answer_to(std::string_view text) const {
    test::RawClient client(port());
    client.send(text);
    return client.read_response();
}

}  // namespace tenon::transport
