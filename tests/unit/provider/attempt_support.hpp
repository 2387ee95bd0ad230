#pragma once

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/breaker.hpp"
#include "core/failover.hpp"
#include "provider/provider.hpp"
#include "provider_support.hpp"
#include "support/contains.hpp"

namespace tenon {

inline std::ostream& boost_test_print_type(std::ostream& out, Code code) {
    return out << to_string(code);
}
inline std::ostream& boost_test_print_type(std::ostream& out, Scope scope) {
    return out << to_string(scope);
}
namespace core {
inline std::ostream& boost_test_print_type(std::ostream& out, BreakerState state) {
    return out << to_string(state);
}
inline std::ostream& boost_test_print_type(std::ostream& out, ConnectionState state) {
    return out << to_string(state);
}
inline std::ostream& boost_test_print_type(std::ostream& out, Stop stop) {
    return out << "stop " << static_cast<int>(stop);
}
inline std::ostream& boost_test_print_type(std::ostream& out, Availability availability) {
    return out << "availability " << static_cast<int>(availability);
}
}  // namespace core

namespace test {

using core::Availability;
using core::BreakerState;
using core::Phase;
using core::Stop;
using Command = core::ConnectionCommand;
using State = core::ConnectionState;

/// Real time, and now and then a leap ahead. Timers that run do not notice.
class LeapingClock final : public base::Clock {
public:
    [[nodiscard]] base::TimePoint now() const noexcept override {
        return base::steady_clock().now() + leapt_.load();
    }
    void leap(base::Duration by) { leapt_ = leapt_.load() + by; }

private:
    std::atomic<base::Duration> leapt_{base::Duration::zero()};
};

/// Waits for what other threads bring about; false after kPatience.
template <class Condition>
[[nodiscard]] bool eventually(const Condition& condition) {
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > limit) return false;
        std::this_thread::yield();
    }
    return true;
}

/// A breaker, but nothing else that happens by itself.
inline provider::ProviderSettings breaking_settings() {
    provider::ProviderSettings settings = quiet_settings();
    settings.breaker.enabled = true;
    settings.breaker.recovery_jitter = 0;
    return settings;
}

/// Checks when the test asks for one, and when a request that failed does.
inline provider::ProviderSettings checking_settings() {
    provider::ProviderSettings settings = quiet_settings();
    settings.connections.health.active = true;
    settings.connections.health.jitter = 0;
    settings.connections.health.interval = std::chrono::hours(1);
    settings.connections.health.first_within = std::chrono::milliseconds(0);
    settings.connections.health.min_gap = std::chrono::milliseconds(1);
    settings.connections.health.recheck = std::chrono::milliseconds(1);
    return settings;
}

/// A stream that has begun, and goes on until it is ended.
class Stream {
public:
    explicit Stream(ProviderFixture& provider, Ask ask = {.model = "hold after delta"})
        : running_(start(provider, std::move(ask), sink, cancel)) {
        BOOST_TEST(sink.wait_for_text());
    }
    void end() {
        cancel->cancel();
        BOOST_TEST(running_.wait().error().code == Code::cancelled);
    }
    Result<plugin::CallOutcome> wait() { return running_.wait(); }

    TextSink sink;
    const std::shared_ptr<provider::CancelSignal> cancel =
        std::make_shared<provider::CancelSignal>();

private:
    static Running<plugin::CallOutcome> start(
        ProviderFixture& provider, Ask ask, TextSink& sink,
        const std::shared_ptr<provider::CancelSignal>& cancel) {
        ask.sink = &sink;
        ask.cancel = cancel;
        return provider.begin(std::move(ask));
    }

    Running<plugin::CallOutcome> running_;
};

/// Fails the same attempt again and again.
inline void fail(ProviderFixture& provider, const std::string& model, int times) {
    for (int i = 0; i < times; ++i) BOOST_TEST(!provider.run(model).has_value());
}

inline core::BreakerSnapshot breaker(ProviderFixture& provider) {
    return provider->report().breakers.provider;
}
inline Availability availability(ProviderFixture& provider, const std::string& model = "inline") {
    return provider->state(model).availability;
}

/// What is held and waited for now: kNothing at rest.
inline std::string gauges(ProviderFixture& provider) {
    const auto report = provider->report().connections;
    return "permits " + std::to_string(report.permits.held) + ", " +
           std::to_string(report.permits.waiting) + " wait; active " +
           std::to_string(report.pool.active) + ", " + std::to_string(report.pool.waiting) +
           " wait; attempts " + std::to_string(provider.attempts().in_flight());
}
inline constexpr const char* kNothing = "permits 0, 0 wait; active 0, 0 wait; attempts 0";

}  // namespace test
}  // namespace tenon
