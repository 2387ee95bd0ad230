#pragma once

#include <cstdint>
#include <vector>

namespace tenon::test {

/// A listening socket that accepts nothing and whose queue is full: a connection to it
/// is neither made nor refused.
class FullListener {
public:
    explicit FullListener(const char* address = "127.0.0.1");
    ~FullListener();
    FullListener(const FullListener&) = delete;
    FullListener& operator=(const FullListener&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

private:
    std::vector<int> fds_;  // the listener, then the clients that fill it
    std::uint16_t port_ = 0;
};

}  // namespace tenon::test
