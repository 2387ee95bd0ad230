#include <chrono>
#include <random>
#include <utility>

#include "base/clock.hpp"
#include "runtime/chat_sinks.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/spawn.hpp"
#include "wire/chat_answer.hpp"
#include "wire/chat_request.hpp"

namespace tenon::runtime {
namespace {

Result<std::string> body_of(const host::ChatRequest& request, const std::string& model,
                            bool stream) {
    if (!request.body_json.empty()) {
        return wire::with_model_and_stream(request.body_json, model, stream);
    }
    if (request.messages.empty()) {
        return Error(Code::invalid, "there is nothing to complete: the request has no messages");
    }
    if (request.max_tokens && *request.max_tokens < 1) {
        return Error(Code::invalid, "max_tokens is " + std::to_string(*request.max_tokens) +
                                        "; it must be 1 or more");
    }
    std::vector<wire::ChatMessage> messages;
    for (const host::Message& message : request.messages) {
        messages.push_back({message.role, message.content});
    }
    wire::ChatRequestParts parts;
    parts.model = model;
    parts.messages = messages;
    parts.temperature = request.temperature;
    if (request.max_tokens) parts.max_tokens = static_cast<std::uint64_t>(*request.max_tokens);
    parts.stream = stream;
    return wire::build_chat_request(parts);
}

/// An id in the style of the dialect, for answers of providers that give none. Not a secret.
std::string new_answer_id() {
    thread_local std::mt19937_64 random{std::random_device{}()};
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string id = "chatcmpl-";
    for (std::uint64_t bits = random(); id.size() < 25; bits >>= 4) id += kDigits[bits & 15];
    return id;
}

std::optional<std::uint64_t> known(std::uint64_t tokens, std::uint64_t otherwise) {
    if (tokens != TENON_TOKENS_UNKNOWN) return tokens;
    if (otherwise != TENON_TOKENS_UNKNOWN) return otherwise;
    return std::nullopt;
}

/// The answer as a caller of this program sees it.
Result<host::ChatAnswer> to_answer(std::string body, const plugin::CallOutcome& outcome) {
    auto read = wire::text_of(body);
    if (!read) return std::move(read).error();
    host::ChatAnswer answer;
    answer.model = std::move(read->model);
    answer.text = std::move(read->text);
    answer.reasoning = std::move(read->reasoning);
    for (wire::ChatToolCall& call : read->tool_calls) {
        answer.tool_calls.push_back(
            {std::move(call.id), std::move(call.name), std::move(call.arguments)});
    }
    answer.finish_reason = std::move(read->finish_reason);
    answer.usage = {known(outcome.input_tokens, read->input_tokens),
                    known(outcome.output_tokens, read->output_tokens)};
    answer.body_json = std::move(body);
    return answer;
}

/// For a caller who wants a stream from a provider that answered with one body.
Result<void> stream_body(std::string_view body, provider::DeltaSink& sink) {
    const auto split = wire::split_chat_body(body);
    if (!split) return split.error();
    plugin::DeltaBatch batch;
    for (const Delta& delta : split->deltas) batch.push(delta);
    sink.on_deltas(batch);
    return {};
}

}  // namespace

net::Awaitable<Result<host::ChatAnswer>> HostImpl::chat(
    Target to, host::ChatRequest request, provider::DeltaSink* sink,
    std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index) {
    const std::string& name = to.provider->name();
    const bool stream = sink != nullptr;
    auto body = body_of(request, to.model, stream);
    if (!body) co_return std::move(body).error();

    provider::OperationRequest operation;
    operation.operation = provider::Operation::complete;
    operation.model = to.model;
    operation.body = *std::move(body);
    operation.stream = stream;
    operation.timeout = request.timeout;
    Collector collector(sink);
    auto outcome =
        co_await to.provider->run(std::move(operation), &collector, std::move(cancel), io_index);
    if (!outcome) {
        note_failure(name, outcome.error());
        co_return std::move(outcome).error();
    }

    const bool from_deltas = collector.streamed() || outcome->body.empty();
    std::string whole;
    if (from_deltas) {
        const std::string id = new_answer_id();
        whole =
            collector.builder().build({id, base::unix_seconds(), to.model, outcome->finish_reason,
                                       outcome->input_tokens, outcome->output_tokens});
    } else {
        whole = std::move(outcome->body);
    }
    auto answer = to_answer(std::move(whole), *outcome);
    if (answer && stream && !from_deltas) {
        const auto streamed = stream_body(answer->body_json, *sink);
        if (!streamed) answer = streamed.error();
    }
    if (!answer) {
        Error error = std::move(answer).error();
        error.message = "provider " + name + ": " + error.message;
        note_failure(name, error);
        co_return error;
    }
    answer->provider = name;
    if (answer->model.empty()) answer->model = to.model;
    co_return answer;
}

Result<host::ChatAnswer> HostImpl::complete(const host::ChatRequest& request,
                                            const host::OnDelta& on_delta, std::stop_token stop) {
    auto to = target(request.provider, request.model);
    if (!to) return std::move(to).error();
    const auto mailbox = std::make_shared<Mailbox>();
    const bool stream = static_cast<bool>(on_delta);
    const auto cancel = spawn<host::ChatAnswer>(
        [this, to = *std::move(to), request, mailbox, stream](auto signal, std::size_t io_index) {
            return chat(to, request, stream ? mailbox.get() : nullptr, std::move(signal), io_index);
        },
        [mailbox](Result<host::ChatAnswer> answer) { mailbox->finish(std::move(answer)); });
    const std::stop_callback on_stop(stop, [&] { cancel->cancel(); });
    try {
        return mailbox->deliver(on_delta);
    } catch (...) {
        // The callback's exception is the caller's, but the request must end first.
        cancel->cancel();
        static_cast<void>(mailbox->deliver({}));
        throw;
    }
}

std::shared_ptr<host::Operation> HostImpl::start_complete(
    host::ChatRequest request, host::OnDelta on_delta,
    std::function<void(Result<host::ChatAnswer>)> on_done) {
    class Started final : public host::Operation {
    public:
        explicit Started(std::shared_ptr<provider::CancelSignal> signal)
            : signal_(std::move(signal)) {}
        void cancel() noexcept override { signal_->cancel(); }

    private:
        std::shared_ptr<provider::CancelSignal> signal_;
    };
    auto to = target(request.provider, request.model);
    auto task = [this, to = std::move(to), request = std::move(request),
                 on_delta = std::move(on_delta)](
                    auto signal, std::size_t io_index) -> net::Awaitable<Result<host::ChatAnswer>> {
        if (!to) co_return to.error();
        if (!on_delta) {
            co_return co_await chat(*to, request, nullptr, std::move(signal), io_index);
        }
        CallbackSink sink(on_delta, signal);
        auto answer = co_await chat(*to, request, &sink, std::move(signal), io_index);
        if (sink.problem()) answer = *sink.problem();
        co_return answer;
    };
    return std::make_shared<Started>(spawn<host::ChatAnswer>(std::move(task), std::move(on_done)));
}

}  // namespace tenon::runtime
