#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace tenon::net {

/// A timer on one I/O thread.
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>,
                                                boost::asio::io_context::executor_type>;

/// The completion token of coroutines on an I/O thread.
using UseAwaitable = boost::asio::use_awaitable_t<boost::asio::io_context::executor_type>;

}  // namespace tenon::net
