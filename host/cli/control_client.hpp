#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "cli/control_connection.hpp"
#include "tenon/result.hpp"
#include "wire/json.hpp"

namespace tenon::cli {

/// One event of a stream; views live during the callback.
struct ControlEvent {
    std::string_view type;
    std::string_view id;
    std::string_view data;
};

/// Talks to the daemon over its control socket, one connection for each call.
///
/// \par Errors
/// Messages are for the person at the terminal. says_no_daemon() tells apart that nobody is there;
/// an answer with a status of 400 and more is an error with `http_status` set and what the daemon
/// said as its message.
/// \par Thread-safety
/// Safe: it keeps nothing between calls.
class ControlClient {
public:
    /// How long the daemon may take to answer, beyond what a call allows by itself.
    static constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(5);
    /// How long a stream may be silent. The daemon sends comments more often than that.
    static constexpr std::chrono::milliseconds kSilence = std::chrono::seconds(60);

    explicit ControlClient(std::filesystem::path socket) : socket_(std::move(socket)) {}

    [[nodiscard]] const std::filesystem::path& socket() const noexcept { return socket_; }

    /// Asks for a JSON document.
    [[nodiscard]] Result<wire::JsonDocument> get(std::string_view target,
                                                 std::stop_token stop = {}) const;
    /// \param body a JSON object \param patience that the daemon is asked to have
    [[nodiscard]] Result<wire::JsonDocument> post(std::string_view target, std::string_view body,
                                                  std::chrono::milliseconds patience = {},
                                                  std::stop_token stop = {}) const;

    using OnEvent = std::function<void(const ControlEvent& event)>;
    /// Reads server-sent events until the daemon ends (success), or `stop` is requested
    /// (Code::cancelled).
    Result<void> follow(std::string_view target, const OnEvent& on_event,
                        std::stop_token stop) const;

private:
    [[nodiscard]] Result<wire::JsonDocument> call(std::string_view method, std::string_view target,
                                                  std::string_view body,
                                                  std::chrono::milliseconds patience,
                                                  const std::stop_token& stop) const;

    std::filesystem::path socket_;
};

}  // namespace tenon::cli
