#include "gateway/api/stream_pipe.hpp"

namespace tenon::gateway {

void StreamPipe::begin() {
    if (std::exchange(begun_, true)) return;
    writer_.begin(waiting_);
}

void StreamPipe::on_deltas(const plugin::DeltaBatch& batch) {
    last_delta_ = clock_.now();
    if (!first_delta_) first_delta_ = last_delta_;
    if (follower_ != nullptr) follower_->delta(last_delta_);
    begin();
    batch.for_each([this](const Delta& delta) {
        writer_.delta(waiting_, delta);
        entry_.delta();
    });
    if (!waiting_.empty()) waker_->wake();
}

bool StreamPipe::ready(const std::shared_ptr<plugin::Waker>& waker) {
    if (waiting_.size() < kMostWaiting) return true;
    provider_ = waker;
    return false;
}

const std::string& StreamPipe::take() {
    sending_.clear();
    std::swap(sending_, waiting_);
    if (provider_) std::exchange(provider_, nullptr)->wake();
    return sending_;
}

void StreamPipe::keep_alive(bool event_stream) {
    if (begun_) {
        writer_.keep_alive(waiting_);
    } else if (event_stream) {
        waiting_ += ": keep-alive\n\n";
    }
}

void StreamPipe::end(const AnswerEnd& end) {
    begin();
    writer_.end(waiting_, end);
}

void StreamPipe::error(const Error& error) {
    begin();
    writer_.error(waiting_, error);
}

}  // namespace tenon::gateway
