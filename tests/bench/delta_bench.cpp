// The way of one delta from the plugin's emit() to the reader's hands. One iteration is one delta.

#include <benchmark/benchmark.h>

#include <string>

#include "allocations.hpp"
#include "bench_plugin.h"
#include "plugin/delta_batch.hpp"
#include "plugin_host.hpp"
#include "ratio_reporter.hpp"
#include "texts.hpp"

namespace tenon::bench {
namespace {

tenon_str text(std::string_view view) {
    return {view.data(), view.size()};
}

/// The bytes of a delta have to be copied once: the plugin keeps its own.
void append(benchmark::State& state, std::string_view data, std::string_view raw) {
    std::string buffer;
    buffer.reserve(BENCH_DELTAS * (data.size() + raw.size()));
    const AllocationCount count(state);
    while (state.KeepRunningBatch(BENCH_DELTAS)) {
        buffer.clear();
        for (int i = 0; i < BENCH_DELTAS; ++i) buffer.append(data).append(raw);
        benchmark::DoNotOptimize(buffer.data());
        benchmark::ClobberMemory();
    }
}

/// Into a batch and out of it, without the ABI.
void batch(benchmark::State& state, std::string_view data, std::string_view raw) {
    tenon_delta delta{};
    delta.struct_size = sizeof delta;
    delta.kind = TENON_DELTA_TEXT;
    delta.data = text(data);
    delta.raw = text(raw);
    plugin::DeltaBatch deltas;
    for (int i = 0; i < BENCH_DELTAS; ++i) deltas.push(delta);
    std::size_t bytes = 0;
    const AllocationCount count(state);
    while (state.KeepRunningBatch(BENCH_DELTAS)) {
        deltas.clear();
        for (int i = 0; i < BENCH_DELTAS; ++i) deltas.push(delta);
        deltas.for_each([&](const Delta& out) { bytes += out.data.size() + out.raw.size(); });
        benchmark::DoNotOptimize(bytes);
    }
}

/// From the plugin, 64 in one call: the call's own cost is in it, divided by 64.
void emit(benchmark::State& state, const char* kind) {
    const auto proxy = PluginHost::instance().make_proxy(kind);
    const plugin::CallRequest request{.body = "{}", .stream = true};
    plugin::DeltaBatch deltas;
    plugin::CallOutcome outcome;
    std::size_t bytes = 0;
    std::size_t arrived = 0;
    const auto call = [&] {
        auto active = proxy->complete(nullptr, request, 0);
        active.take(deltas);
        arrived = 0;
        deltas.for_each([&](const Delta& out) {
            bytes += out.data.size() + out.raw.size();
            ++arrived;
        });
        active.take_outcome(outcome);
        benchmark::DoNotOptimize(bytes);
    };
    call();
    call();
    if (arrived != BENCH_DELTAS) {
        state.SkipWithError("deltas were lost");
        return;
    }
    const AllocationCount count(state);
    while (state.KeepRunningBatch(BENCH_DELTAS)) call();
}

void append_text(benchmark::State& state) {
    state.SetLabel(kBaseline);
    append(state, BENCH_TEXT, "");
}
BENCHMARK(append_text)->Name("delta/append");

void batch_text(benchmark::State& state) {
    batch(state, BENCH_TEXT, "");
}
BENCHMARK(batch_text)->Name("delta/batch");

void emit_text(benchmark::State& state) {
    emit(state, "bench.text");
}
BENCHMARK(emit_text)->Name("delta/emit");

void append_raw(benchmark::State& state) {
    state.SetLabel(kBaseline);
    append(state, BENCH_TEXT, BENCH_CHUNK);
}
BENCHMARK(append_raw)->Name("delta_with_raw/append");

void batch_raw(benchmark::State& state) {
    batch(state, BENCH_TEXT, BENCH_CHUNK);
}
BENCHMARK(batch_raw)->Name("delta_with_raw/batch");

void emit_raw(benchmark::State& state) {
    emit(state, "bench.raw");
}
BENCHMARK(emit_raw)->Name("delta_with_raw/emit");

}  // namespace
}  // namespace tenon::bench
