#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "chunk_reader.hpp"
#include "tenon/http_header.hpp"
#include "tenon/plugin/call.hpp"
#include "tenon/result.hpp"
#include "tenon/sse.hpp"

namespace tenon::openai {

/// Turns the bytes of a good (2xx) answer to a chat request into deltas, or into one body. Which of
/// the two it is shows in its first character, so that neither a server that does not stream though
/// it was asked to, nor a wrong Content-Type matters.
///
///     stream.push(bytes);
///     while (true) { auto delta = stream.next(); ... if (*delta == nullptr) break; emit(**delta);
///     }
///     ...
///     const auto answer = stream.end();
///
/// A stream is whole when "[DONE]" came after a chunk, or when every choice had a finish_reason and
/// the transport reports a proper end. Otherwise it is an error: cut short.
///
/// \par Object lifetimes
/// Borrows `headers`. Views are valid as said below.
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class ChatStream {
public:
    static constexpr std::size_t kBodyLimit = std::size_t{64} << 20;  // bytes

    /// `headers` are those of the answer, for errors in its body.
    explicit ChatStream(std::span<const HttpHeader> headers,
                        std::size_t body_limit = kBodyLimit) noexcept
        : headers_(headers), body_limit_(body_limit) {}

    /// Hands over the next bytes, which are copied.
    /// \par Preconditions
    /// next() has returned nullptr for the bytes before.
    void push(std::string_view bytes);

    /// The next delta, or nullptr if it takes more bytes; valid until the next call of a function
    /// of this object. Errors: the provider's own one inside of the stream; what is no chunk; an
    /// event or body above its limit. Nothing may follow an error.
    [[nodiscard]] Result<const Delta*> next();

    /// Is the answer whole whatever happens to the connection? What follows is not looked at.
    [[nodiscard]] bool done() const noexcept { return done_; }

    /// The answer, once its bytes have ended properly or done(): the body, or why the stream
    /// finished. Valid as long as this object. Errors: the answer was cut short or is none.
    [[nodiscard]] Result<Answer> end();

private:
    enum class Form { unknown, events, body };

    [[nodiscard]] Result<void> read_event(const SseEvent& event);

    std::span<const HttpHeader> headers_;
    std::size_t body_limit_;
    Form form_ = Form::unknown;
    std::string bytes_;        // those that push() brought last
    std::string body_;         // as far as it came, if it is one
    std::string first_bytes_;  // for the message about what is neither
    SseParser events_;
    ChunkReader chunks_;
    std::span<const Delta> deltas_;  // of the chunk, those that next() has not returned
    bool has_chunk_ = false;
    bool done_ = false;
};

}  // namespace tenon::openai
