// One request through the ABI to a provider that answers at once, and back.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "allocations.hpp"
#include "bench_plugin.h"
#include "plugin_host.hpp"
#include "ratio_reporter.hpp"
#include "texts.hpp"

namespace tenon::bench {
namespace {

/// The least that any provider interface costs inside one program: a virtual call that fills the
/// caller's outcome.
class DirectProvider {
public:
    virtual ~DirectProvider() = default;
    virtual void complete(const plugin::CallRequest& request, plugin::CallOutcome& outcome) = 0;
};

class DirectBody final : public DirectProvider {
public:
    void complete(const plugin::CallRequest& request, plugin::CallOutcome& outcome) override {
        body_.assign(request.body);  // a provider that answers later needs it as well
        outcome.ok = true;
        outcome.body.assign(BENCH_ANSWER);
        outcome.input_tokens = 24;
        outcome.output_tokens = 15;
    }

private:
    std::string body_;
};

void direct_call(benchmark::State& state) {
    state.SetLabel(kBaseline);
    std::unique_ptr<DirectProvider> provider = std::make_unique<DirectBody>();
    benchmark::DoNotOptimize(provider);
    const plugin::CallRequest request{.model = "gpt-4o-mini", .body = small_request()};
    plugin::CallOutcome outcome;
    provider->complete(request, outcome);
    const AllocationCount count(state);
    for (auto _ : state) {
        outcome.reset();
        provider->complete(request, outcome);
        benchmark::DoNotOptimize(outcome.body.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(direct_call)->Name("call/virtual_call");

/// Buffers that the caller keeps from call to call, as a connection of the gateway does.
struct Caller {
    plugin::DeltaBatch deltas;
    plugin::CallOutcome outcome;

    bool call(plugin::Proxy& proxy, const plugin::CallRequest& request) {
        auto active = proxy.complete(nullptr, request, 0);
        if (!active.take(deltas)) return false;
        active.take_outcome(outcome);
        return outcome.ok;
    }
};

void abi_call(benchmark::State& state) {
    static const auto proxy = PluginHost::instance().make_proxy("bench.body");
    const plugin::CallRequest request{.model = "gpt-4o-mini", .body = small_request()};
    Caller caller;
    // Once for the slot's buffers, once more for the caller's, which change places with them.
    if (!caller.call(*proxy, request) || !caller.call(*proxy, request)) {
        state.SkipWithError("the provider failed");
        return;
    }
    const AllocationCount count(state);
    for (auto _ : state) {
        caller.call(*proxy, request);
        benchmark::DoNotOptimize(caller.outcome.body.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(abi_call)->Name("call/abi");
// Two threads share the provider: CPU time of one call grows with what they wait for each other.
BENCHMARK(abi_call)->Name("call/abi")->Threads(2);

/// The same with calls spread over many providers: is the cost of a call flat?
void abi_call_to_many(benchmark::State& state) {
    const auto count_of_providers = static_cast<std::size_t>(state.range(0));
    static std::vector<std::shared_ptr<plugin::Proxy>> proxies;
    while (proxies.size() < count_of_providers) {
        proxies.push_back(PluginHost::instance().make_proxy("bench.body"));
    }
    const plugin::CallRequest request{.model = "gpt-4o-mini", .body = small_request()};
    Caller caller;
    for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < count_of_providers; ++i) caller.call(*proxies[i], request);
    }
    std::size_t next = 0;
    const AllocationCount count(state);
    for (auto _ : state) {
        caller.call(*proxies[next], request);
        if (++next == count_of_providers) next = 0;
    }
}
BENCHMARK(abi_call_to_many)->Name("call/abi_providers")->Arg(10)->Arg(1000);

}  // namespace
}  // namespace tenon::bench
