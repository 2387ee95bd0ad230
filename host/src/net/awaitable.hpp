#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace tenon::net {

/// A coroutine on one of the I/O threads. The concrete executor type keeps Asio from type-erasing
/// every operation.
template <class T>
using Awaitable = boost::asio::awaitable<T, boost::asio::io_context::executor_type>;

}  // namespace tenon::net
