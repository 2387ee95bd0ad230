#pragma once

#include <memory>

#include "base/clock.hpp"
#include "net/timer.hpp"

namespace tenon::net {

/// A time limit that is moved often and passes rarely: a later one leaves the timer running, which
/// looks again when it fires.
///
/// \par Thread-safety
/// I/O thread only.
class TimeLimit {
public:
    class Owner {
    public:
        /// The limit has passed; it is not set any more. The limit may be destroyed here.
        virtual void on_limit() noexcept = 0;

    protected:
        ~Owner() = default;
    };

    TimeLimit(boost::asio::io_context& io, Owner& owner)
        : state_(std::make_shared<State>(io, owner)) {}
    TimeLimit(const TimeLimit&) = delete;
    TimeLimit& operator=(const TimeLimit&) = delete;
    ~TimeLimit() {
        state_->owner = nullptr;
        state_->timer.cancel();
    }

    void set(base::TimePoint until) {
        state_->until = until;
        if (until < state_->armed) arm(state_, until);
    }
    void clear() noexcept { state_->until = base::kNoDeadline; }

private:
    struct State {
        State(boost::asio::io_context& io, Owner& owner_in) : timer(io), owner(&owner_in) {}

        Timer timer;
        Owner* owner;  ///< nullptr = the limit is gone
        base::TimePoint until = base::kNoDeadline;
        base::TimePoint armed = base::kNoDeadline;
    };

    static void arm(const std::shared_ptr<State>& state, base::TimePoint at) {
        state->armed = at;
        state->timer.expires_at(at);
        state->timer.async_wait([state](const boost::system::error_code& error) {
            if (!error && state->owner != nullptr) look(state);
        });
    }

    static void look(const std::shared_ptr<State>& state) {
        state->armed = base::kNoDeadline;
        if (state->until == base::kNoDeadline) return;
        if (std::chrono::steady_clock::now() < state->until) return arm(state, state->until);
        state->until = base::kNoDeadline;
        state->owner->on_limit();
    }

    std::shared_ptr<State> state_;
};

}  // namespace tenon::net
