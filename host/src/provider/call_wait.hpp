#pragma once

#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "core/deadline.hpp"
#include "core/outcome.hpp"
#include "net/awaitable.hpp"
#include "plugin/proxy.hpp"
#include "provider/cancel_signal.hpp"
#include "provider/connection_manager.hpp"
#include "provider/upstream.hpp"

namespace tenon::provider {

/// What the reader of a call obeys. All of it lives until the end.
struct CallWait {
    const base::Clock& clock;
    boost::asio::io_context& io;
    CancelSignal& cancel;
    const core::Deadline& deadline;
    base::TimePoint began;                      ///< the attempt
    base::TimePoint called;                     ///< the plugin
    DeltaSink* sink = nullptr;                  ///< nullptr = nobody reads deltas
    ConnectionManager::Lease* lease = nullptr;  ///< its interruption ends the wait
};

/// How far a call has been read, and how it ended.
struct CallEnd {
    bool finished = false;  ///< by the plugin; else the host gave it up, for outcome.error
    core::Stop stop = core::Stop::none;
    std::optional<base::TimePoint> first_byte = {};
    base::TimePoint moved = base::TimePoint::min();  ///< the answer, or its reader was ready again
    plugin::CallOutcome outcome = {};
};

// A call is read until it is finished, or one of its limits has passed, or nobody wants it any
// more: a plugin may need longer than its caller is willing to wait. Deltas go to the sink, and
// what that throws passes. On the I/O thread of `wait.io`.

/// Takes what is there, without waiting. Returns whether that was all.
[[nodiscard]] bool read_now(plugin::ActiveCall& call, const CallWait& wait, CallEnd& end);

/// Waits for all.
[[nodiscard]] net::Awaitable<void> read_all(plugin::ActiveCall& call, CallWait wait, CallEnd& end);

}  // namespace tenon::provider
