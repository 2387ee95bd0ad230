#include "gateway/api/api_call.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "base/redact_error.hpp"
#include "gateway/api/browser_guard.hpp"
#include "gateway/api/ids.hpp"
#include "gateway/api/named_models.hpp"
#include "gateway/api/operation.hpp"
#include "gateway/api/token_charge.hpp"
#include "gateway/offline/offline_queue.hpp"
#include "runtime/spawn.hpp"

namespace tenon::gateway {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kEventStream = "text/event-stream";
constexpr int kAccepted = 202;

}  // namespace

ApiCall::ApiCall(ApiContext& context, const Dialect& dialect, transport::ServerRequest& request,
                 transport::ResponseWriter& response)
    : context_(context),
      settings_(context.settings()),
      dialect_(dialect),
      request_(request),
      response_(response),
      path_(path_of(request.target)),
      peer_(request.peer),
      io_index_(request.io_index),
      arrived_(request.arrived),
      wall_time_(std::chrono::system_clock::now()),
      cancel_(std::make_shared<provider::CancelSignal>()) {}

void ApiCall::on_client_gone() noexcept {
    client_gone_ = true;
    cancel_->cancel();
}

net::Awaitable<void> ApiCall::run() {
    response_.on_client_gone(this);
    const auto admitted = admit();
    follow();
    if (admitted) enter();
    std::exception_ptr problem;
    try {
        if (!admitted) {
            co_await refuse(admitted.error());
        } else if (parsed_.stream) {
            co_await answer_stream();
        } else {
            co_await answer_whole();
        }
    } catch (...) {
        problem = std::current_exception();
        status_ = 500;
    }
    settle();
    if (problem) std::rethrow_exception(problem);
}

// --- Before -------------------------------------------------------------------------------------

Result<void> ApiCall::check_key() {
    const std::string_view presented = presented_key(request_);
    auto key = settings_->keys.check(presented);
    if (!key) {
        rejection_ = presented.empty() ? KeyRejection::missing : KeyRejection::unknown;
        return std::move(key).error();
    }
    key_ = *std::move(key);
    return {};
}

Result<void> ApiCall::check_models() {
    if (key_->config().models.empty()) return {};
    const auto may_not = [this](const std::string& model, std::string_view where) {
        rejection_ = KeyRejection::model;
        return Error(Code::forbidden, "the key '" + key_->name() +
                                          "' may not ask for the model \"" + model + "\"" +
                                          std::string(where));
    };
    // Who names a provider asks for that one's model, whatever else is called so.
    const std::string& provider = wishes_.provider;
    const std::string model = provider.empty() ? parsed_.model : provider + '/' + parsed_.model;
    if (!key_->may_ask_for(model)) return may_not(model, "");
    const auto further = further_models(parsed_.body);
    if (!further) return further.error();
    if (further->empty()) return {};
    const std::string asked = provider.empty() ? named_provider(model) : provider;
    for (const std::string& name : *further) {
        const std::string other = asked.empty() ? name : asked + '/' + name;
        if (!key_->may_ask_for(other)) return may_not(other, ", which this request also names");
    }
    return {};
}

/// The provider that `model` begins with; empty = it is the name of a route, or a bare one.
std::string ApiCall::named_provider(std::string_view model) const {
    const std::string_view name = model.substr(0, model.find('/'));
    if (name.size() == model.size()) return {};
    const auto all = context_.host().status(false);
    const bool known = std::any_of(all.begin(), all.end(),
                                   [name](const auto& status) { return status.name == name; });
    return known ? std::string(name) : std::string();
}

Result<void> ApiCall::admit() {
    id_ = new_id();
    wishes_.id = request_id(request_, id_);
    if (auto checked = check_key(); !checked) return checked;
    auto wishes = read_wishes(request_);
    if (!wishes) return std::move(wishes).error();
    wishes->id = std::move(wishes_.id);
    wishes_ = *std::move(wishes);
    auto parsed = dialect_.parse(request_.body);
    if (!parsed) return std::move(parsed).error();
    parsed_ = *std::move(parsed);
    if (wishes_.queue_offline) original_ = std::move(request_.body);
    std::string().swap(request_.body);
    if (!key_) return {};
    if (auto checked = check_models(); !checked) return checked;
    const std::int64_t tokens = estimated_tokens(parsed_.body);
    KeyRejection why{};
    if (auto reserved = key_->reserve(tokens, context_.clock().now(), why); !reserved) {
        rejection_ = why;
        return reserved;
    }
    lease_ = KeyLease(key_, tokens);
    return {};
}

