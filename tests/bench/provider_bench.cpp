// The whole pipeline: Provider::run() on an I/O thread around a provider that answers at once.
// Belongs to the group of call_bench.cpp.

#include <benchmark/benchmark.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdlib>

#include "allocations.hpp"
#include "plugin_host.hpp"
#include "provider/provider.hpp"
#include "texts.hpp"

namespace tenon::bench {
namespace {

provider::OperationRequest make_request(bool stream) {
    provider::OperationRequest request;
    request.model = "gpt-4o-mini";
    request.body = small_request();
    request.stream = stream;
    return request;
}

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

/// What the caller of run() does in any case: it makes a request.
void make_request_alone(benchmark::State& state) {
    const AllocationCount count(state);
    for (auto _ : state) {
        auto request = make_request(false);
        benchmark::DoNotOptimize(request);
    }
}
BENCHMARK(make_request_alone)->Name("call/make_request");

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

void run_requests(benchmark::State& state, const char* kind, bool stream) {
    auto& host = PluginHost::instance();
    auto made =
        provider::Provider::create(host.kind(kind), host.options("bench"), {}, host.environment());
    if (!made) {
        state.SkipWithError(made.error().message.c_str());
        return;
    }
    const auto provider = *made;
    Reader reader;
    provider::DeltaSink* sink = stream ? &reader : nullptr;
    run_on_io_thread([&]() -> net::Awaitable<void> {
        const auto cancel = std::make_shared<provider::CancelSignal>();
        const auto first = co_await provider->run(make_request(stream), sink, cancel, 0);
        if (!first) {
            state.SkipWithError(first.error().message.c_str());
            co_return;
        }
        const AllocationCount count(state);
        for (auto _ : state) {
            auto outcome = co_await provider->run(make_request(stream), sink, cancel, 0);
            benchmark::DoNotOptimize(outcome);
        }
    });
    benchmark::DoNotOptimize(reader.bytes());
    provider->shut_down(std::chrono::seconds(1));
}

void run_body(benchmark::State& state) {
    run_requests(state, "bench.body", false);
}
BENCHMARK(run_body)->Name("call/run");

void run_stream(benchmark::State& state) {
    run_requests(state, "bench.text", true);
}
BENCHMARK(run_stream)->Name("call/run_64_deltas");

}  // namespace
}  // namespace tenon::bench
