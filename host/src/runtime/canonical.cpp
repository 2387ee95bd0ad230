#include "runtime/canonical.hpp"

#include <random>
#include <utility>

#include "base/clock.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/logical_request.hpp"
#include "wire/chat_answer.hpp"
#include "wire/json_writer.hpp"

namespace tenon::runtime {
namespace {

/// An id in the style of the dialect, for answers of providers that give none. Not a secret.
std::string new_answer_id() {
    thread_local std::mt19937_64 random{std::random_device{}()};
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string id = "chatcmpl-";
    for (std::uint64_t bits = random(); id.size() < 25; bits >>= 4) id += kDigits[bits & 15];
    return id;
}

using Answering = net::Awaitable<Result<CanonicalAnswer>>;
using CancelPointer = std::shared_ptr<provider::CancelSignal>;

router::LogicalRequest logical_of(const CanonicalRequest& request, std::string_view route) {
    router::LogicalRequest logical = to_logical(request.options, route, *request.body);
    logical.operation = request.operation;
    logical.stream = request.stream;
    logical.observer = request.observer;
    logical.idempotency_key = request.idempotency_key;
    return logical;
}

Answering unanswered(Error error) {
    co_return error;
}

/// A chat whose answer goes on as it comes. Its frame lives for as long as the stream, so that it
/// has nothing that only others need.
Answering streamed(router::Router& router, const CanonicalRequest& request, std::string route,
                   provider::DeltaSink* sink, CancelPointer cancel, std::size_t io_index) {
    const router::LogicalRequest logical = logical_of(request, route);
    auto routed = co_await router.run(logical, sink, std::move(cancel), io_index);
    if (!routed) co_return std::move(routed).error();
    const std::string& body = routed->outcome.body;
    if (auto split = body.empty() ? Result<void>() : stream_body(body, *sink); !split) {
        Error error = std::move(split).error();
        error.message = "provider " + routed->provider + ": " + error.message;
        co_return error;
    }
    co_return CanonicalAnswer{*std::move(routed), {}};
}

/// An answer that is put together, if it comes in pieces.
Answering whole(router::Router& router, const CanonicalRequest& request, std::string route,
                provider::DeltaSink* sink, CancelPointer cancel, std::size_t io_index) {
    const router::LogicalRequest logical = logical_of(request, route);
    const bool chat = request.operation == provider::Operation::complete;
    Collector collector(nullptr);
    provider::DeltaSink* const taker = request.stream ? sink : chat ? &collector : nullptr;
    auto routed = co_await router.run(logical, taker, std::move(cancel), io_index);
    if (!routed) co_return std::move(routed).error();
    CanonicalAnswer answer{.routed = *std::move(routed), .body = {}};
    if (chat) {
        answer.body = chat_body(collector, answer.routed);
    } else {
        std::string& body = answer.routed.outcome.body;
        answer.body = body.empty() ? embedding_body(answer.routed) : std::move(body);
    }
    co_return answer;
}

}  // namespace

std::string chat_body(const Collector& collector, router::Routed& routed) {
    plugin::CallOutcome& outcome = routed.outcome;
    if (!collector.streamed() && !outcome.body.empty()) return std::move(outcome.body);
    const std::string id = new_answer_id();
    return collector.builder().build({id, base::unix_seconds(), routed.model, outcome.finish_reason,
                                      outcome.input_tokens, outcome.output_tokens});
}

std::string embedding_body(const router::Routed& routed) {
    const plugin::CallOutcome& outcome = routed.outcome;
    const std::uint64_t tokens =
        outcome.input_tokens == TENON_TOKENS_UNKNOWN ? 0 : outcome.input_tokens;
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object();
    json.member("object", "list");
    json.key("data");
    json.begin_array();
    for (std::size_t row = 0; row < outcome.rows; ++row) {
        json.begin_object();
        json.member("object", "embedding");
        json.member("index", row);
        json.key("embedding");
        json.begin_array();
        const float* begin = outcome.vectors.data() + row * outcome.dimensions;
        for (std::size_t i = 0; i < outcome.dimensions; ++i) json.value(begin[i]);
        json.end_array();
        json.end_object();
    }
    json.end_array();
    json.member("model", routed.model);
    json.key("usage");
    json.begin_object();
    json.member("prompt_tokens", tokens);
    json.member("total_tokens", tokens);
    json.end_object();
    json.end_object();
    return body;
}

Result<void> stream_body(std::string_view body, provider::DeltaSink& sink) {
    const auto split = wire::split_chat_body(body);
    if (!split) return split.error();
    plugin::DeltaBatch batch;
    for (const Delta& delta : split->deltas) batch.push(delta);
    sink.on_deltas(batch);
    return {};
}

net::Awaitable<Result<CanonicalAnswer>> HostImpl::answer(
    const CanonicalRequest& request, provider::DeltaSink* sink,
    std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index) {
    auto asked = known_route(request.provider, request.model);
    if (!asked) return unanswered(std::move(asked).error());
    const bool chat = request.operation == provider::Operation::complete;
    const auto answer = chat && request.stream ? &streamed : &whole;
    return answer(router_, request, *std::move(asked), sink, std::move(cancel), io_index);
}

}  // namespace tenon::runtime
