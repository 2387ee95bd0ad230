#include "runtime/chat_sinks.hpp"

#include <exception>
#include <utility>

namespace tenon::runtime {
namespace {

/// A mailbox with more than this is full until it has been emptied.
constexpr std::size_t kMailboxBytes = std::size_t{256} * 1024;

host::DeltaKind to_kind(std::uint32_t kind) noexcept {
    switch (kind) {
        case TENON_DELTA_TEXT: return host::DeltaKind::text;
        case TENON_DELTA_REASONING: return host::DeltaKind::reasoning;
        case TENON_DELTA_TOOL_CALL: return host::DeltaKind::tool_call;
        case TENON_DELTA_USAGE: return host::DeltaKind::usage;
        case TENON_DELTA_META: return host::DeltaKind::meta;
        default: return host::DeltaKind::none;
    }
}

void hand_over(const plugin::DeltaBatch& batch, const host::OnDelta& on_delta) {
    batch.for_each([&](const Delta& delta) {
        on_delta({to_kind(delta.kind), delta.choice, delta.index, delta.data, delta.tool_call_id,
                  delta.tool_name, delta.raw});
    });
}

}  // namespace

void CallbackSink::on_deltas(const plugin::DeltaBatch& batch) {
    if (problem_) return;
    try {
        hand_over(batch, on_delta_);
        return;
    } catch (const std::exception& e) {
        problem_ =
            Error(Code::internal,
                  std::string("the caller's delta callback threw an exception: ") + e.what());
    } catch (...) {
        problem_ = Error(Code::internal, "the caller's delta callback threw an exception");
    }
    cancel_->cancel();
}

void Mailbox::on_deltas(const plugin::DeltaBatch& batch) {
    const std::lock_guard lock(mutex_);
    batch.for_each([this](const Delta& delta) { queue_.push(delta); });
    changed_.notify_one();
}

bool Mailbox::ready(const std::shared_ptr<plugin::Waker>& waker) {
    const std::lock_guard lock(mutex_);
    if (queue_.bytes() < kMailboxBytes) return true;
    waker_ = waker;
    return false;
}

void Mailbox::finish(Result<host::ChatAnswer> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    changed_.notify_one();
}

Result<host::ChatAnswer> Mailbox::deliver(const host::OnDelta& on_delta) {
    plugin::DeltaBatch batch;
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return !queue_.empty() || answer_.has_value(); });
        if (queue_.empty()) return *std::move(answer_);
        std::swap(batch, queue_);
        const auto waker = std::exchange(waker_, nullptr);
        lock.unlock();
        if (waker) waker->wake();
        if (on_delta) hand_over(batch, on_delta);
        batch.clear();
        lock.lock();
    }
}

void Collector::on_deltas(const plugin::DeltaBatch& batch) {
    streamed_ = true;
    batch.for_each([this](const Delta& delta) { builder_.add(delta); });
    if (next_ != nullptr) next_->on_deltas(batch);
}

}  // namespace tenon::runtime
