#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/conn.hpp"

namespace tenon::test {

/// A server on a Unix socket that answers as a test tells it, one thread for each connection.
///
/// \par Thread-safety
/// All functions may be called from any thread, but stop() not from a handler.
class FakeDaemon {
public:
    /// Answers one request, on the connection's thread; "METHOD /target" says which.
    using Handler = std::function<void(Conn&, const ReceivedRequest&)>;

    /// Listens when it returns. Throws std::system_error if it cannot.
    explicit FakeDaemon(std::filesystem::path socket);
    ~FakeDaemon();  ///< stop()
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;

    /// From now on "GET /target?query", or "GET /target" for any query, is answered so. Everything
    /// else gets the status 404.
    void answer(const std::string& request, Handler handler);
    void answer(const std::string& request, const std::string& json, int status = 200);

    [[nodiscard]] std::vector<ReceivedRequest> requests() const;  ///< in order of arrival
    /// The bodies of those to "METHOD /target".
    [[nodiscard]] std::vector<std::string> bodies(const std::string& request) const;

    /// Waits until "METHOD /target" has been asked for so often; false after kPatience.
    [[nodiscard]] bool wait_for(const std::string& request, std::size_t times = 1) const;

    /// Stops listening, interrupts every handler and waits for its end. The socket stays, stale.
    void stop();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::test
