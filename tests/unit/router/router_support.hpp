#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_upstream.hpp"
#include "router/router.hpp"

namespace tenon {

inline std::ostream& boost_test_print_type(std::ostream& out, Code code) {
    return out << to_string(code);
}

namespace router::test {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using core::Availability;

inline constexpr auto kPatience = 60s;

/// Stands still until a test moves it. It begins with the real one, by which the host's timers go.
class TestClock final : public base::Clock {
public:
    [[nodiscard]] base::TimePoint now() const noexcept override {
        if (runs_) return base::steady_clock().now();
        return base::TimePoint(base::Duration(ticks_.load()));
    }
    void advance(base::Duration by) { ticks_ += by.count(); }
    /// From now on it is the real one.
    void run() { runs_ = true; }

private:
    std::atomic<base::Duration::rep> ticks_{base::steady_clock().now().time_since_epoch().count()};
    std::atomic<bool> runs_ = false;
};

/// Names its model, and counts how often it was made.
class Body final : public RequestBody {
public:
    Result<std::string> for_model(std::string_view model) override {
        ++made;
        if (instead) return instead();
        return "for " + std::string(model);
    }

    int made = 0;
    std::function<Result<std::string>()> instead;
};

/// "text" of what came, with a '|' after each call.
class Recorder final : public provider::DeltaSink {
public:
    void on_deltas(const plugin::DeltaBatch& batch) override {
        if (throws) throw std::runtime_error("the pipe is broken");
        batch.for_each([this](const Delta& delta) {
            got += delta.data.empty() ? (delta.raw.empty() ? "-" : "role") : delta.data;
        });
        got += '|';
    }
    bool ready(const std::shared_ptr<plugin::Waker>&) override {
        if (throws) throw std::runtime_error("the pipe is broken");
        return has_room;
    }

    std::string got;
    bool has_room = true;
    bool throws = false;
};

struct How {
    std::size_t io_index = 0;
    bool listens = true;     ///< has a sink
    bool cancelled = false;  ///< before it begins
    bool sink_throws = false;
    std::function<Result<std::string>()> body = {};
};

/// One request, run from its making on.
class Request {
public:
    Request(Router& router, net::IoThreads& io, const LogicalRequest& logical, How how = {})
        : logical_(logical) {
        body_.instead = std::move(how.body);
        sink_.throws = how.sink_throws;
        logical_.body = &body_;
        if (how.cancelled) cancel->cancel();
        std::promise<Result<Routed>> promise;
        result_ = promise.get_future();
        auto run = router.run(logical_, how.listens ? &sink_ : nullptr, cancel, how.io_index);
        boost::asio::co_spawn(io.context(how.io_index), keep(std::move(run), std::move(promise)),
                              boost::asio::detached);
    }
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    ~Request() {
        cancel->cancel();
        if (result_.valid()) result_.wait();
    }

    [[nodiscard]] bool ended() const { return result_.wait_for(0s) == std::future_status::ready; }
    /// Once. Throws after kPatience.
    Result<Routed> result() {
        if (result_.wait_for(kPatience) != std::future_status::ready) {
            throw std::runtime_error("the request did not end");
        }
        return result_.get();
    }
    Routed answer() {
        auto result = this->result();
        if (!result) throw std::runtime_error("no answer: " + result.error().message);
        return *std::move(result);
    }
    Error error() {
        auto result = this->result();
        if (result) throw std::runtime_error("answered by " + result->provider);
        return std::move(result).error();
    }
    /// After the end.
    [[nodiscard]] const std::string& got() const { return sink_.got; }
    [[nodiscard]] int bodies() const { return body_.made; }

    const std::shared_ptr<provider::CancelSignal> cancel =
        std::make_shared<provider::CancelSignal>();

private:
    static net::Awaitable<void> keep(net::Awaitable<Result<Routed>> run,
                                     std::promise<Result<Routed>> promise) {
        promise.set_value(co_await std::move(run));
    }

