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

/// What a wait for the end of a call obeys. All of it lives until the end.
struct CallWait {
    const base::Clock& clock;
    boost::asio::io_context& io;
    CancelSignal& cancel;
    const core::Deadline& deadline;
    base::TimePoint began;                               ///< the attempt
    DeltaSink* sink = nullptr;                           ///< nullptr = nobody reads deltas
    ConnectionManager::Lease* lease = nullptr;           ///< its interruption ends the wait
    core::Phase until_answer = core::Phase::first_byte;  ///< what its limit is, before any delta
};

/// How a wait ended.
struct CallEnd {
    core::Stop stop = core::Stop::none;  ///< none and no error: the call is finished
    std::optional<Error> error = {};     ///< then the call is not finished
    std::optional<base::TimePoint> first_byte = {};
};

/// Hands deltas to the sink and waits until the call is finished, or one of its limits has passed,
/// or nobody wants it any more: a plugin may need longer than its caller is willing to wait.
/// What a sink throws passes.
/// \par Thread-safety
/// On the I/O thread of `wait.io`.
[[nodiscard]] net::Awaitable<CallEnd> wait_for_end(plugin::ActiveCall& call, const CallWait& wait);

}  // namespace tenon::provider
