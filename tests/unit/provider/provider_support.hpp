#pragma once

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "plugins/machine.hpp"
#include "provider/provider.hpp"

namespace tenon::test {

/// An operation on an I/O thread that a test waits for.
template <class T>
class Running {
public:
    Running(net::IoThreads& io, std::size_t io_index, net::Awaitable<Result<T>> operation) {
        auto promise = std::make_shared<std::promise<Result<T>>>();
        result_ = promise->get_future();
        // The optional, because co_spawn wants a default-constructible result.
        boost::asio::co_spawn(
            io.context(io_index),
            [](net::Awaitable<Result<T>> inner) -> net::Awaitable<std::optional<Result<T>>> {
                co_return co_await std::move(inner);
            }(std::move(operation)),
            [promise](const std::exception_ptr& exception, std::optional<Result<T>> result) {
                if (exception) {
                    promise->set_exception(exception);
                } else {
                    promise->set_value(*std::move(result));
                }
            });
    }
    /// Throws if nothing came for kPatience.
    Result<T> wait() {
        if (result_.wait_for(kPatience) != std::future_status::ready) {
            throw std::runtime_error("the operation did not end");
        }
        return result_.get();
    }

private:
    std::future<Result<T>> result_;
};

/// Collects a stream; with a gate it takes nothing until the test opens it.
class TextSink final : public provider::DeltaSink {
public:
    void on_deltas(const plugin::DeltaBatch& batch) override {
        {
            const std::lock_guard lock(mutex_);
            batch.for_each([this](const Delta& delta) { text_ += delta.data; });
            changed_.notify_all();
        }
        if (on_first) std::exchange(on_first, nullptr)();
        if (on_each) on_each();
    }
    bool ready(const std::shared_ptr<plugin::Waker>& waker) override {
        const std::lock_guard lock(mutex_);
        if (!shut_) return true;
        waker_ = waker;
        return false;
    }

    /// Shuts the sink before anything has come, or opens it again.
    void shut(bool shut) {
        std::shared_ptr<plugin::Waker> waker;
        {
            const std::lock_guard lock(mutex_);
            shut_ = shut;
            waker = std::exchange(waker_, nullptr);
        }
        if (waker) waker->wake();
    }
    [[nodiscard]] std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }
    /// Waits until something has come; false after kPatience.
    [[nodiscard]] bool wait_for_text() const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [this] { return !text_.empty(); });
    }

    std::function<void()> on_first;  ///< called once, on the I/O thread
    std::function<void()> on_each;   ///< called for each batch, on the I/O thread

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::string text_;
    bool shut_ = false;
    std::shared_ptr<plugin::Waker> waker_;
};

/// Nothing happens by itself: no checks, no breaker.
inline provider::ProviderSettings quiet_settings() {
    provider::ProviderSettings settings;
    settings.connections.health.active = false;
    settings.breaker.enabled = false;
    return settings;
}

/// quiet_settings() with one limit of streams.
inline provider::ProviderSettings with_limit(core::Phase phase, std::chrono::milliseconds limit) {
    provider::ProviderSettings settings = quiet_settings();
    settings.deadlines.all[phase] = limit;
    return settings;
}

/// One attempt, as a router asks for it.
struct Ask {
    std::string model;
    provider::DeltaSink* sink = nullptr;  ///< not null: a stream
    core::PhaseLimits limits = {};
    bool in_spite = false;
    provider::Operation operation = provider::Operation::complete;
    std::shared_ptr<provider::CancelSignal> cancel = std::make_shared<provider::CancelSignal>();
    std::size_t io_index = 0;
};

/// What goes beyond a provider that nobody watches, in real time.
struct Surroundings {
    const base::Clock& clock = base::steady_clock();
    std::function<void()> on_change = {};
};

/// One provider of a kind for tests, shut down at the end.
class ProviderFixture {
public:
    explicit ProviderFixture(const std::string& kind, const std::string& config = "{}",
                             const provider::ProviderSettings& settings = quiet_settings(),
                             const Surroundings& around = {})
        : clock_(around.clock) {
        auto options = machine_.options(config);
        options.create_timeout = options.destroy_timeout = kPatience;
        const plugin::ProxyEnvironment real = machine_.environment();
        for (const auto& [name, secret] : options.secrets) real.log.redactor().add(secret);
        auto made = provider::Provider::create(
            Machine::kind(kind), std::move(options), settings,
            {{real.log, clock_, real.io, real.blocking, real.owner}, &events_, around.on_change});
        if (!made) throw std::runtime_error(made.error().message);
        provider_ = *std::move(made);
    }
    ProviderFixture(const ProviderFixture&) = delete;
    ProviderFixture& operator=(const ProviderFixture&) = delete;
    ~ProviderFixture() {
        if (provider_) shut_down();
    }

