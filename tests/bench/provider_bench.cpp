// The whole pipeline: Provider::attempt() on an I/O thread around a provider that answers at once.
// Belongs to the group of call_bench.cpp.

#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "allocations.hpp"
#include "naive_provider.hpp"
#include "plugin_host.hpp"
#include "provider/provider.hpp"
#include "texts.hpp"

namespace tenon::bench {
namespace {

constexpr std::string_view kModel = "gpt-4o-mini";

class Reader final : public provider::DeltaSink {
public:
    void on_deltas(const plugin::DeltaBatch& batch) override {
        batch.for_each([this](const Delta& delta) { bytes_ += delta.data.size(); });
    }
    bool ready(const std::shared_ptr<plugin::Waker>&) override { return true; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    std::size_t bytes_ = 0;
};

/// Runs the loop of a benchmark as a coroutine on the I/O thread, where requests run: both the time
/// and the allocations are that thread's.
template <class Loop>
void run_on_io_thread(Loop&& loop) {
    auto& io = PluginHost::instance().io().context(0);
    boost::asio::co_spawn(io, std::forward<Loop>(loop), boost::asio::use_future).get();
}

void naive(benchmark::State& state) {
    NaiveProvider provider(*PluginHost::instance().kind("bench.body"));
    if (!provider.complete(kModel, small_request())) {
        state.SkipWithError("the provider failed");
        return;
    }
    const AllocationCount count(state);
    for (auto _ : state) {
        auto answer = provider.complete(kModel, small_request());
        benchmark::DoNotOptimize(answer);
    }
}
BENCHMARK(naive)->Name("call/naive_pipeline");

net::Awaitable<std::size_t> nothing(std::size_t value) {
    co_return value;
}

/// One coroutine that ends without waiting.
void await_nothing(benchmark::State& state) {
    run_on_io_thread([&]() -> net::Awaitable<void> {
        const AllocationCount count(state);
        for (auto _ : state) {
            std::size_t value = co_await nothing(1);
            benchmark::DoNotOptimize(value);
        }
    });
}
BENCHMARK(await_nothing)->Name("call/coroutine");

/// What the provider's machinery has on by default: breaker, permits, stateless pool, statistics.
provider::ProviderSettings usual() {
    return {};
}

/// And what is off by default: the number of permits follows the latency, and the model has a
/// breaker of its own.
provider::ProviderSettings everything() {
    provider::ProviderSettings settings;
    settings.connections.adaptive.algorithm = core::LimitAlgorithm::gradient;
    return settings;
}

std::shared_ptr<provider::Provider> make_provider(benchmark::State& state, const char* kind,
                                                  const provider::ProviderSettings& settings) {
    auto& host = PluginHost::instance();
    auto made = provider::Provider::create(host.kind(kind), host.options("bench"), settings,
                                           {.plugin = host.environment()});
    if (made) return *std::move(made);
    state.SkipWithError(made.error().message.c_str());
    return nullptr;
}

void attempts(benchmark::State& state, provider::Provider& provider, bool stream) {
    Reader reader;
    provider::DeltaSink* sink = stream ? &reader : nullptr;
    run_on_io_thread([&]() -> net::Awaitable<void> {
        const auto now = base::steady_clock().now();
        const provider::AttemptRequest request{.model = kModel,
                                               .body = small_request(),
                                               .stream = stream,
                                               .started = now,
                                               .deadline = now + std::chrono::hours(1)};
        const auto cancel = std::make_shared<provider::CancelSignal>();
        provider::AttemptReport report;
        // The first connects; then the buffers grow.
        for (int i = 0; i < 3; ++i) {
            const auto first = co_await provider.attempt(request, sink, cancel, 0, report);
            if (!first) {
                state.SkipWithError(first.error().message.c_str());
                co_return;
            }
        }
        const AllocationCount count(state);
        for (auto _ : state) {
            auto outcome = co_await provider.attempt(request, sink, cancel, 0, report);
            benchmark::DoNotOptimize(outcome);
        }
    });
    benchmark::DoNotOptimize(reader.bytes());
    provider.shut_down(std::chrono::seconds(1));
}

void attempt_body(benchmark::State& state) {
    const auto provider = make_provider(state, "bench.body", usual());
    if (provider) attempts(state, *provider, false);
}
BENCHMARK(attempt_body)->Name("call/attempt");

void attempt_all(benchmark::State& state) {
    const auto provider = make_provider(state, "bench.body", everything());
    if (!provider) return;
    const auto now = PluginHost::instance().environment().clock.now();
    if (!provider->breakers().force_closed(kModel, now)) state.SkipWithError("no breaker");
    provider->breakers().reset(kModel, now);
    attempts(state, *provider, false);
}
BENCHMARK(attempt_all)->Name("call/attempt_with_all");

void attempt_stream(benchmark::State& state) {
    const auto provider = make_provider(state, "bench.text", usual());
    if (provider) attempts(state, *provider, true);
}
BENCHMARK(attempt_stream)->Name("call/attempt_64_deltas");

}  // namespace
}  // namespace tenon::bench
