#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/io_threads.hpp"
#include "provider/io_waker.hpp"
#include "provider/upstream.hpp"

namespace tenon::router::test {

/// What one attempt does. As it is made: it answers.
struct Reply {
    std::vector<plugin::DeltaBatch> deltas = {};
    bool takes_body = false;
    bool fails = false;
    Error error = {};
    bool hangs = false;               ///< until it is cancelled or out of time
    bool cancels = false;             ///< the caller does, while it is asked
    std::function<void()> then = {};  ///< called before it ends; may throw
    provider::AttemptReport report = {};
};

inline plugin::DeltaBatch batch(std::initializer_list<Delta> deltas) {
    plugin::DeltaBatch batch;
    for (const Delta& delta : deltas) batch.push(delta);
    return batch;
}
inline Delta text(std::string_view data) {
    return {.kind = TENON_DELTA_TEXT, .data = data};
}
/// The chunk that names the role, with which most streams begin.
inline Delta role() {
    return {.kind = TENON_DELTA_NONE, .raw = R"({"choices":[{"delta":{"role":"assistant"}}]})"};
}

inline Reply answer(std::vector<plugin::DeltaBatch> deltas = {}) {
    return {.deltas = std::move(deltas)};
}
inline Reply failure(Error error) {
    return {.fails = true, .error = std::move(error)};
}
inline Reply failure(Code code, std::string message = "It failed.") {
    return failure(Error(code, std::move(message)));
}
inline Reply hang() {
    return {.hangs = true};
}
/// Nobody was asked, for there was no permit.
inline Reply not_admitted() {
    Reply reply = failure(Code::overloaded, "Its queue is full.");
    reply.error.not_sent = true;
    reply.report.stop = core::Stop::not_admitted;
    return reply;
}
/// The server had closed the idle connection.
inline Reply stale() {
    Reply reply = failure(Code::unavailable, "The connection was dead.");
    reply.error.not_sent = true;
    reply.report.stale_connection = true;
    return reply;
}

/// What an attempt was asked.
struct Asked {
    provider::Operation operation;
    std::string model;
    std::string body;
    std::string key;
    std::string trace_parent;
    bool stream;
    bool in_spite;
    base::TimePoint started;
    base::TimePoint deadline;
    core::PhaseLimits limits;
};

/// A provider that does what the test says, in the order of the attempts, and answers when nothing
/// is said.
///
/// \par Thread-safety
/// Any thread.
class FakeUpstream final : public provider::Upstream {
public:
    FakeUpstream(std::string name, net::IoThreads& io)
        : name_(std::move(name)), io_(io), budget_({}) {}
    ~FakeUpstream() override = default;

    void then(Reply reply) {
        const std::lock_guard lock(mutex_);
        replies_.push_back(std::move(reply));
    }
    /// In place of the replies.
    void always(std::function<Reply(const provider::AttemptRequest&)> make) {
        const std::lock_guard lock(mutex_);
        make_ = std::move(make);
    }
    void set(core::Availability availability, base::TimePoint available_at = base::kNoDeadline,
             std::string reason = {}) {
        const std::lock_guard lock(mutex_);
        state_.availability = availability;
        state_.available_at = available_at;
        reason_ = std::move(reason);
    }
    void set_model(const std::string& model, core::Availability availability) {
        const std::lock_guard lock(mutex_);
        models_[model] = availability;
    }

    [[nodiscard]] std::vector<Asked> asked() const {
        const std::lock_guard lock(mutex_);
        return asked_;
    }
    [[nodiscard]] std::size_t attempts() const { return attempts_.load(); }
    /// Permits and connections in use.
    [[nodiscard]] int held() const { return held_.load(); }

    const std::string& name() const noexcept override { return name_; }
    core::ProviderState state(std::string_view model) const noexcept override {
        core::ProviderState state;
        {
            const std::lock_guard lock(mutex_);
            state = state_;
            const auto own = models_.find(model);
            if (own != models_.end()) state.availability = own->second;
        }
        state.load.in_flight = in_flight_.count();
        if (on_look) on_look();
        return state;
    }
    std::string reason(std::string_view) const override {
        const std::lock_guard lock(mutex_);
        return reason_;
    }
    core::Limits limits(core::OperationClass operation,
                        const core::PhaseLimits& request) const noexcept override {
        return core::resolve_limits(operation, {&deadlines}, request);
    }
    const core::RetrySettings* retry() const noexcept override {
        return own_retry ? &*own_retry : nullptr;
    }
    bool retries_internally() const noexcept override { return retries; }
    core::InFlight& in_flight() noexcept override { return in_flight_; }
    core::RetryBudget& retry_budget() noexcept override { return budget_; }
    core::ProviderCounters& counters() noexcept override { return counters_; }

    net::Awaitable<Result<plugin::CallOutcome>> attempt(
        const provider::AttemptRequest& request, provider::DeltaSink* sink,
        std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index,
        provider::AttemptReport& report) override {
        const Held held(held_);
        const Reply reply = next(request);
        report = reply.report;
        if (reply.takes_body) request.own_body->reset();
        for (const auto& deltas : reply.deltas) {
            if (sink != nullptr) sink->on_deltas(deltas);
        }
        if (reply.then) reply.then();
        if (reply.cancels) cancel->cancel();
        if (reply.hangs) {
            const auto waker = std::make_shared<provider::IoWaker>(io_.context(io_index));
            cancel->attach(waker);
            while (!cancel->cancelled()) {
                if (!co_await waker->wait(request.deadline)) break;
            }
            cancel->attach(nullptr);
            const bool cancelled = cancel->cancelled();
            report.stop = cancelled ? core::Stop::caller_cancelled : core::Stop::caller_deadline;
            co_return cancelled ? Error(Code::cancelled, name_ + ": cancelled.")
                                : Error(Code::deadline, name_ + ": out of time.");
        }
        if (reply.fails) co_return reply.error;
        plugin::CallOutcome outcome;
        outcome.ok = true;
        outcome.body = "from " + name_;
        co_return outcome;
    }

    core::DeadlineSettings deadlines;              ///< to be set before the requests
    bool retries = false;                          ///< ditto
    std::optional<core::RetrySettings> own_retry;  ///< ditto
    std::function<void()> on_look;                 ///< ditto; called when the state has been read

private:
    struct Held {
        explicit Held(std::atomic<int>& gauge) : gauge_(gauge) { ++gauge_; }
        ~Held() { --gauge_; }
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        std::atomic<int>& gauge_;
    };

    Reply next(const provider::AttemptRequest& request) {
        ++attempts_;
        const std::lock_guard lock(mutex_);
        if (make_) return make_(request);
        asked_.push_back({request.operation, std::string(request.model), std::string(request.body),
                          std::string(request.idempotency_key), std::string(request.trace_parent),
                          request.stream, request.in_spite, request.started, request.deadline,
                          request.limits});
        if (replies_.empty()) return answer();
        Reply reply = std::move(replies_.front());
        replies_.pop_front();
        return reply;
    }

    const std::string name_;
    net::IoThreads& io_;
    core::InFlight in_flight_;
    core::RetryBudget budget_;
    core::ProviderCounters counters_;
    std::atomic<std::size_t> attempts_{0};
    std::atomic<int> held_{0};
    mutable std::mutex mutex_;
    std::deque<Reply> replies_;
    std::function<Reply(const provider::AttemptRequest&)> make_;
    std::vector<Asked> asked_;
    core::ProviderState state_;
    std::map<std::string, core::Availability, std::less<>> models_;
    std::string reason_;
};

}  // namespace tenon::router::test
