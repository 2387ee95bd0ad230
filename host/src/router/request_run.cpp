#include "router/request_run.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace tenon::router {
namespace {

/// Those of the provider that is asked first, unless balancing or its state has another one asked.
const core::RetrySettings& retry_settings(const core::RetrySettings& usual, const Routing& routing,
                                          const core::Match& asked) {
    const auto& target = asked.route->tiers.front().targets.front();
    const core::RetrySettings* own = routing.upstream(target)->retry();
    return own != nullptr ? *own : usual;
}

std::optional<core::RetrySettings> own_settings(const core::RetrySettings& shared,
                                                const LogicalRequest& request) {
    if (request.max_attempts <= 0) return std::nullopt;
    core::RetrySettings own = shared;
    own.max_attempts = request.max_attempts;
    return own;
}

}  // namespace

RequestRun::RequestRun(const RunContext& context, std::shared_ptr<const Published> published,
                       const core::Match& asked, const LogicalRequest& request, HoldBack* hold,
                       const provider::CancelSignal& cancel)
    : context_(context),
      published_(std::move(published)),
      routing_(*published_->routing),
      logical_(request),
      hold_(hold),
      cancel_(cancel),
      providers_(routing_),
      key_(context_.random),
      request_(first_request(asked)),
      pin_(published_->pins.find(routing_.table(), *asked.route, request_.started)),
      plan_(routing_.table(), context_.failover, asked,
            {.deadline = request_.deadline, .session = request.session, .pin = pin_}),
      own_settings_(own_settings(retry_settings(context_.retry, routing_, asked), request)),
      settings_(own_settings_ ? *own_settings_ : retry_settings(context_.retry, routing_, asked)),
      retry_(settings_, request_.deadline),
      observation_(request.observer, context_.clock) {}

RequestRun::~RequestRun() {
    // Nobody needed it any more.
    count_end(core::Ending::cancelled);
    if (observation_ && !result_) {
        const Error left(Code::cancelled, "The request was given up.");
        observe_end(&left, nullptr);
    }
}

/// What all attempts have in common.
provider::AttemptRequest RequestRun::first_request(const core::Match& asked) const {
    provider::AttemptRequest request;
    request.operation = logical_.operation;
    request.idempotency_key =
        logical_.idempotency_key.empty() ? key_.view() : logical_.idempotency_key;
    request.trace_parent = logical_.trace_parent;
    request.stream = logical_.stream;
    request.limits = logical_.limits;
    request.started = context_.clock.now();
    request.deadline = request.started;
    // Who has most time decides: the others end their attempts by their own limits.
    for (const auto& tier : asked.route->tiers) {
        for (const auto& target : tier.targets) {
            const core::Limits limits =
                routing_.upstream(target)->limits(request.operation_class(), logical_.limits);
            request.deadline =
                std::max(request.deadline, core::Deadline(limits, request.started).total());
        }
    }
    return request;
}

RequestRun::Next RequestRun::next() {
    if (result_) return Next::end;
    if (cancel_.cancelled()) return end(Error(Code::cancelled, "The request was cancelled."));
    if (pause_) return Next::pause;
    const base::TimePoint now = context_.clock.now();
    if (!std::exchange(again_, false)) {
        const Next chosen = choose(now);
        if (chosen != Next::attempt) return chosen;
    }
    return start(now);
}

RequestRun::Next RequestRun::choose(base::TimePoint now) {
    const ChangeWaits::Change known = context_.changes.last();
    const int left = settings_.max_attempts - retry_.attempts();
    const core::Step step =
        plan_.next(now, left, providers_, routing_.balancers(context_.io_index), context_.random);
    if (const auto* error = std::get_if<Error>(&step)) return end(*error);
    if (const auto* wait = std::get_if<core::WaitUntil>(&step)) {
        pause_ = Pause{wait->time, known};
        wait_why_ = WaitWhy::nobody;
        return Next::pause;
    }
    go_to(std::get<core::Attempt>(step));
    return Next::attempt;
}

RequestRun::Pause RequestRun::take_pause() noexcept {
    observation_.wait_started(wait_why_, pause_->until);
    return *std::exchange(pause_, std::nullopt);
}

AttemptWhy RequestRun::why(const core::Attempt& attempt) const noexcept {
    if (first_ == nullptr) {
        const bool pinned = pin_ && attempt.target->provider == pin_->provider;
        if (pinned) return AttemptWhy::pinned;
        return attempt.in_spite ? AttemptWhy::last_resort : AttemptWhy::first_pick;
    }
    const bool same = target_->target == attempt.target;
    if (same && target_->in_spite == attempt.in_spite) return AttemptWhy::retry;
    return attempt.in_spite ? AttemptWhy::last_resort : AttemptWhy::fail_over;
}

void RequestRun::go_to(const core::Attempt& attempt) {
    const auto& chosen = routing_.upstream(*attempt.target);
    why_ = why(attempt);
    if (first_ == nullptr) {
        first_ = chosen.get();
        first_->counters().requests.start();
    } else if (upstream_ != &chosen && events_wanted()) {
        context_.events->publish(core::EventKind::fail_over, (*upstream_)->name(), {}, {},
                                 chosen->name() + " is asked instead: " + last_error_->message);
    }
    target_ = attempt;
    upstream_ = &chosen;
    std::string scratch;
    std::string_view model = core::model_at(*attempt.target, attempt.match, scratch);
    if (model != request_.model) body_.reset();
    if (!scratch.empty()) model = model_ = std::move(scratch);
    request_.model = model;
    request_.in_spite = attempt.in_spite;
}

