#include "provider/call_wait.hpp"

#include <boost/asio/post.hpp>

#include <utility>

#include "provider/io_waker.hpp"

namespace tenon::provider {
namespace {

/// Turns of a stream without a pause after which other work of the I/O thread comes first.
constexpr int kTurns = 16;

/// Makes the signals wake who waits for the call. They may outlive the I/O threads, the waker must
/// not.
class Attached {
public:
    Attached(const CallWait& wait, const std::shared_ptr<IoWaker>& waker) : wait_(wait) {
        wait_.cancel.attach(waker);
        if (wait_.lease != nullptr) wait_.lease->attach(waker);
    }
    ~Attached() {
        wait_.cancel.attach(nullptr);
        if (wait_.lease != nullptr) wait_.lease->attach(nullptr);
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

private:
    const CallWait& wait_;
};

Error cancelled() {
    return Error(Code::cancelled, "the request was cancelled");
}

Error interrupted() {
    Error error(Code::unavailable, "its connections were closed while it answered");
    error.scope = Scope::request;
    error.retryable = true;
    return error;
}

/// Where the call stands.
struct Progress {
    core::Phase phase;
    base::TimePoint since;  ///< when the phase began, or the answer last moved

    [[nodiscard]] std::optional<CallEnd> expired(const CallWait& wait, base::TimePoint now) const {
        const auto limit = wait.deadline.expired_phase(phase, since, now);
        if (!limit) return std::nullopt;
        return CallEnd{.stop = wait.deadline.stop_of(*limit, phase, wait.began, now),
                       .error = wait.deadline.error_of(*limit)};
    }
};

}  // namespace

net::Awaitable<CallEnd> wait_for_end(plugin::ActiveCall& call, const CallWait& wait) {
    CallEnd end;
    const auto waker = std::make_shared<IoWaker>(wait.io);
    const Attached attached(wait, waker);
    plugin::DeltaBatch batch;
    Progress progress{wait.until_answer, wait.clock.now()};
    const auto stopped = [&](CallEnd how) {
        how.first_byte = end.first_byte;
        return how;
    };
    for (int turn = 1;; ++turn) {
        if (wait.cancel.cancelled()) {
            co_return stopped({.stop = core::Stop::caller_cancelled, .error = cancelled()});
        }
        const bool readable = wait.sink == nullptr || wait.sink->ready(waker);
        const bool finished = readable && call.take(batch, waker);
        const auto now = wait.clock.now();
        if (readable && !batch.empty()) {
            if (!end.first_byte) end.first_byte = now;
            if (wait.sink != nullptr) wait.sink->on_deltas(batch);
            progress = {core::Phase::idle, now};
        }
        // Before the limits: an answer that is there has come in time.
        if (finished) co_return end;
        if (wait.lease != nullptr && wait.lease->interrupted()) {
            co_return stopped({.error = interrupted()});
        }
        if (!readable) {  // the reader is slow, not the provider
            if (wait.deadline.expired(now)) {
                co_return stopped({.stop = core::Stop::caller_deadline,
                                   .error = wait.deadline.error_of(core::Phase::total)});
            }
            co_await waker->wait(wait.deadline.total());
            progress.since = wait.clock.now();
        } else if (auto late = progress.expired(wait, now)) {
            co_return stopped(*std::move(late));
        } else if (batch.empty()) {
            co_await waker->wait(wait.deadline.phase_deadline(progress.phase, progress.since));
        } else if (turn % kTurns == 0) {
            co_await boost::asio::post(wait.io, net::UseAwaitable());
        }
    }
}

}  // namespace tenon::provider
