#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "provider/connection_manager.hpp"

namespace tenon::provider::test {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// Stands still; so far ahead of the real clock that no timer ever ends by itself.
class VirtualClock final : public base::Clock {
public:
    [[nodiscard]] base::TimePoint now() const noexcept override {
        return base::TimePoint(base::Duration(now_.load()));
    }
    void advance(base::Duration by) noexcept { now_ += by.count(); }

private:
    std::atomic<base::Duration::rep> now_{
        (base::steady_clock().now().time_since_epoch() + 24h * 365).count()};
};

/// A provider whose connects and checks end when the test says so.
class FakeOperations final : public ConnectionOperations {
public:
    explicit FakeOperations(net::IoThreads& io) : io_(io) {}

    /// Answers of all that begins from now on; nullopt = waits for the test.
    void answer_connects(std::optional<Result<ConnHandle>> answer) {
        const std::lock_guard lock(mutex_);
        connect_answer_ = std::move(answer);
    }
    void answer_checks(std::optional<Result<std::string>> answer) {
        const std::lock_guard lock(mutex_);
        check_answer_ = std::move(answer);
    }
    /// A number that no other connection has.
    static constexpr ConnHandle kFresh = ~ConnHandle{0};

    /// False: what is cancelled goes on until the test ends it.
    void obey_cancel(bool obey) { obeys_ = obey; }

    /// Ends the oldest that waits.
    ConnHandle connected(ConnHandle conn = kFresh) {
        if (conn == kFresh) conn = fresh();
        connects_.end_first(conn);
        return conn;
    }
    void not_connected(Code code = Code::unavailable,
                       const std::string& why = "Connection refused.") {
        connects_.end_first(Error(code, why));
    }
    void checked(const std::string& version = "1.0") { checks_.end_first(version); }
    void not_checked(Code code = Code::unavailable, const std::string& why = "No answer.") {
        checks_.end_first(Error(code, why));
    }
    void end_all() {
        answer_connects(Error(Code::unavailable, "The test is over."));
        answer_checks(Error(Code::unavailable, "The test is over."));
        obeys_ = true;
        connects_.end_all(Error(Code::unavailable, "The test is over."));
        checks_.end_all(Error(Code::unavailable, "The test is over."));
    }

    [[nodiscard]] net::IoThreads& io() noexcept { return io_; }
    [[nodiscard]] std::size_t connecting() const { return connects_.size(); }
    [[nodiscard]] std::size_t checking() const { return checks_.size(); }
    [[nodiscard]] ConnHandle checked_conn() const { return checked_conn_; }
    [[nodiscard]] std::size_t times_closed(ConnHandle conn) const {
        const std::lock_guard lock(mutex_);
        const auto found = open_.find(conn);
        return found == open_.end() ? 0 : found->second;
    }
    [[nodiscard]] std::size_t made() const {
        const std::lock_guard lock(mutex_);
        return open_.size();
    }
    [[nodiscard]] bool all_closed_once() const {
        const std::lock_guard lock(mutex_);
        return !stranger_closed_ && std::all_of(open_.begin(), open_.end(),
                                                [](const auto& conn) { return conn.second == 1; });
    }
    [[nodiscard]] ConnHandle fresh() {
        const std::lock_guard lock(mutex_);
        return ++last_;
    }

    net::Awaitable<Result<ConnHandle>> connect(std::shared_ptr<CancelSignal> cancel,
                                               base::TimePoint, std::size_t io_index) override {
        auto answer = answer_of(connect_answer_);
        if (!answer) answer = co_await connects_.wait(cancel, obeys_, io_.context(io_index));
        if (*answer && answer->value() == kFresh) answer = fresh();
        if (*answer) {
            const std::lock_guard lock(mutex_);
            open_.try_emplace(answer->value(), 0);
        }
        co_return *std::move(answer);
    }
    void disconnect(ConnHandle conn) noexcept override {
        const std::lock_guard lock(mutex_);
        const auto found = open_.find(conn);
        if (found == open_.end()) {
            stranger_closed_ = true;
        } else {
            ++found->second;
        }
    }
    net::Awaitable<Result<std::string>> check(ConnHandle conn, std::shared_ptr<CancelSignal> cancel,
                                              base::TimePoint, std::size_t io_index) override {
        checked_conn_ = conn;
        auto answer = answer_of(check_answer_);
        if (!answer) answer = co_await checks_.wait(cancel, obeys_, io_.context(io_index));
        co_return *std::move(answer);
    }

private:
    template <class T>
    class Waiting {
    public:
        net::Awaitable<Result<T>> wait(std::shared_ptr<CancelSignal> cancel,
                                       const std::atomic<bool>& obeys,
                                       boost::asio::io_context& io) {
            const auto one = std::make_shared<One>(One{std::make_shared<IoWaker>(io), {}});
            {
                const std::lock_guard lock(mutex_);
                all_.push_back(one);
            }
            cancel->attach(one->waker);
            for (;;) {
                {
                    const std::lock_guard lock(mutex_);
                    const bool cancelled = obeys && cancel->cancelled();
                    if (!one->result && cancelled) one->result = Error(Code::cancelled, "told to");
                    if (one->result) {
                        std::erase(all_, one);
                        break;
                    }
                }
                co_await one->waker->wait(base::kNoDeadline);
            }
            cancel->attach(nullptr);
            co_return *std::move(one->result);
        }
        void end_first(Result<T> result) {
            const std::lock_guard lock(mutex_);
            for (const auto& one : all_) {
                if (one->result) continue;
                one->result = std::move(result);
                return one->waker->wake();
            }
            throw std::logic_error("nothing waits");
        }
        void end_all(const Result<T>& result) {
            const std::lock_guard lock(mutex_);
            for (const auto& one : all_) {
                if (!one->result) one->result = result;
                one->waker->wake();
            }
        }
        [[nodiscard]] std::size_t size() const {
            const std::lock_guard lock(mutex_);
            return all_.size();
        }

    private:
        struct One {
            std::shared_ptr<IoWaker> waker;
            std::optional<Result<T>> result;
        };
        mutable std::mutex mutex_;
        std::vector<std::shared_ptr<One>> all_;
    };

    template <class T>
    std::optional<T> answer_of(const std::optional<T>& answer) const {
        const std::lock_guard lock(mutex_);
        return answer;
    }

    net::IoThreads& io_;
    std::atomic<bool> obeys_{true};
    std::atomic<ConnHandle> checked_conn_{0};
    Waiting<ConnHandle> connects_;
    Waiting<std::string> checks_;
    mutable std::mutex mutex_;
    std::optional<Result<ConnHandle>> connect_answer_;
    std::optional<Result<std::string>> check_answer_;
    std::map<ConnHandle, std::size_t> open_;  ///< how often each was closed
    ConnHandle last_ = 0;
    bool stranger_closed_ = false;
};

}  // namespace tenon::provider::test
