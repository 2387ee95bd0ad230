#pragma once

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "net/io_threads.hpp"
#include "net/timer.hpp"
#include "support/gate.hpp"
#include "support/scripted_server.hpp"
#include "transport/http_client.hpp"

namespace tenon::transport {

/// What came of one exchange.
///
/// \par Thread-safety
/// Written on the I/O thread; the functions may be called from any thread.
class Answer final : public HttpSink {
public:
    /// Called on the I/O thread, outside of the lock. Set before the exchange starts.
    std::function<void()> at_headers;
    std::function<void()> at_data;
    std::function<void()> at_done;  ///< before wait() returns

    void on_headers(int code, std::span<const HeaderView> headers) noexcept override {
        update([&] {
            ++heads_;
            status_ = code;
            for (const auto& [name, value] : headers) names_ += std::string(name) + ";";
        });
        if (at_headers) at_headers();
    }
    void on_data(std::string_view chunk) noexcept override {
        update([&] {
            body_ += chunk;
            ++chunks_;
        });
        if (at_data) at_data();
    }
    void on_done(const Error* error) noexcept override {
        if (at_done) at_done();
        update([&] {  // the last access: whoever waits may destroy this at once
            ++dones_;
            if (error != nullptr) error_ = *error;
        });
    }

    /// Waits until it is over; ends the program after kPatience, as nothing could be destroyed.
    Answer& wait() {
        if (!wait_for([this] { return dones_ > 0; })) std::terminate();
        return *this;
    }
    /// Waits until it is over, or a moment: for storms, to let some of it happen.
    void wait_briefly() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::milliseconds(3), [this] { return dones_ > 0; });
    }
    void wait_for_headers() {
        BOOST_TEST_REQUIRE(wait_for([this] { return heads_ > 0; }));
    }
    void wait_for_body(std::size_t at_least) {
        BOOST_TEST_REQUIRE(wait_for([&] { return body_.size() >= at_least; }));
    }

    [[nodiscard]] int status() const { return read(status_); }
    [[nodiscard]] int heads() const { return read(heads_); }
    [[nodiscard]] int chunks() const { return read(chunks_); }
    [[nodiscard]] int dones() const { return read(dones_); }
    [[nodiscard]] std::string body() const { return read(body_); }
    [[nodiscard]] std::optional<Error> error() const { return read(error_); }

    /// The code of the error, Code::ok if there was none.
    [[nodiscard]] Code code() const {
        const auto e = error();
        return e ? e->code : Code::ok;
    }
    [[nodiscard]] bool says(std::string_view part) const {
        const auto e = error();
        return e && e->message.find(part) != std::string::npos;
    }
    [[nodiscard]] std::string message() const {
        const auto e = error();
        return e ? e->message : "";
    }

private:
    template <class F>
    void update(F change) {
        const std::lock_guard lock(mutex_);
        change();
        changed_.notify_all();
    }
    template <class F>
    bool wait_for(F reached) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, test::kPatience, reached);
    }
    template <class T>
    T read(const T& what) const {
        const std::lock_guard lock(mutex_);
        return what;
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    int heads_ = 0;
    int status_ = 0;
    int chunks_ = 0;
    int dones_ = 0;
    std::string names_;
    std::string body_;
    std::optional<Error> error_;
};

/// A client on an I/O thread of its own.
///
/// \par Thread-safety
/// The test's thread, or callbacks of sinks as far as HttpClient allows.
class ClientRig {
public:
    explicit ClientRig(const HttpOptions& options = {})
        : client(std::in_place, io_.context(0), options) {}

    std::shared_ptr<Exchange> start(HttpRequest request, Answer& answer) {
        return client->start(std::move(request), answer);
    }

    /// One exchange, waited for.
    std::unique_ptr<Answer> run(HttpRequest request) {
        auto answer = std::make_unique<Answer>();
        start(std::move(request), *answer);
        answer->wait();
        return answer;
    }
    std::unique_ptr<Answer> get(const std::string& url) { return run({.url = url}); }
    std::unique_ptr<Answer> post(const std::string& url, std::string body = "{}") {
        return run({.method = "POST", .url = url, .body = std::move(body)});
    }

    /// Runs the request with ever longer deadlines until its error says `part`: on a busy machine a
    /// short deadline passes before the phase that the test is about.
    std::unique_ptr<Answer> run_until_says(HttpRequest request, std::string_view part) {
        auto longest = std::chrono::milliseconds(30);
        for (;; longest *= 2) {
            request.deadline = std::chrono::steady_clock::now() + longest;
            auto answer = run(request);
            if (answer->says(part) || longest > std::chrono::seconds(8)) return answer;
        }
    }

    /// Calls a function on the I/O thread.
    template <class F>
    auto on_io_thread(F function) {
        std::packaged_task<decltype(function())()> task(std::move(function));
        boost::asio::post(io_.context(0), [&task] { task(); });
        return task.get_future().get();
    }

    [[nodiscard]] HttpClient::Counts counts() {
        return on_io_thread([this] { return client->counts(); });
    }

    /// Lets the I/O thread go round until the gauges are as wanted; false after kPatience.
    template <class F>
    bool reaches(F wanted) {
        const auto until = std::chrono::steady_clock::now() + test::kPatience;
        while (!wanted(counts())) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::yield();
        }
        return true;
    }

    /// Nothing is in use, and nobody waits; idle connections may be there.
    void check_at_rest() {
        const auto now = counts();
        BOOST_TEST(now.open == now.idle);
        BOOST_TEST(now.waiting == 0U);
    }

    /// Lets the I/O thread go round often enough for all that is ready to happen.
    void let_all_happen() {
        for (int i = 0; i < 200; ++i) on_io_thread([] {});
    }

    [[nodiscard]] boost::asio::io_context& io_context() noexcept { return io_.context(0); }

    /// Stops the I/O thread after destroying the client; returns when nothing is left to be done.
    void shut_down() {
        client.reset();
        io_.stop();
    }

private:
    net::IoThreads io_{1};

public:
    std::optional<HttpClient> client;
};

inline base::TimePoint in(std::chrono::milliseconds duration) {
    return std::chrono::steady_clock::now() + duration;
}

/// Text of numbered pieces, so that none may be lost or exchanged unnoticed.
inline std::string big_text(std::size_t size) {
    const std::string filler(1009, 'x');
    std::string text;
    text.reserve(size + filler.size() + 20);
    for (std::size_t i = 0; text.size() < size; ++i) text.append(std::to_string(i)).append(filler);
    text.resize(size);
    return text;
}

}  // namespace tenon::transport
