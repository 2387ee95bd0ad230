#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "net/awaitable.hpp"
#include "net/io_threads.hpp"
#include "net/stream.hpp"
#include "support/gate.hpp"

namespace tenon::net {

/// One I/O thread with a stream on it; the test's thread waits for what happens there.
///
/// \par Thread-safety
/// The test's thread only.
class IoRig {
public:
    IoRig() : stream_(std::make_unique<Stream>(io.context(0))) {}
    IoRig(const IoRig&) = delete;
    IoRig& operator=(const IoRig&) = delete;

    /// Starts a coroutine on the I/O thread.
    template <class T>
    std::future<T> start(Awaitable<T> awaitable) {
        std::promise<T> promise;
        auto future = promise.get_future();
        boost::asio::co_spawn(io.context(0), keep(std::move(awaitable), std::move(promise)),
                              boost::asio::detached);
        return future;
    }

    template <class T>
    T get(Awaitable<T> awaitable) {
        return wait(start(std::move(awaitable)));
    }

    /// Its result; ends the program after kPatience, as a hanging coroutine cannot be destroyed.
    template <class T>
    static T wait(std::future<T> future) {
        if (future.wait_for(test::kPatience) != std::future_status::ready) std::terminate();
        return future.get();
    }

    /// Calls a function on the I/O thread.
    template <class F>
    auto run(F function) {
        std::packaged_task<decltype(function())()> task(std::move(function));
        auto future = task.get_future();
        boost::asio::post(io.context(0), [&task] { task(); });
        return wait(std::move(future));
    }

    ~IoRig() {
        run([this] { stream_.reset(); });
    }

    [[nodiscard]] Stream& stream() noexcept { return *stream_; }

    IoThreads io{1};

private:
    template <class T>
    static Awaitable<void> keep(Awaitable<T> awaitable, std::promise<T> promise) {
        promise.set_value(co_await std::move(awaitable));
    }

    std::unique_ptr<Stream> stream_;
};

inline base::TimePoint soon() {
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
}
inline base::TimePoint later() {
    return std::chrono::steady_clock::now() + test::kPatience;
}

/// Reads up to the end or an error.
inline Awaitable<Result<std::string>> read_all(Stream& stream) {
    std::string all;
    std::string buffer(4096, '\0');
    for (;;) {
        const auto n = co_await stream.read_some(buffer, later());
        if (!n) co_return n.error();
        if (*n == 0) co_return all;
        all.append(buffer, 0, *n);
    }
}

}  // namespace tenon::net
