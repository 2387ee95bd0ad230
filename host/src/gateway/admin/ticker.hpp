#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace tenon::gateway {

/// Calls a function at once and then at intervals, on an I/O thread.
///
/// \par Thread-safety
/// One thread; the destructor waits for a running call, so it is not for that I/O thread.
/// \par Object lifetimes
/// The I/O context outlives it.
class Ticker {
public:
    Ticker(boost::asio::io_context& io, std::chrono::milliseconds interval,
           std::function<void()> tick);
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;
    /// When it has returned, nothing is called.
    ~Ticker();

private:
    struct State;
    const std::shared_ptr<State> state_;
};

}  // namespace tenon::gateway
