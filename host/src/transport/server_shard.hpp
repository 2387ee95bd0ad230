#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/listener.hpp"
#include "net/timer.hpp"
#include "transport/http_server.hpp"

namespace boost::asio::ssl {
class context;
}

namespace tenon::transport {

class ServerConnection;

/// What one server counts, on all threads.
///
/// \par Thread-safety
/// Any thread.
struct ServerStats {
    std::atomic<std::size_t> open{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> turned_away{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> timed_out{0};
    std::atomic<std::uint64_t> clients_gone{0};

    static void count(std::atomic<std::uint64_t>& what) noexcept {
        what.fetch_add(1, std::memory_order_relaxed);
    }
};

/// What the parts of one server share.
struct ServerContext {
    HttpHandler& handler;
    const HttpServerOptions options;
    std::shared_ptr<boost::asio::ssl::context> tls = nullptr;
    ServerStats stats = {};
};

/// The part of a server that lives on one I/O thread: its acceptors and connections.
///
/// \par Thread-safety
/// I/O thread only, except the constructor.
class ServerShard : public std::enable_shared_from_this<ServerShard> {
public:
    /// \param context must live until the drain is over.
    ServerShard(boost::asio::io_context& io, std::size_t io_index, ServerContext& context);
    ~ServerShard();

    void add_acceptor(int fd, net::Acceptor::Sink sink);
    /// Accepts what is waiting, then no more.
    void stop_accepting();

    /// Takes a connection over.
    void adopt(net::Accepted accepted, bool tls);

    /// Closes idle connections, and all of them after `grace`. `done` is called when none is left,
    /// once, perhaps at once.
    void drain(std::chrono::milliseconds grace, std::function<void()> done);
    [[nodiscard]] bool draining() const noexcept { return draining_; }

    /// \name For connections
    /// @{
    [[nodiscard]] ServerContext& context() noexcept { return context_; }
    [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] std::size_t io_index() const noexcept { return io_index_; }
    /// The present time as HTTP writes it.
    [[nodiscard]] std::string_view date();

    using Place = std::list<ServerConnection*>::iterator;
    void set_idle(Place place) { idle_.splice(idle_.end(), busy_, place); }
    void set_busy(Place place) { busy_.splice(busy_.end(), idle_, place); }
    /// @}

private:
    [[nodiscard]] bool make_room();
    void remove(Place place, bool counted);
    void abort_all();
    void finish_drain();

    boost::asio::io_context& io_;
    const std::size_t io_index_;
    ServerContext& context_;
    std::vector<std::unique_ptr<net::Acceptor>> acceptors_;
    std::list<ServerConnection*> busy_;
    std::list<ServerConnection*> idle_;  ///< between two requests; the longest first
    std::size_t turning_away_ = 0;
    bool draining_ = false;
    bool drained_ = false;
    std::function<void()> drain_done_;
    net::Timer grace_;
    std::int64_t date_seconds_ = -1;
    std::string date_;
};

}  // namespace tenon::transport
