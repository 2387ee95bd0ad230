#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "net/timer.hpp"
#include "tenon/result.hpp"

namespace tenon::net {

/// One look-up. The system's resolver cannot be interrupted, so a look-up that outlives its
/// deadline is left to itself: this state stays alive until it ends, and its result is dropped.
struct ResolveState {
    explicit ResolveState(boost::asio::io_context& io) : resolver(io), changed(io) {}

    /// Ends the wait with Code::cancelled.
    void interrupt() {
        interrupted = true;
        changed.cancel();
    }

    boost::asio::ip::basic_resolver<boost::asio::ip::tcp, boost::asio::io_context::executor_type>
        resolver;
    Timer changed;
    std::vector<boost::asio::ip::tcp::endpoint> endpoints;
    boost::system::error_code error;
    bool done = false;
    bool interrupted = false;
};

/// The addresses of a host, a literal address included. On the state's I/O thread.
/// Errors: Code::unavailable (no such name), Code::deadline, Code::cancelled.
Awaitable<Result<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(
    std::shared_ptr<ResolveState> state, const std::string& host, std::uint16_t port,
    base::TimePoint deadline);

}  // namespace tenon::net
