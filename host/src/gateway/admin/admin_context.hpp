#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "gateway/api/key_usage.hpp"
#include "gateway/api/request_in_flight.hpp"
#include "tenon/host/host.hpp"
#include "tenon/result.hpp"

namespace tenon::net {
class IoThreads;
}

/// What the admin API shows and steers, in its own words, so that it depends on none of those who
/// do it.
namespace tenon::gateway {

/// What does not change while the daemon runs.
struct DaemonInfo {
    std::string version;
    std::int64_t pid = 0;
    host::Time started;
    base::TimePoint up_since;  ///< the same moment on the monotonic clock
    std::string config_file;   ///< empty = none
    std::string state_file;    ///< empty = none
};

/// Of the LLM routes.
struct RequestCounts {
    std::uint64_t in_flight = 0;
    std::uint64_t waiting = 0;  ///< those of them that nobody works on yet
    std::uint64_t total = 0;    ///< ever begun
};

using host::ReloadReport;

/// A request that is kept until somebody can be asked.
struct OfflineRequest {
    std::string id;
    std::string model;
    host::Time queued;
};

/// Everything that the admin API needs. Functions that are empty stand for what the daemon does not
/// have: lists are empty then, commands are answered with 501.
///
/// \par Thread-safety
/// The functions are called on all I/O threads at once, and must not block.
/// \par Object lifetimes
/// Host and threads outlive the API; a callback that was given to a start_ function may be called
/// after it, and then does nothing.
struct AdminContext {
    template <class T>
    using OnDone = std::function<void(Result<T>)>;

    host::Host& host;
    net::IoThreads& io;  ///< those that handle() is called on
    DaemonInfo daemon = {};

    /// "http://127.0.0.1:8080"
    std::function<std::vector<std::string>()> listen = {};
    std::function<bool()> ready = {};  ///< empty = always
    std::function<RequestCounts()> request_counts = {};
    std::function<std::vector<RequestInFlight>()> requests = {};
    std::function<std::vector<KeyUsage>()> keys = {};  ///< of clients; empty = there are none
    /// Returns whether there was such a request.
    std::function<bool(std::string_view id)> cancel_request = {};

    /// As Host::statistics(), but the times are those since the last call: for the history, which
    /// asks every `history_interval`. Empty = the times since ever.
    std::function<std::vector<host::ProviderStatistics>()> recent_statistics = {};

    /// The newest traces, newest first, as a JSON array.
    std::function<std::string(std::size_t limit)> traces = {};
    /// One trace as a JSON object, by its id, its request's id, or a prefix of them.
    /// Errors: Code::not_found; Code::invalid if the prefix fits several.
    std::function<Result<std::string>(std::string_view id)> trace = {};

    /// Calls back once, on any thread, never inside. Errors: Code::invalid with every problem;
    /// nothing has changed then.
    std::function<void(OnDone<ReloadReport>)> start_reload = {};

    bool offline_enabled = false;
    std::function<std::size_t()> offline_queued = {};
    /// As start_reload; oldest first.
    std::function<void(OnDone<std::vector<OfflineRequest>>)> start_offline_list = {};

    std::chrono::milliseconds keep_alive = std::chrono::seconds(15);  ///< between comments
    std::chrono::milliseconds history_interval = std::chrono::seconds(5);
};

}  // namespace tenon::gateway