    [[nodiscard]] Running<plugin::CallOutcome> begin(Ask ask) {
        const std::size_t io_index = ask.io_index;
        return {machine_.io(), io_index, attempt(provider_, std::move(ask), clock_, last_)};
    }
    [[nodiscard]] Running<plugin::CallOutcome> start(
        const std::string& model, provider::DeltaSink* sink = nullptr,
        std::chrono::milliseconds timeout = {},
        std::shared_ptr<provider::CancelSignal> cancel = std::make_shared<provider::CancelSignal>(),
        std::size_t io_index = 0) {
        Ask ask{.model = model, .sink = sink, .cancel = std::move(cancel), .io_index = io_index};
        if (timeout.count() > 0) ask.limits[core::Phase::total] = timeout;
        return begin(std::move(ask));
    }
    Result<plugin::CallOutcome> ask(Ask ask) { return begin(std::move(ask)).wait(); }
    Result<plugin::CallOutcome> run(const std::string& model, provider::DeltaSink* sink = nullptr,
                                    std::chrono::milliseconds timeout = {}) {
        return start(model, sink, timeout).wait();
    }
    /// Of the attempt that ended last.
    [[nodiscard]] provider::AttemptReport report() const {
        const std::lock_guard lock(last_->mutex);
        return last_->report;
    }
    /// The text of a streamed answer; the error's message if it failed.
    std::string text(const std::string& model) {
        TextSink sink;
        const auto outcome = run(model, &sink);
        return outcome ? sink.text() : outcome.error().message;
    }
    Result<provider::Health> check_health() {
        return Running<provider::Health>(
                   machine_.io(), 0,
                   provider_->check_health(std::make_shared<provider::CancelSignal>(), 0))
            .wait();
    }
    Result<std::string> list_models() {
        return Running<std::string>(
                   machine_.io(), 0,
                   provider_->list_models(std::make_shared<provider::CancelSignal>(), 0))
            .wait();
    }
    void shut_down(base::Duration grace = kPatience) {
        std::exchange(provider_, nullptr)->shut_down(grace);
    }
    /// Connections of the pool.
    [[nodiscard]] std::uint32_t connections() const {
        return provider_->report().connections.pool.total();
    }
    [[nodiscard]] core::CallCounts attempts() const {
        return provider_->counters().snapshot().attempts;
    }

    [[nodiscard]] provider::EventHub& events() noexcept { return events_; }
    [[nodiscard]] net::IoThreads& io() const noexcept { return machine_.io(); }
    provider::Provider* operator->() noexcept { return provider_.get(); }
    [[nodiscard]] const Lines& log() const noexcept { return machine_.log(); }

private:
    struct Last {
        std::mutex mutex;
        provider::AttemptReport report;
    };
    static net::Awaitable<Result<plugin::CallOutcome>> attempt(
        std::shared_ptr<provider::Provider> provider, Ask ask, const base::Clock& clock,
        std::shared_ptr<Last> last) {
        provider::AttemptRequest request;
        request.operation = ask.operation;
        request.model = ask.model;
        request.body = "{}";
        request.stream = ask.sink != nullptr;
        request.in_spite = ask.in_spite;
        request.limits = ask.limits;
        const auto limits = provider->limits(request.operation_class(), request.limits);
        request.started = clock.now();
        request.deadline = request.started + limits[core::Phase::total];
        provider::AttemptReport report;
        auto outcome = co_await provider->attempt(request, ask.sink, std::move(ask.cancel),
                                                  ask.io_index, report);
        const std::lock_guard lock(last->mutex);
        last->report = report;
        co_return outcome;
    }

    Machine machine_;
    const base::Clock& clock_;
    provider::EventHub events_{machine_.environment().clock, machine_.io(),
                               machine_.environment().log};
    std::shared_ptr<provider::Provider> provider_;
    std::shared_ptr<Last> last_ = std::make_shared<Last>();
};

}  // namespace tenon::test
