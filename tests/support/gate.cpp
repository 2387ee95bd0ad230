#include "support/gate.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <mutex>
#include <string>
#include <system_error>

namespace tenon::test {

// One byte in the pipe is one pass. An open gate has its write end closed: the read end then is
// readable for ever. A pipe rather than a condition variable, because a waiter must also notice
// that its server stops.
struct Gate::Pipe {
    Pipe() {
        if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe2");
        }
    }
    ~Pipe() {
        ::close(ends[0]);
        close_write_end();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    void close_write_end() {
        const std::lock_guard lock(mutex);
        if (ends[1] >= 0) {
            ::close(ends[1]);
            ends[1] = -1;
        }
    }

    void put(int count) {
        const std::lock_guard lock(mutex);
        if (ends[1] < 0) {
            return;
        }
        const std::string passes(static_cast<std::size_t>(count), 'p');
        if (::write(ends[1], passes.data(), passes.size()) != count) {
            throw std::system_error(errno, std::generic_category(), "gate: too many passes");
        }
    }

    std::array<int, 2> ends{};
    std::mutex mutex;  // guards the write end
};

Gate::Gate() : pipe_(std::make_shared<Pipe>()) {}

void Gate::open() {
    pipe_->close_write_end();
}

void Gate::let_pass(int count) {
    pipe_->put(count);
}

bool Gate::wait(int stop_fd) const {
    const std::shared_ptr<Pipe> pipe = pipe_;  // *this may die meanwhile
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        std::array<pollfd, 2> fds{{{pipe->ends[0], POLLIN, 0}, {stop_fd, POLLIN, 0}}};
        if (left.count() <= 0) {
            return false;
        }
        if (::poll(fds.data(), fds.size(), static_cast<int>(left.count())) < 0) {
            continue;  // a signal
        }
        if (fds[1].revents != 0) {
            return false;
        }
        char pass = 0;
        if (::read(pipe->ends[0], &pass, 1) >= 0) {
            return true;  // a pass, or the end of file of an open gate
        }
        // Another waiter took the pass.
    }
}

}  // namespace tenon::test
