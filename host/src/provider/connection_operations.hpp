#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "provider/cancel_signal.hpp"
#include "tenon/result.hpp"

namespace tenon::provider {

/// A connection as the pool knows it: the plugin's pointer as a number, 0 for stateless providers.
using ConnHandle = std::uint64_t;

/// What can be done with the connections of one provider. Implemented by the provider around its
/// plugin, and by tests.
///
/// \par Thread-safety
/// The coroutines run on the I/O thread whose index they are given, disconnect() on any I/O thread;
/// never on the stack of a caller of ConnectionManager. They end soon after their deadline, or
/// after `cancel`, whatever the plugin does, and do not throw.
class ConnectionOperations {
public:
    virtual ~ConnectionOperations() = default;
    /// Makes one connection. That it is none, or one that is there already, counts as a failure.
    virtual net::Awaitable<Result<ConnHandle>> connect(std::shared_ptr<CancelSignal> cancel,
                                                       base::TimePoint deadline,
                                                       std::size_t io_index) = 0;
    virtual void disconnect(ConnHandle conn) noexcept = 0;
    /// Asks over `conn` (0 = over none) whether the server is alive. The server's version, may be
    /// empty.
    virtual net::Awaitable<Result<std::string>> check(ConnHandle conn,
                                                      std::shared_ptr<CancelSignal> cancel,
                                                      base::TimePoint deadline,
                                                      std::size_t io_index) = 0;
};

}  // namespace tenon::provider