// --- The request --------------------------------------------------------------------------------

net::Awaitable<void> ApiCall::ask(provider::DeltaSink* sink) {
    runtime::CanonicalRequest request;
    request.operation = to_provider(parsed_.operation);
    request.provider = wishes_.provider;
    request.model = parsed_.model;
    request.body = this;
    request.stream = parsed_.stream;
    request.options = wishes_.options;
    request.observer = &*progress_;
    result_ = co_await context_.host().answer(request, sink, cancel_, io_index_);
}

net::Awaitable<void> ApiCall::answer_whole() {
    co_await ask(nullptr);
    measure_overhead();
    if (!*result_) {
        const bool kept = co_await keep_for_later(result_->error());
        if (!kept) co_await refuse(result_->error());
        co_return;
    }
    charge(lease_, (*result_)->routed.outcome);
    auto body = writer_->whole((*result_)->body, times());
    if (!body) {
        Error error = base::redact(context_.host().log().redactor(), std::move(body).error());
        error.message = "provider " + progress_->provider() + ": " + error.message;
        co_await refuse(error);
        co_return;
    }
    HeaderList headers = answer_headers(kJson);
    co_await send(200, *body, headers);
}

net::Awaitable<void> ApiCall::answer_stream() {
    boost::asio::io_context& io = context_.host().io().context(io_index_);
    waker_ = std::make_shared<provider::IoWaker>(io);
    StreamPipe pipe(*writer_, waker_, context_.clock(), *entry_, follower_.get());
    boost::asio::co_spawn(io, ask(&pipe), [this, waker = waker_](const std::exception_ptr& thrown) {
        if (thrown) result_ = runtime::escaped(thrown);
        waker->wake();
    });
    std::exception_ptr problem;
    try {
        co_await pump(pipe);
    } catch (...) {
        problem = std::current_exception();
    }
    if (!result_) cancel_->cancel();
    while (!result_) co_await waker_->wait_on(base::kNoDeadline);  // it ends: it is cancelled
    waker_->rest();
    if (pipe.first_delta()) first_delta_ = *pipe.first_delta() - arrived_;
    if (!*result_) lease_.used_in_part(entry_->deltas());
    if (problem) std::rethrow_exception(problem);
    co_await end_stream(pipe);
}

/// A stream that has begun is not repeated: its request's memory is not kept for as long as it
/// lasts.
void ApiCall::forget_request() noexcept {
    if (std::exchange(forgotten_, true)) return;
    std::string().swap(parsed_.body);
    std::string().swap(original_);
}

/// Sends what comes, until all has come or the client is gone.
net::Awaitable<void> ApiCall::pump(StreamPipe& pipe) {
    const bool event_stream = dialect_.stream_type() == kEventStream;
    const auto keep_alive = settings_->config.keep_alive;
    base::TimePoint silent_until = context_.clock().now() + keep_alive;
    while (!result_ && !client_gone_) {
        if (!pipe.has_output()) {
            const bool woken = co_await waker_->wait_on(silent_until);
            if (!woken) pipe.keep_alive(event_stream);
            if (!woken) silent_until = context_.clock().now() + keep_alive;
            continue;
        }
        if (!response_.started()) {
            measure_overhead();
            HeaderList headers = answer_headers(dialect_.stream_type());
            headers.add("cache-control", "no-cache");
            headers.add("x-accel-buffering", "no");
            if (auto started = response_.start(200, headers.views()); !started) {
                lost_client(started.error());
                co_return;
            }
            status_ = 200;
        }
        if (pipe.first_delta()) forget_request();
        const std::string& piece = pipe.take();
        const auto written = co_await response_.write(piece);
        if (!written) {
            lost_client(written.error());
            co_return;
        }
        sent(piece.size());
        silent_until = context_.clock().now() + keep_alive;
    }
}

