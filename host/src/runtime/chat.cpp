#include <chrono>
#include <utility>

#include "runtime/canonical.hpp"
#include "runtime/chat_sinks.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/logical_request.hpp"
#include "runtime/spawn.hpp"
#include "wire/chat_answer.hpp"
#include "wire/chat_request.hpp"

namespace tenon::runtime {
namespace {

/// The request's body, for whichever model.
class ChatBody final : public router::RequestBody {
public:
    ChatBody(const host::ChatRequest& request, bool stream) : request_(request), stream_(stream) {}

    Result<std::string> for_model(std::string_view model) override {
        if (!request_.body_json.empty()) {
            return wire::with_model_and_stream(request_.body_json, model, stream_);
        }
        std::vector<wire::ChatMessage> messages;
        for (const host::Message& message : request_.messages) {
            messages.push_back({message.role, message.content});
        }
        wire::ChatRequestParts parts;
        parts.model = model;
        parts.messages = messages;
        parts.temperature = request_.temperature;
        if (request_.max_tokens)
            parts.max_tokens = static_cast<std::uint64_t>(*request_.max_tokens);
        parts.stream = stream_;
        return wire::build_chat_request(parts);
    }

private:
    const host::ChatRequest& request_;
    const bool stream_;
};

Result<void> check(const host::ChatRequest& request) {
    if (!request.body_json.empty()) return {};
    if (request.messages.empty()) {
        return Error(Code::invalid, "there is nothing to complete: the request has no messages");
    }
    if (request.max_tokens && *request.max_tokens < 1) {
        return Error(Code::invalid, "max_tokens is " + std::to_string(*request.max_tokens) +
                                        "; it must be 1 or more");
    }
    return {};
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

}  // namespace

net::Awaitable<Result<host::ChatAnswer>> HostImpl::chat(
    std::string asked, host::ChatRequest request, provider::DeltaSink* sink,
    std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index) {
    const bool stream = sink != nullptr;
    if (auto sound = check(request); !sound) co_return std::move(sound).error();
    ChatBody body(request, stream);
    router::LogicalRequest logical = to_logical(request.options, asked, body);
    logical.operation = provider::Operation::complete;
    logical.stream = stream;
    Collector collector(sink);
    auto routed = co_await router_.run(logical, &collector, std::move(cancel), io_index);
    if (!routed) co_return std::move(routed).error();
    plugin::CallOutcome* const outcome = &routed->outcome;

    const bool from_deltas = collector.streamed() || outcome->body.empty();
    auto answer = to_answer(chat_body(collector, *routed), *outcome);
    if (answer && stream && !from_deltas) {
        const auto streamed = stream_body(answer->body_json, *sink);
        if (!streamed) answer = streamed.error();
    }
    if (!answer) {
        Error error = std::move(answer).error();
        error.message = "provider " + routed->provider + ": " + error.message;
        co_return error;
    }
    answer->provider = routed->provider;
    answer->attempts = routed->attempts;
    if (answer->model.empty()) answer->model = routed->model;
    co_return answer;
}

Result<host::ChatAnswer> HostImpl::complete(const host::ChatRequest& request,
                                            const host::OnDelta& on_delta, std::stop_token stop) {
    auto asked = route(request.provider, request.model);
    if (!asked) return std::move(asked).error();
    const auto mailbox = std::make_shared<Mailbox>();
    const bool stream = static_cast<bool>(on_delta);
    const auto cancel = spawn<host::ChatAnswer>(
        [this, asked = *std::move(asked), request, mailbox, stream](auto signal,
                                                                    std::size_t io_index) {
            return chat(asked, request, stream ? mailbox.get() : nullptr, std::move(signal),
                        io_index);
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
    auto task = [this, asked = route(request.provider, request.model), request = request,
                 on_delta = std::move(on_delta)](
                    auto signal, std::size_t io_index) -> net::Awaitable<Result<host::ChatAnswer>> {
        if (!asked) co_return asked.error();
        if (!on_delta) {
            co_return co_await chat(*asked, request, nullptr, std::move(signal), io_index);
        }
        CallbackSink sink(on_delta, signal);
        auto answer = co_await chat(*asked, request, &sink, std::move(signal), io_index);
        if (sink.problem()) answer = *sink.problem();
        co_return answer;
    };
    return start_operation<host::ChatAnswer>(std::move(task), std::move(on_done));
}

}  // namespace tenon::runtime
