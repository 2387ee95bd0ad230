#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

namespace tenon::net {

/// Work for an I/O thread.
class SoonTask {
public:
    virtual void run_soon() noexcept = 0;

protected:
    ~SoonTask() = default;
};

/// Has the task run on the I/O thread, never inside of this call: whoever asks may hold a lock or
/// have a plugin on his stack. If the calling thread is that thread and has a SoonScope open, the
/// task runs at the scope's end, which saves a turn of the event loop; else it is posted.
///
/// \par Thread-safety
/// Any thread.
void soon(boost::asio::io_context& io, std::shared_ptr<SoonTask> task) noexcept;

/// Runs at its end, in order, what soon() was given meanwhile, and what comes of that. Stands
/// around a call that may ask for such work, where neither lock nor plugin is on the stack: what
/// runs may resume coroutines. A scope within a scope has no effect.
///
/// \par Thread-safety
/// The I/O thread. No coroutine may be suspended while its scope is open.
class SoonScope {
public:
    explicit SoonScope(boost::asio::io_context& io) noexcept;
    ~SoonScope();
    SoonScope(const SoonScope&) = delete;
    SoonScope& operator=(const SoonScope&) = delete;

private:
    bool outermost_;
};

}  // namespace tenon::net
