#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/scripted_server.hpp"

namespace tenon::test {

struct FakeLlmOptions {
    ServerOptions server = {};  ///< `write_pieces` = 1 sends every byte alone

    std::string api_key = {};  ///< wanted as bearer token on every API path; empty = no check

    /// Other models are "not found"; empty = every name is a model. Names that begin with "fault-"
    /// or "flaky-" are always known.
    std::vector<std::string> models = {"fake-small", "fake-large", "fake-reason", "fake-embed"};

    /// The answer to the last user message; none = "You said: " and the message.
    std::function<std::string(std::string_view user_text)> answer = {};

    std::size_t content_piece = 4;   ///< characters in one content delta of a stream
    std::string sse_newline = "\n";  ///< or "\r\n" or "\r"
    bool sse_comments = false;       ///< ": keep-alive" before each event

    /// None = Content-Length for bodies, chunked for streams.
    std::optional<Framing> framing = {};

    std::optional<Gate> stream_gate = {};           ///< each piece of a stream waits for one pass
    std::chrono::milliseconds piece_delay{0};  ///< before each piece of a stream
};

/// A deterministic model server that speaks the OpenAI API below /v1 and the Ollama API.
///
/// It answers by echo. A line "call NAME {json}" in the last user message, or "call" alone, becomes
/// a call of that tool (or of the first one) if the request has tools. Model "fake-reason" thinks
/// before it answers. Responses carry fields no client knows, to be passed on.
///
/// Faults are chosen by the model's name:
/// - "fault-NNN": status NNN, e.g. "fault-429" with Retry-After: 7, "fault-503"
/// - "fault-context", "fault-filter", "fault-quota": 400 context_length_exceeded, 400
///   content_filter, 429 insufficient_quota
/// - "fault-html", "fault-empty", "fault-garbage-json": status 200, but not an answer
/// - "fault-stream-error": 200 and an error in the body, in a stream after some deltas
/// - "fault-truncated", "fault-no-done": the body, or the stream's last event, is missing its end
/// - "fault-reset", "fault-close": before any byte; "fault-reset-midway": after some
/// - "fault-silent", "fault-stall": nothing, or nothing more after some, until the client leaves
/// - "fault-huge": one endless text; "fault-endless": a stream of endlessly many good events
/// - "flaky-N", "flaky-N-anything": the first N requests fail with 503, later ones are answered
///
/// `PUT /fake/fault` with such a name (without "fault-") as body lets every request fail in this
/// way, whatever its model, until `DELETE /fake/fault`.
///
/// \par Thread-safety
/// All functions may be called from any thread.
class FakeLlm {
public:
    explicit FakeLlm(FakeLlmOptions options = {});
    ~FakeLlm();
    FakeLlm(const FakeLlm&) = delete;
    FakeLlm& operator=(const FakeLlm&) = delete;

    /// "http://127.0.0.1:PORT": the base of the Ollama API.
    [[nodiscard]] std::string url() const;

    /// "http://127.0.0.1:PORT/v1": the base of the OpenAI API.
    [[nodiscard]] std::string openai_url() const;

    /// Requests seen, connections counted, stop().
    [[nodiscard]] ScriptedServer& server() noexcept;

    /// Lets every request fail, e.g. "503"; none = back to normal.
    void set_fault(std::optional<std::string> fault);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::test
