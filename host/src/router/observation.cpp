#include "router/observation.hpp"

#include <utility>

namespace tenon::router {

std::string_view Observation::attempt_started(const provider::Upstream& upstream,
                                              std::string_view model, AttemptWhy why) {
    if (observer_ == nullptr) return {};
    attempt_ = clock_.now();
    return observer_->attempt_started({.number = ++number_,
                                       .provider = upstream.name(),
                                       .model = model,
                                       .why = why,
                                       .time = *attempt_});
}

void Observation::attempt_ended(const provider::AttemptReport& report, const Error* error,
                                std::optional<core::RetryDecision> decision) noexcept {
    if (observer_ == nullptr || !attempt_) return;
    const base::TimePoint began = *std::exchange(attempt_, std::nullopt);
    const base::TimePoint now = clock_.now();
    observer_->attempt_ended({.number = number_,
                              .error = error,
                              .time = now,
                              .duration = now - began,
                              .queue_wait = report.queue_wait,
                              .first_byte = report.first_byte,
                              .stop = report.stop,
                              .dialing = report.dialing,
                              .decision = decision});
}

void Observation::wait_started(WaitWhy why, base::TimePoint until) noexcept {
    if (observer_ == nullptr) return;
    waiting_ = true;
    observer_->wait_started({.why = why, .time = clock_.now(), .until = until});
}

void Observation::wait_ended() noexcept {
    if (observer_ == nullptr || !std::exchange(waiting_, false)) return;
    observer_->wait_ended(clock_.now());
}

void Observation::request_ended(RequestEnd end) noexcept {
    if (observer_ == nullptr) return;
    wait_ended();
    attempt_ended({}, end.error);
    end.time = clock_.now();
    std::exchange(observer_, nullptr)->request_ended(end);
}

}  // namespace tenon::router
