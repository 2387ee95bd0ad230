#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/result.hpp"

namespace boost::asio {
class io_context;
}

namespace tenon::net {

/// Where a server listens.
struct ListenEndpoint {
    /// An address, or a name that is looked up; of several addresses the first one, IPv4 before
    /// IPv6. "::" is IPv4 as well, unless the system is configured otherwise.
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;      ///< 0 = one that the system chooses
    std::string unix_path = {};  ///< a Unix-domain socket instead, mode 0600
    bool tls = false;

    /// "127.0.0.1:8080" or "unix:/run/tenon.sock"
    [[nodiscard]] std::string name() const;
};

/// A connection that was accepted; whoever gets it closes the descriptor.
struct Accepted {
    int fd = -1;  ///< non-blocking, close-on-exec
    std::string peer;
};

/// The listening sockets of one endpoint.
///
/// A Unix-domain socket's file is made with mode 0600 and removed by the destructor, if it is still
/// the same. A file that a dead process left behind is replaced; one that somebody listens on, or
/// that is no socket, is an error.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class Listener {
public:
    /// Binds and listens. \param sockets how many the kernel shall share connections out to
    /// (SO_REUSEPORT); size() is 1 if it cannot.
    /// Errors: Code::invalid (bad host or path), Code::unavailable (in use, not allowed).
    [[nodiscard]] static Result<std::unique_ptr<Listener>> open(const ListenEndpoint& endpoint,
                                                                std::size_t sockets);
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    ~Listener();

    /// With the port that was chosen.
    [[nodiscard]] const ListenEndpoint& endpoint() const noexcept { return endpoint_; }
    [[nodiscard]] std::size_t size() const noexcept { return sockets_.size(); }
    /// Hands one of the sockets over, once.
    [[nodiscard]] int release(std::size_t index) noexcept;

private:
    explicit Listener(const ListenEndpoint& endpoint) : endpoint_(endpoint) {}
    Result<void> open_tcp(std::size_t sockets);
    Result<void> open_unix();
    Result<void> replace_stale_file() const;
    [[nodiscard]] Error failure(std::string_view what, int reason) const;

    ListenEndpoint endpoint_;
    std::vector<int> sockets_;
    std::uint64_t file_device_ = 0;
    std::uint64_t file_number_ = 0;  ///< of the socket's file; 0 = none
};

/// Accepts connections of one listening socket on one I/O thread.
///
/// When descriptors or memory run out, it tries again ten times a second instead of spinning.
///
/// \par Thread-safety
/// I/O thread only, except the constructor.
class Acceptor {
public:
    struct Sink {
        std::function<void(Accepted)> accepted;
        std::function<void(std::string_view)> trouble;  ///< once for each episode
    };

    /// Takes the listening socket over.
    Acceptor(boost::asio::io_context& io, int fd, Sink sink);
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;
    ~Acceptor();

    void start();
    /// Accepts what is waiting already, then closes the socket. Idempotent.
    void stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace tenon::net
