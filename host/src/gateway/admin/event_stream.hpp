#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "gateway/admin/event_ring.hpp"
#include "net/awaitable.hpp"
#include "transport/http_handler.hpp"

namespace tenon::gateway {

struct EventStreamOptions {
    std::optional<std::uint64_t> since = {};  ///< as EventRing::listen()
    std::string started = {};                 ///< when the daemon did; numbers begin anew with it
    std::chrono::milliseconds keep_alive = std::chrono::seconds(15);
};

/// Answers with the events as server-sent events, until the client has left or the ring is closed.
/// Whoever reads too slowly is told by a comment how many events were lost.
/// \param io of the thread that this runs on
net::Awaitable<void> stream_events(EventRing& ring, transport::ResponseWriter& response,
                                   EventStreamOptions options, boost::asio::io_context& io);

}  // namespace tenon::gateway
