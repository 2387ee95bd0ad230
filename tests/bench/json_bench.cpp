// Requests and answers as JSON, beside a copy of the same bytes and beside RapidJSON alone.

#include <benchmark/benchmark.h>
#include <rapidjson/document.h>

#include <string>
#include <string_view>

#include "allocations.hpp"
#include "bench_plugin.h"
#include "ratio_reporter.hpp"
#include "texts.hpp"
#include "wire/chat_answer.hpp"
#include "wire/chat_answer_builder.hpp"
#include "wire/chat_request.hpp"
#include "wire/json.hpp"

namespace tenon::bench {
namespace {

/// Measures `work()`, whose result must convert to true.
template <class Work>
void measure(benchmark::State& state, std::string_view text, Work&& work) {
    if (!work()) {
        state.SkipWithError("the text was refused");
        return;
    }
    {
        const AllocationCount count(state);
        for (auto _ : state) {
            auto result = work();
            benchmark::DoNotOptimize(result);
        }
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

/// A copy of its own: what whoever hands a text on pays at least.
void copy(benchmark::State& state, std::string_view text) {
    state.SetLabel(kBaseline);
    measure(state, text, [&] { return std::make_optional<std::string>(text); });
}

bool rapidjson_reads(std::string_view text) {
    rapidjson::Document document;
    document.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
    benchmark::DoNotOptimize(document);
    return !document.HasParseError();
}

/// A tree of the text, with the check of its UTF-8 that the host makes as well.
void rapidjson_alone(benchmark::State& state, std::string_view text) {
    measure(state, text, [&] { return rapidjson_reads(text); });
}

void splice(benchmark::State& state, std::string_view text) {
    measure(state, text,
            [&] { return wire::with_model_and_stream(text, "llama-3.3-70b-versatile", true); });
}

void read(benchmark::State& state, std::string_view text) {
    measure(state, text, [&] { return wire::JsonDocument::parse(text); });
}

void build_request(benchmark::State& state) {
    const wire::ChatMessage messages[] = {
        {"system",
         "You are a joiner who explains woodworking to beginners. Answer in one short sentence, "
         "without jargon, and say \"I do not know\" when you do not."},
        {"user",
         "What is a tenon, what is a mortise, and why does nobody need glue for the joint they "
         "make? I have a piece of oak, a chisel and a free afternoon."}};
    const wire::ChatRequestParts parts{
        .model = "gpt-4o-mini", .messages = messages, .temperature = 0.2, .max_tokens = 256};
    const auto built = wire::build_chat_request(parts);
    measure(state, *built, [&] { return wire::build_chat_request(parts); });
}

void request_copy(benchmark::State& state) {
    copy(state, small_request());
}
BENCHMARK(request_copy)->Name("request/copy");
BENCHMARK(build_request)->Name("request/build");
void request_splice(benchmark::State& state) {
    splice(state, small_request());
}
BENCHMARK(request_splice)->Name("request/splice");
void request_rapidjson(benchmark::State& state) {
    rapidjson_alone(state, small_request());
}
BENCHMARK(request_rapidjson)->Name("request/rapidjson");
void request_read(benchmark::State& state) {
    read(state, small_request());
}
BENCHMARK(request_read)->Name("request/read");

void large_copy(benchmark::State& state) {
    copy(state, large_request());
}
BENCHMARK(large_copy)->Name("large_request/copy");
void large_splice(benchmark::State& state) {
    splice(state, large_request());
}
BENCHMARK(large_splice)->Name("large_request/splice");
void large_rapidjson(benchmark::State& state) {
    rapidjson_alone(state, large_request());
}
BENCHMARK(large_rapidjson)->Name("large_request/rapidjson");
void large_read(benchmark::State& state) {
    read(state, large_request());
}
BENCHMARK(large_read)->Name("large_request/read");

void answer_rapidjson(benchmark::State& state) {
    state.SetLabel(kBaseline);
    rapidjson_alone(state, BENCH_ANSWER);
}
BENCHMARK(answer_rapidjson)->Name("answer/rapidjson");
void answer_read(benchmark::State& state) {
    read(state, BENCH_ANSWER);
}
BENCHMARK(answer_read)->Name("answer/read");
void answer_text(benchmark::State& state) {
    measure(state, BENCH_ANSWER, [] { return wire::text_of(BENCH_ANSWER); });
}
BENCHMARK(answer_text)->Name("answer/text_of");
void answer_split(benchmark::State& state) {
    measure(state, BENCH_ANSWER, [] { return wire::split_chat_body(BENCH_ANSWER); });
}
BENCHMARK(answer_split)->Name("answer/split_chat_body");

// ---- an answer put together from the chunks of a stream; one iteration is one chunk -------------

void chunks_rapidjson(benchmark::State& state) {
    state.SetLabel(kBaseline);
    const AllocationCount count(state);
    while (state.KeepRunningBatch(kEvents)) {
        for (const std::string& chunk : openai_chunks()) {
            if (!rapidjson_reads(chunk)) state.SkipWithError("the chunk was refused");
        }
    }
}
BENCHMARK(chunks_rapidjson)->Name("chunks/rapidjson");

void build_answer(benchmark::State& state, bool raw) {
    const auto build = [&] {
        wire::ChatAnswerBuilder builder;
        for (const std::string& chunk : openai_chunks()) {
            Delta delta{.kind = TENON_DELTA_TEXT, .data = BENCH_TEXT};
            if (raw) delta.raw = chunk;
            builder.add(delta);
        }
        return builder.build({.id = "chatcmpl-1", .created = 1750000000, .model = "gpt-4o-mini"});
    };
    const AllocationCount count(state);
    while (state.KeepRunningBatch(kEvents)) {
        auto answer = build();
        benchmark::DoNotOptimize(answer);
    }
}

void chunks_typed(benchmark::State& state) {
    build_answer(state, false);
}
BENCHMARK(chunks_typed)->Name("chunks/builder_typed");
void chunks_raw(benchmark::State& state) {
    build_answer(state, true);
}
BENCHMARK(chunks_raw)->Name("chunks/builder_raw");

}  // namespace
}  // namespace tenon::bench
