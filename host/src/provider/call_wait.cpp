#include "provider/call_wait.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstdint>
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
    Attached(const CallWait& wait, const std::shared_ptr<IoWaker>& waker)
        : wait_(wait), waker_(*waker) {
        wait_.cancel.attach(waker);
        if (wait_.lease != nullptr) wait_.lease->attach(waker);
    }
    ~Attached() {
        wait_.cancel.attach(nullptr);
        if (wait_.lease != nullptr) wait_.lease->attach(nullptr);
        waker_.rest();
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

private:
    const CallWait& wait_;
    IoWaker& waker_;
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

/// The batch that this thread's readers use by turns, so that a stream in its steady state, and the
/// next one, allocate nothing. Whoever reads has it for himself.
class SharedBatch {
public:
    SharedBatch() noexcept { std::swap(batch, spare()); }
    ~SharedBatch() {
        batch.clear();
        std::swap(batch, spare());
    }
    SharedBatch(const SharedBatch&) = delete;
    SharedBatch& operator=(const SharedBatch&) = delete;

    plugin::DeltaBatch batch;

private:
    static plugin::DeltaBatch& spare() noexcept {
        thread_local plugin::DeltaBatch batch;
        return batch;
    }
};

/// One look at a call.
class Turn {
public:
    enum class Next : std::uint8_t { end, turn, call, sink };

    Turn(plugin::ActiveCall& call, const CallWait& wait, CallEnd& end) noexcept
        : call_(call), wait_(wait), end_(end) {}

    /// Returns what is to be waited for, which then wakes `waker`, if there is one.
    Next read(const std::shared_ptr<plugin::Waker>& waker);

    /// When what is being waited for has to have come.
    [[nodiscard]] base::TimePoint limit() const noexcept {
        return wait_.deadline.phase_deadline(phase(), since());
    }

private:
    [[nodiscard]] core::Phase phase() const noexcept {
        return end_.first_byte ? core::Phase::idle : core::Phase::first_byte;
    }
    [[nodiscard]] base::TimePoint since() const noexcept {
        return std::max(wait_.called, end_.moved);
    }
    Next give_up(core::Stop stop, Error error) noexcept {
        end_.stop = stop;
        end_.outcome.ok = false;
        end_.outcome.error = std::move(error);
        return Next::end;
    }

    plugin::ActiveCall& call_;
    const CallWait& wait_;
    CallEnd& end_;
};

Turn::Next Turn::read(const std::shared_ptr<plugin::Waker>& waker) {
    if (wait_.cancel.cancelled()) return give_up(core::Stop::caller_cancelled, cancelled());
    const bool readable = wait_.sink == nullptr || wait_.sink->ready(waker);
    SharedBatch shared;
    const plugin::DeltaBatch& batch = shared.batch;
    end_.finished = readable && call_.take(shared.batch, waker, &end_.outcome);
    // Before the limits: an answer that is there has come in time.
    if (end_.finished && batch.empty()) return Next::end;
    const auto now = wait_.clock.now();
    if (!batch.empty()) {
        if (!end_.first_byte) end_.first_byte = now;
        if (wait_.sink != nullptr) wait_.sink->on_deltas(batch);
        end_.moved = now;
    }
    if (end_.finished) return Next::end;
    if (wait_.lease != nullptr && wait_.lease->interrupted()) {
        return give_up(core::Stop::none, interrupted());
    }
    const core::Deadline& deadline = wait_.deadline;
    if (!readable) {  // the reader is slow, not the provider
        if (!deadline.expired(now)) return Next::sink;
        return give_up(core::Stop::caller_deadline, deadline.error_of(core::Phase::total));
    }
    if (const auto late = deadline.expired_phase(phase(), since(), now)) {
        return give_up(deadline.stop_of(*late, phase(), wait_.began, now),
                       deadline.error_of(*late));
    }
    return batch.empty() ? Next::call : Next::turn;
}

}  // namespace

bool read_now(plugin::ActiveCall& call, const CallWait& wait, CallEnd& end) {
    return Turn(call, wait, end).read(nullptr) == Turn::Next::end;
}

net::Awaitable<void> read_all(plugin::ActiveCall& call, CallWait wait, CallEnd& end) {
    const auto waker = std::make_shared<IoWaker>(wait.io);
    const Attached attached(wait, waker);
    Turn turn(call, wait, end);
    for (int count = 1;; ++count) {
        switch (turn.read(waker)) {
            case Turn::Next::end: co_return;
            case Turn::Next::turn:
                if (count % kTurns == 0) co_await boost::asio::post(wait.io, net::UseAwaitable());
                break;
            case Turn::Next::call: co_await waker->wait_on(turn.limit()); break;
            case Turn::Next::sink:
                co_await waker->wait_on(wait.deadline.total());
                end.moved = wait.clock.now();
                break;
        }
    }
}

}  // namespace tenon::provider
