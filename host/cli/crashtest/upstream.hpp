#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/crashtest/socket.hpp"
#include "tenon/result.hpp"

namespace tenon::cli::crashtest {

/// One chat request that an upstream has got, and the connection that it came on.
///
/// \par Thread-safety
/// The thread of the script.
class Exchange {
public:
    virtual ~Exchange() = default;

    /// Among the chat requests of this upstream, from 1.
    [[nodiscard]] virtual int number() const noexcept = 0;
    /// Among those of this connection, from 1.
    [[nodiscard]] virtual int number_here() const noexcept = 0;
    [[nodiscard]] virtual const std::string& model() const noexcept = 0;
    [[nodiscard]] virtual bool wants_stream() const noexcept = 0;
    /// Of the last message.
    [[nodiscard]] virtual const std::string& last_role() const noexcept = 0;

    /// false = the peer has gone, or the upstream ends.
    virtual bool send(std::string_view bytes) = 0;
    /// \copydoc send()
    virtual bool pause(std::chrono::milliseconds time) = 0;
    /// Says nothing until the peer has gone.
    virtual void keep_silent() = 0;
    virtual void reset() = 0;
    virtual void close() = 0;
};

/// A model server that does what a script says, over real sockets, one thread for each connection.
/// It lists its models always: health checks find nothing wrong.
///
/// \par Thread-safety
/// Any thread; destroyed by one.
class Upstream {
public:
    /// Answers one chat request, on the connection's thread. The connection goes on with the next
    /// request unless the script has closed it.
    using Script = std::function<void(Exchange& exchange)>;

    [[nodiscard]] static Result<std::unique_ptr<Upstream>> open(Script script);
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;
    ~Upstream();

    [[nodiscard]] std::uint16_t port() const noexcept;
    /// What a provider of the OpenAI family has as its "base_url".
    [[nodiscard]] std::string base_url() const;
    /// For requests that come from now on.
    void play(Script script);

    /// When each chat request had arrived whole, in order.
    [[nodiscard]] std::vector<Clock::time_point> arrivals() const;
    [[nodiscard]] std::uint64_t requests() const { return arrivals().size(); }

private:
    class Impl;
    explicit Upstream(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::cli::crashtest
