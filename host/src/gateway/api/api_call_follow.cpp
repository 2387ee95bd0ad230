// What a call tells of itself: to the list of requests, traces, metrics and the access log.

#include <utility>

#include "base/duration.hpp"
#include "gateway/api/api_call.hpp"

namespace tenon::gateway {
namespace {

constexpr std::string_view kLeft = "the client left before its answer was whole";

}  // namespace

RequestStart ApiCall::start() const {
    RequestStart start;
    start.id = wishes_.id;
    start.dialect = path_;
    start.operation = operation_at(path_);
    start.model = parsed_.model;
    if (key_) start.key = key_->name();
    start.peer = peer_;
    start.trace_parent = request_.header("traceparent");
    start.stream = parsed_.stream;
    start.time = arrived_;
    start.wall_time = wall_time_;
    return start;
}

/// From here on it is seen, also if it is refused.
void ApiCall::follow() {
    if (rejection_ && key_) key_->count_rejection();
    RequestFollowers* const followers = context_.followers();
    if (followers == nullptr) return;
    if (rejection_) followers->key_rejected(*rejection_);
    follower_ = followers->follow(start());
}

/// It is admitted.
void ApiCall::enter() {
    RequestInFlight shown;
    shown.id = wishes_.id;
    shown.dialect = path_;
    shown.model = parsed_.model;
    if (key_) shown.key = key_->name();
    shown.stream = parsed_.stream;
    shown.started = wall_time_;
    entry_.emplace(context_.requests(), io_index_, std::move(shown), arrived_, cancel_);
    progress_.emplace(*entry_, follower_ ? follower_->observer() : nullptr);
    AnswerContext context;
    context.id = id_;
    context.created = wall_time_;
    writer_ = dialect_.answer(parsed_, std::move(context));
    wishes_.options.trace_parent = request_.header("traceparent");
}

void ApiCall::sent(std::size_t bytes) {
    bytes_ += bytes;
    if (entry_) entry_->sent(bytes);
    if (follower_) follower_->sent(bytes, context_.clock().now());
}

/// The answer could not be written.
void ApiCall::lost_client(const Error& why) {
    if (client_error_) return;
    if (why.code == Code::invalid || why.code == Code::internal) {
        status_ = 500;  // the server says so by itself
        client_error_ = why;
        return;
    }
    client_gone_ = true;
    const bool slow = why.code == Code::deadline;
    client_error_.emplace(why.code,
                          slow ? "the client has read nothing of its answer for " +
                                     base::format_duration(settings_->config.write_timeout) +
                                     " (gateway.write_timeout)"
                               : std::string(kLeft));
}

void ApiCall::settle() {
    if (!follower_) return;
    const bool failed_before = error_ && error_->code != Code::cancelled;
    if (client_gone_ && !client_error_ && !failed_before) {
        client_error_.emplace(Code::cancelled, std::string(kLeft));
    }
    RequestSummary summary;
    summary.status = client_gone_ ? kClientGone : status_;
    summary.refused = refused_;
    if (error_) summary.error = &*error_;
    if (client_error_) summary.error = &*client_error_;
    if (progress_) {
        summary.provider = progress_->provider();
        summary.model = progress_->model();
        summary.attempts = progress_->attempts();
        summary.deltas = entry_->deltas();
    }
    summary.bytes = bytes_;
    summary.time = context_.clock().now();
    summary.total = summary.time - arrived_;
    summary.overhead = overhead_;
    summary.first_delta = first_delta_;
    if (result_ && *result_) {
        summary.input_tokens = (*result_)->routed.outcome.input_tokens;
        summary.output_tokens = (*result_)->routed.outcome.output_tokens;
    }
    follower_->ended(summary);
}

}  // namespace tenon::gateway