    Body body_;
    Recorder sink_;
    LogicalRequest logical_;
    std::future<Result<Routed>> result_;
};

/// {"a", "b"} -> a tier of these providers, which call the model as the route does.
inline std::vector<core::TargetSpec> tier(const std::vector<std::string>& providers) {
    std::vector<core::TargetSpec> out;
    for (const auto& provider : providers) out.push_back({provider, "", 1});
    return out;
}
inline core::RouteSpec route(std::string model, std::vector<std::vector<core::TargetSpec>> tiers) {
    return {std::move(model), {}, std::move(tiers), {}};
}
/// "m" at each of the providers, one tier each: they are asked in this order.
inline std::vector<core::RouteSpec> in_order(const std::vector<std::string>& providers) {
    std::vector<std::vector<core::TargetSpec>> tiers;
    for (const auto& provider : providers) tiers.push_back(tier({provider}));
    return {route("m", std::move(tiers))};
}

/// Back-offs of no length.
inline RouterSettings quick() {
    RouterSettings settings;
    for (auto* strategy : {&settings.retry.request, &settings.retry.connection}) {
        strategy->backoff.base = 1ms;
        strategy->backoff.throttle_base = 1ms;
    }
    settings.seed = 1;
    return settings;
}
/// Back-offs that do not end by themselves.
inline RouterSettings slow() {
    RouterSettings settings;
    for (auto* strategy : {&settings.retry.request, &settings.retry.connection}) {
        strategy->backoff.base = 1h;
        strategy->backoff.throttle_base = 1h;
        strategy->backoff.cap = 1h;
        strategy->backoff.jitter = core::Jitter::none;
    }
    return settings;
}

/// Providers "a" to "d" and a router over them; at the end all gauges must be at zero.
class Rig {
public:
    explicit Rig(std::vector<core::RouteSpec> routes, const RouterSettings& settings = quick(),
                 std::size_t threads = 1)
        : io(threads), hub(clock, io, log), router(settings, clock, io, &hub) {
        for (const char* name : {"a", "b", "c", "d"}) {
            upstreams.push_back(std::make_shared<FakeUpstream>(name, io));
            // Streams and whole answers are here for hours, unless a test says otherwise.
            upstreams.back()->deadlines.all[core::Phase::total] = 24h;
        }
        router.set_routing(table(std::move(routes)), all());
    }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;
    ~Rig() { BOOST_TEST(gauges() == "0 in flight, 0 held, 0 waiting, 0 running"); }

    static std::shared_ptr<const core::RouteTable> table(std::vector<core::RouteSpec> routes) {
        auto built = core::RouteTable::build({{"a", "b", "c", "d"}, std::move(routes), {}, true});
        if (!built) throw std::runtime_error(built.error().message);
        return std::make_shared<const core::RouteTable>(*std::move(built));
    }
    [[nodiscard]] std::vector<std::shared_ptr<provider::Upstream>> all() const {
        return {upstreams.begin(), upstreams.end()};
    }
    FakeUpstream& operator[](char name) { return *upstreams[static_cast<std::size_t>(name - 'a')]; }

    /// Runs a request for "m" to its end.
    Result<Routed> ask() { return request().result(); }
    /// Begins one; it is cancelled when it goes.
    [[nodiscard]] Request request(const LogicalRequest& logical = {.model = "m"}, How how = {}) {
        return {router, io, logical, std::move(how)};
    }

    /// Until everything that is under way waits for the test.
    void settle() {
        for (int times = 0; times < 30; ++times) hop();
    }
    /// Until each I/O thread has done what it had to do.
    void hop() {
        for (std::size_t i = 0; i < io.size(); ++i) {
            std::promise<void> done;
            boost::asio::post(io.context(i), [&done] { done.set_value(); });
            done.get_future().wait();
        }
    }

    [[nodiscard]] std::string gauges() const {
        std::uint64_t in_flight = 0;
        int held = 0;
        std::uint64_t running = 0;
        for (const auto& upstream : upstreams) {
            in_flight += upstream->in_flight().count();
            held += upstream->held();
            running += upstream->counters().requests.snapshot().in_flight();
        }
        return std::to_string(in_flight) + " in flight, " + std::to_string(held) + " held, " +
               std::to_string(router.waiting()) + " waiting, " + std::to_string(running) +
               " running";
    }
    void listen() {
        subscription_ = hub.subscribe([this](const core::Event& event) {
            const std::lock_guard lock(mutex_);
            events_.push_back(event);
        });
    }
    /// "fail_over a: b is asked instead: It failed."; nothing before listen().
    [[nodiscard]] std::vector<std::string> events() {
        settle();
        const std::lock_guard lock(mutex_);
        std::vector<std::string> out;
        for (const auto& event : events_) {
            out.push_back(std::string(to_string(event.kind)) + ' ' + event.provider + ": " +
                          event.reason);
        }
        return out;
    }

    TestClock clock;
    base::Log log{base::LogOptions{}};
    net::IoThreads io;
    provider::EventHub hub;
    std::vector<std::shared_ptr<FakeUpstream>> upstreams;
    Router router;

private:
    mutable std::mutex mutex_;
    std::vector<core::Event> events_;
    std::unique_ptr<provider::EventHub::Subscription> subscription_;
};

}  // namespace router::test
}  // namespace tenon
