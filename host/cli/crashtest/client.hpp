#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cli/crashtest/socket.hpp"

namespace tenon::cli::crashtest {

/// One chat request of a client.
struct Asked {
    std::string model = "chat";
    bool stream = true;
    bool prefill = false;  ///< the last message is the assistant's, to be continued
    /// Is told all text so far, whenever some has come.
    std::function<void(const std::string& text)> on_text = {};
    bool leave_at_once = false;  ///< as soon as it has been sent
    bool leave_early = false;    ///< when the first word has come
};

/// What the client saw of its answer.
struct Seen {
    std::string trouble;  ///< why there is no whole HTTP answer; empty = there is one
    bool stream = false;  ///< was asked for
    int status = 0;
    std::string provider;        ///< x-tenon-provider
    std::string model;           ///< x-tenon-model
    std::uint64_t attempts = 0;  ///< x-tenon-attempts
    std::string text;            ///< all words, in the order in which they came
    std::string finish_reason;
    bool done = false;         ///< the stream said [DONE]
    bool failed = false;       ///< an error came, as the body or as an event
    bool after_error = false;  ///< something came behind the error
    std::string error_code;
    std::string error_message;
    std::optional<std::uint64_t> output_tokens;
    std::chrono::milliseconds took{0};
};

/// Asks the gateway on that port, over a connection of its own. Waits 30 s at most.
///
/// \par Thread-safety
/// Any thread.
[[nodiscard]] Seen ask(std::uint16_t port, const Asked& asked);

}  // namespace tenon::cli::crashtest