RequestRun::Next RequestRun::start(base::TimePoint now) {
    lease_ = upstream().in_flight().take();
    // A back-off ends before the deadline, but timers are late.
    if (!retry_.attempt_started(now)) {
        return end(plan_.explain(*std::move(last_error_), now, providers_));
    }
    if (const auto written = write_body(); !written) return end(written.error());
    report_ = {};
    const auto trace_parent = observation_.attempt_started(upstream(), request_.model, why_);
    request_.trace_parent = trace_parent.empty() ? logical_.trace_parent : trace_parent;
    return Next::attempt;
}

Result<void> RequestRun::write_body() {
    if (body_) return {};
    auto body = logical_.body->for_model(request_.model);
    if (!body) return std::move(body).error();
    body_ = *std::move(body);
    request_.body = *body_;
    request_.own_body = &body_;
    return {};
}

void RequestRun::ended(Result<plugin::CallOutcome>&& outcome) {
    lease_.release();
    queue_wait_ += report_.queue_wait;
    admitted_ = admitted_ || report_.stop != core::Stop::not_admitted;
    if (outcome && hold_ != nullptr) hold_->deliver();
    if (hold_ != nullptr && hold_->problem()) {
        observation_.attempt_ended(report_, &*hold_->problem());
        broken(*hold_->problem());
    } else if (outcome) {
        succeeded(*std::move(outcome));
    } else {
        failed(std::move(outcome).error());
    }
}

void RequestRun::succeeded(plugin::CallOutcome&& outcome) {
    retry_.attempt_succeeded(&upstream().retry_budget());
    observation_.attempt_ended(report_, nullptr);
    observe_end(nullptr, &outcome);
    first_->counters().request_duration.record(context_.clock.now() - request_.started);
    count_end(core::Ending::succeeded);
    result_.emplace(Routed{.outcome = std::move(outcome),
                           .provider = upstream().name(),
                           .model = std::string(request_.model),
                           .attempts = retry_.attempts(),
                           .queue_wait = queue_wait_,
                           .total_wait = queue_wait_ + waited_});
}

void RequestRun::failed(Error error) {
    using Onward = core::AfterFailure::Onward;
    const base::TimePoint now = context_.clock.now();
    const bool committed = hold_ != nullptr && hold_->committed();
    if (committed) plan_.committed();
    const core::AfterFailure after = plan_.failed(*target_, error);
    const core::Outlook outlook = plan_.outlook(*target_, now, providers_);
    const core::FailedTry how{.stop = report_.stop,
                              .error = &error,
                              .committed = committed,
                              .dialing = report_.dialing,
                              .stale_connection = report_.stale_connection,
                              .admits = outlook.admits,
                              .plugin_retries = upstream().retries_internally(),
                              .alternatives = outlook.alternatives,
                              .other_model = after.onward == Onward::other_model,
                              .counts = after.counts,
                              .budget = &upstream().retry_budget()};
    const core::RetryDecision decision = retry_.attempt_failed(how, now, context_.random);
    upstream().counters().count(decision);
    observation_.attempt_ended(report_, &error, decision);
    if (after.onward == Onward::nowhere || decision.action == core::RetryAction::give_up) {
        if (decision.reason == core::RetryReason::attempts_exhausted && events_wanted()) {
            context_.events->publish(core::EventKind::retry_exhausted, upstream().name(), {}, {},
                                     error.message);
        }
        end(plan_.explain(std::move(error), now, providers_));
        return;
    }
    if (hold_ != nullptr) hold_->drop();
    again_ = decision.action != core::RetryAction::fail_over;
    why_ = decision.action == core::RetryAction::transparent_retry ? AttemptWhy::transparent_retry
                                                                   : AttemptWhy::retry;
    if (decision.wait > base::Duration::zero()) pause_ = Pause{now + decision.wait, std::nullopt};
    const bool throttled = decision.reason == core::RetryReason::throttled;
    wait_why_ = throttled ? WaitWhy::throttled : WaitWhy::backoff;
    last_error_ = std::move(error);
}

RequestRun::Next RequestRun::end(Error error) {
    lease_.release();
    if (failed_here_) {
        count_end(core::Ending::failed, error.code);
    } else if (error.code == Code::cancelled && cancel_.cancelled()) {
        count_end(core::Ending::cancelled);
    } else if (admitted_) {
        count_end(core::Ending::failed, error.code);
    } else {
        count_end(core::Ending::rejected);
    }
    observe_end(&error, nullptr);
    result_ = std::move(error);
    return Next::end;
}

void RequestRun::observe_end(const Error* error, const plugin::CallOutcome* outcome) noexcept {
    if (!observation_) return;
    observation_.request_ended({.error = error,
                                .outcome = outcome,
                                .attempts = retry_.attempts(),
                                .queue_wait = queue_wait_,
                                .paused = waited_});
}

/// Each start has one end.
void RequestRun::count_end(core::Ending ending, Code code) noexcept {
    if (first_ == nullptr) return;
    std::exchange(first_, nullptr)->counters().requests.end(ending, code);
}

bool RequestRun::events_wanted() const noexcept {
    return context_.events != nullptr && context_.events->wanted();
}

}  // namespace tenon::router
