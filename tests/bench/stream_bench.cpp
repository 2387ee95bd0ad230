// Server-sent events and newline-delimited JSON, whole and in pieces. One iteration is one event.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "allocations.hpp"
#include "ratio_reporter.hpp"
#include "tenon/ndjson.hpp"
#include "tenon/sse.hpp"
#include "texts.hpp"

namespace tenon::bench {
namespace {

/// Finds the line ends, which nobody can do without.
void find_lines(benchmark::State& state, std::string_view stream) {
    state.SetLabel(kBaseline);
    while (state.KeepRunningBatch(kEvents)) {
        const char* at = stream.data();
        const char* const end = at + stream.size();
        std::size_t lines = 0;
        while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
            at = static_cast<const char*>(found) + 1;
            ++lines;
        }
        benchmark::DoNotOptimize(lines);
    }
    state.SetBytesProcessed(state.iterations() *
                            static_cast<std::int64_t>(stream.size() / kEvents));
}

/// Feeds the stream to the parser in pieces of range(0) bytes, 0 = as a whole.
template <class Parser, class Use>
void parse(benchmark::State& state, std::string_view stream, Use&& use) {
    const auto piece =
        state.range(0) > 0 ? static_cast<std::size_t>(state.range(0)) : stream.size();
    Parser parser;
    std::size_t events = 0;
    const auto feed_all = [&] {
        events = 0;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            const auto fed = parser.feed(stream.substr(at, piece), [&](const auto& event) {
                benchmark::DoNotOptimize(use(event));
                ++events;
            });
            if (!fed) events = 0;
        }
    };
    feed_all();
    if (events != kEvents) {
        state.SkipWithError("the stream was not read whole");
        return;
    }
    const AllocationCount count(state);
    while (state.KeepRunningBatch(kEvents)) feed_all();
    state.SetBytesProcessed(state.iterations() *
                            static_cast<std::int64_t>(stream.size() / kEvents));
}

void pieces(benchmark::internal::Benchmark* bench) {
    bench->ArgName("piece")->Arg(0)->Arg(1400)->Arg(16)->Arg(1);
}

void sse_lines(benchmark::State& state) {
    find_lines(state, openai_stream());
}
BENCHMARK(sse_lines)->Name("sse/memchr");

void sse_parse(benchmark::State& state) {
    parse<SseParser>(state, openai_stream(),
                     [](const SseEvent& event) { return event.data.size(); });
}
BENCHMARK(sse_parse)->Name("sse/parse")->Apply(pieces);

void ndjson_lines(benchmark::State& state) {
    find_lines(state, ollama_stream());
}
BENCHMARK(ndjson_lines)->Name("ndjson/memchr");

void ndjson_parse(benchmark::State& state) {
    parse<NdjsonReader>(state, ollama_stream(), [](std::string_view line) { return line.size(); });
}
BENCHMARK(ndjson_parse)->Name("ndjson/parse")->Apply(pieces);

}  // namespace
}  // namespace tenon::bench
