#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "provider/provider.hpp"
#include "tenon/host/host.hpp"
#include "wire/chat_answer_builder.hpp"

/// Where the deltas of one chat request go: Collector, which keeps the answer, and behind it either
/// the caller's callback on the I/O thread or a mailbox that the caller's own thread empties.
namespace tenon::runtime {

/// Calls the user's callback on the I/O thread.
///
/// \par Exception safety
/// What the callback throws ends the request: it is cancelled, and problem() tells why.
class CallbackSink final : public provider::DeltaSink {
public:
    CallbackSink(host::OnDelta on_delta, std::shared_ptr<provider::CancelSignal> cancel)
        : on_delta_(std::move(on_delta)), cancel_(std::move(cancel)) {}

    void on_deltas(const plugin::DeltaBatch& batch) override;
    bool ready(const std::shared_ptr<plugin::Waker>&) override { return true; }

    [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }

private:
    host::OnDelta on_delta_;
    std::shared_ptr<provider::CancelSignal> cancel_;
    std::optional<Error> problem_;
};

/// Carries deltas, and at last the answer, from the I/O thread to the thread that waits.
///
/// \par Thread-safety
/// deliver(): the waiting thread; everything else: any thread.
class Mailbox final : public provider::DeltaSink {
public:
    void on_deltas(const plugin::DeltaBatch& batch) override;
    bool ready(const std::shared_ptr<plugin::Waker>& waker) override;

    /// Once and last.
    void finish(Result<host::ChatAnswer> answer);

    /// Waits for the answer; hands what comes before to `on_delta` (may be empty) on this thread.
    /// Lets exceptions of `on_delta` pass; then call it again without callback to wait for the end.
    [[nodiscard]] Result<host::ChatAnswer> deliver(const host::OnDelta& on_delta);

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    plugin::DeltaBatch queue_;
    std::shared_ptr<plugin::Waker> waker_;  ///< of the I/O side, while it waits for room
    std::optional<Result<host::ChatAnswer>> answer_;
};

/// Keeps what passes through, so that a streamed answer can be returned whole.
class Collector final : public provider::DeltaSink {
public:
    /// \param next may be nullptr.
    explicit Collector(provider::DeltaSink* next) : next_(next) {}

    void on_deltas(const plugin::DeltaBatch& batch) override;
    bool ready(const std::shared_ptr<plugin::Waker>& waker) override {
        return next_ == nullptr || next_->ready(waker);
    }

    /// Has any delta passed?
    [[nodiscard]] bool streamed() const noexcept { return streamed_; }
    [[nodiscard]] const wire::ChatAnswerBuilder& builder() const noexcept { return builder_; }

private:
    provider::DeltaSink* next_;
    wire::ChatAnswerBuilder builder_;
    bool streamed_ = false;
};

}  // namespace tenon::runtime
