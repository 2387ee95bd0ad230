#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "fake_connections.hpp"
#include "provider/connection_manager.hpp"
#include "provider/connection_section.hpp"

namespace tenon {

inline std::ostream& boost_test_print_type(std::ostream& out, Code code) {
    return out << to_string(code);
}
namespace core {
inline std::ostream& boost_test_print_type(std::ostream& out, ConnectionState state) {
    return out << to_string(state);
}
}  // namespace core

namespace provider {

/// Lets a test's clock take effect: the host's timers go by the real one.
struct ConnectionManagerTest {
    static void look(ConnectionManager& manager) {
        ConnectionManager::Section section(manager);
        section.wake(manager.upkeep_waker_);
        for (const auto& call : manager.calls_) {
            if (call.waits()) section.wake(call.waker);
        }
        for (const auto& prober : manager.probers_) section.wake(prober);
    }
};

namespace test {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""ns;
using std::chrono_literals::operator""us;
using std::chrono_literals::operator""s;
using Lease = ConnectionManager::Lease;
using State = core::ConnectionState;
using Command = core::ConnectionCommand;
using core::Disposition;

inline constexpr auto kPatience = 60s;

/// A coroutine that a test watches.
template <class T>
class Watched {
public:
    Watched(net::IoThreads& io, std::size_t io_index, net::Awaitable<T> operation)
        : state_(std::make_shared<Shared>()) {
        boost::asio::co_spawn(io.context(io_index), run(std::move(operation), state_),
                              [state = state_](const std::exception_ptr&) {
                                  const std::lock_guard lock(state->mutex);
                                  state->ended.notify_all();
                              });
    }
    [[nodiscard]] bool ended() const {
        const std::lock_guard lock(state_->mutex);
        return state_->result.has_value();
    }
    /// Once. Throws after kPatience.
    T result() {
        std::unique_lock lock(state_->mutex);
        if (!state_->ended.wait_for(lock, kPatience,
                                    [this] { return state_->result.has_value(); })) {
            throw std::runtime_error("the operation did not end");
        }
        return *std::move(state_->result);
    }

private:
    struct Shared {
        std::mutex mutex;
        std::condition_variable ended;
        std::optional<T> result;
    };
    static net::Awaitable<void> run(net::Awaitable<T> operation, std::shared_ptr<Shared> state) {
        T result = co_await std::move(operation);
        const std::lock_guard lock(state->mutex);
        state->result = std::move(result);
    }
    std::shared_ptr<Shared> state_;
};

/// A request that asks for its lease.
class Request {
public:
    using Leasing = Watched<Result<Lease>>;

    Request(net::IoThreads& io, ConnectionManager& manager, base::TimePoint deadline)
        : cancel(std::make_shared<CancelSignal>()),
          leasing_(io, 0, manager.acquire({deadline}, cancel, 0)) {}

    [[nodiscard]] bool ended() const { return leasing_.ended(); }
    Lease lease() {
        auto result = leasing_.result();
        if (!result) throw std::runtime_error("no lease: " + result.error().message);
        return *std::move(result);
    }
    Error error() {
        auto result = leasing_.result();
        if (result) throw std::runtime_error("it has its lease");
        return std::move(result).error();
    }

    const std::shared_ptr<CancelSignal> cancel;

private:
    Leasing leasing_;
};

/// Exclusive connections, no checks.
inline ConnectionManagerSettings plain_settings() {
    ConnectionManagerSettings settings;
    settings.connection.needs_check = false;
    settings.health.active = false;
    settings.health.jitter = 0;
    settings.health.first_within = 0ms;
    return settings;
}

inline ConnectionManagerSettings stateless_settings() {
    ConnectionManagerSettings settings = plain_settings();
    settings.connection.stateless = true;
    settings.pool.mode = core::ConnectionMode::stateless;
    return settings;
}

/// One manager on one I/O thread, shut down at the end, when nothing may be left of it.
class ManagerFixture {
public:
    explicit ManagerFixture(const ConnectionManagerSettings& settings = plain_settings(),
                            std::function<void(const core::ConnectionTransition&)> listener = {})
        : operations(std::make_shared<FakeOperations>(io)) {
        const auto note = [this, more = std::move(listener)](const ConnectionNews& news) {
            const auto* transition = std::get_if<core::ConnectionTransition>(&news);
            {
                const std::lock_guard lock(mutex_);
                news_.push_back(news);
                if (transition != nullptr) transitions_.push_back(*transition);
            }
            if (more && transition != nullptr) more(*transition);
        };
        manager =
            std::make_shared<ConnectionManager>("mine", operations, settings, clock, io, note);
        manager->start();
    }
    ManagerFixture(const ManagerFixture&) = delete;
    ManagerFixture& operator=(const ManagerFixture&) = delete;
    ~ManagerFixture() { BOOST_TEST(end()); }

    /// Returns whether everything has come back and was closed.
    bool end() {
        operations->end_all();
        bool all = manager->shut_down(0s);
        for (int round = 0; !all && round < 3; ++round) {
            advance(1h);
            all = manager->shut_down(0s);
        }
        return all && operations->all_closed_once();
    }

    [[nodiscard]] Request request(base::Duration timeout = 1h) {
        return {io, *manager, clock.now() + timeout};
    }
    /// With a connection that is made for it if there is none.
    [[nodiscard]] Lease lease() {
        Request asks = request();
        settle();
        if (!asks.ended()) operations->connected();
        return asks.lease();
    }
    core::CommandReply command(Command command) {
        const auto reply = manager->command(command);
        settle();
        return reply;
    }
    void advance(base::Duration by) {
        clock.advance(by);
        ConnectionManagerTest::look(*manager);
        settle();
    }
    /// Until everything that is under way waits for the test.
    void settle() {
        for (int hop = 0; hop < 30; ++hop) {
            std::promise<void> done;
            boost::asio::post(io.context(0), [&done] { done.set_value(); });
            done.get_future().wait();
        }
    }

    [[nodiscard]] State state() const { return manager->report().connection.state; }
    [[nodiscard]] std::vector<core::ConnectionTransition> transitions() const {
        const std::lock_guard lock(mutex_);
        return transitions_;
    }
    /// How often something of the kind was told.
    template <class News>
    [[nodiscard]] std::size_t told() const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::ranges::count_if(
            news_, [](const ConnectionNews& news) { return std::holds_alternative<News>(news); }));
    }
    /// "disconnected connecting connected"
    [[nodiscard]] std::string path() const {
        std::string path(to_string(State::disconnected));
        for (const auto& news : transitions()) path += " " + std::string(to_string(news.to));
        return path;
    }
    /// "1 permit, 0 in line, 1 active, 0 idle, 0 waiting"
    [[nodiscard]] std::string gauges() const {
        const auto report = manager->report();
        return std::to_string(report.permits.held) + " permits, " +
               std::to_string(report.permits.waiting) + " in line, " +
               std::to_string(report.pool.active) + " active, " + std::to_string(report.pool.idle) +
               " idle, " + std::to_string(report.pool.waiting) + " waiting";
    }

    VirtualClock clock;
    net::IoThreads io{1};
    std::shared_ptr<FakeOperations> operations;
    std::shared_ptr<ConnectionManager> manager;

private:
    mutable std::mutex mutex_;
    std::vector<core::ConnectionTransition> transitions_;
    std::vector<ConnectionNews> news_;
};

}  // namespace test
}  // namespace provider
}  // namespace tenon