/// The last words of a stream, or an answer that never became one.
net::Awaitable<void> ApiCall::end_stream(StreamPipe& pipe) {
    if (*result_) {
        const plugin::CallOutcome& outcome = (*result_)->routed.outcome;
        charge(lease_, outcome);
        AnswerEnd end;
        end.finish_reason = outcome.finish_reason;
        end.input_tokens = outcome.input_tokens;
        end.output_tokens = outcome.output_tokens;
        end.times = times();
        pipe.end(end);
    } else if (!response_.started()) {
        measure_overhead();
        const bool kept = co_await keep_for_later(result_->error());
        if (!kept) co_await refuse(result_->error());
        co_return;
    } else {
        error_ = result_->error();
        pipe.error(*error_);
    }
    if (!response_.started()) {
        measure_overhead();
        HeaderList headers = answer_headers(dialect_.stream_type());
        headers.add("cache-control", "no-cache");
        if (auto started = response_.start(200, headers.views()); !started) {
            lost_client(started.error());
            co_return;
        }
        status_ = 200;
    }
    const std::string& piece = pipe.take();
    const auto written = co_await response_.finish(piece);
    written ? sent(piece.size()) : lost_client(written.error());
}

// --- Answers ------------------------------------------------------------------------------------

void ApiCall::measure_overhead() {
    const base::TimePoint now = context_.clock().now();
    overhead_ = now - arrived_ - progress_->elsewhere(now);
}

AnswerTimes ApiCall::times() const {
    AnswerTimes times;
    times.total = context_.clock().now() - arrived_;
    times.load = overhead_;
    times.prompt = first_delta_.value_or(base::Duration::zero());
    times.eval = first_delta_ ? times.total - *first_delta_ : times.total;
    return times;
}

HeaderList ApiCall::answer_headers(std::string_view type) const {
    HeaderList headers;
    headers.add("content-type", type);
    headers.add("x-request-id", wishes_.id);
    if (const auto name = dialect_.request_id_header(); !name.empty()) {
        headers.add(name, wishes_.id);
    }
    if (progress_ && !progress_->provider().empty()) {
        headers.add("x-tenon-provider", progress_->provider());
        headers.add("x-tenon-model", progress_->model());
    }
    if (progress_) {
        headers.add("x-tenon-attempts", std::to_string(progress_->attempts()));
        headers.add("x-tenon-overhead-us",
                    std::to_string(
                        std::chrono::duration_cast<std::chrono::microseconds>(overhead_).count()));
    }
    if (follower_ && !follower_->trace_parent().empty()) {
        headers.add("traceparent", follower_->trace_parent());
    }
    add_cors(headers, request_, settings_->config.cors.origins);
    return headers;
}

net::Awaitable<void> ApiCall::send(int status, std::string_view body, HeaderList& headers) {
    status_ = status;
    const auto written = co_await response_.send(status, headers.views(), body);
    written ? sent(body.size()) : lost_client(written.error());
}

net::Awaitable<void> ApiCall::refuse(const Error& error) {
    error_ = error;
    const ErrorReply reply = dialect_.error_reply(error);
    const bool asked = progress_ && progress_->attempts() > 0;
    refused_ = !asked && reply.status < 500 && error.code != Code::cancelled;
    HeaderList headers = answer_headers(kJson);
    headers.add(reply.headers);
    co_await send(reply.status, reply.body, headers);
}

net::Awaitable<bool> ApiCall::keep_for_later(const Error& error) {
    if (!wishes_.queue_offline || client_gone_) co_return false;
    if (error.code != Code::unavailable && error.code != Code::overloaded) co_return false;
    if (context_.offline() == nullptr) {
        const Error disabled(
            Code::unsupported,
            "requests cannot be queued here, see gateway.offline; and now " + error.message);
        co_await refuse(disabled);
        co_return true;
    }
    OfflineQueue::Incoming request{std::string(path_), wishes_.provider, parsed_.model,
                                   std::move(original_), key_name()};
    const auto kept = co_await context_.offline()->keep(std::move(request), io_index_);
    if (!kept) {
        co_await refuse(kept.error());
        co_return true;
    }
    const std::string place = std::string(kOfflinePath) + *kept;
    HeaderList headers = answer_headers(kJson);
    headers.add("location", place);
    const std::string body = R"({"id":")" + *kept +
                             R"(","object":"offline.request","status":"queued","url":")" + place +
                             R"("})";
    co_await send(kAccepted, body, headers);
    co_return true;
}

}  // namespace tenon::gateway
