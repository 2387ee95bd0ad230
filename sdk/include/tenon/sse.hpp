#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon {

/// One server-sent event. Every field is valid UTF-8.
///
/// \par Object lifetimes
/// Views into the chunk or the parser: valid until the parser's next call, and while the chunk is.
struct SseEvent {
    std::string_view type;  ///< "message" unless the stream named another one
    std::string_view data;  ///< the data lines joined with LF; may be empty, e.g. for "data:" alone
    std::string_view id;    ///< the last event id, which persists over later events
};

/// Incremental parser of `text/event-stream` by the WHATWG rules (HTML, section 9.2.6): a leading
/// byte order mark, lines that end in CR, LF or CRLF, mixed and split anywhere, comments,
/// multi-line data, and ill-formed UTF-8 read as U+FFFD. Comparing data with "[DONE]" is the
/// caller's.
///
/// An event that lies whole in one chunk, with one data line, is neither copied nor allocated for.
/// What a chunk leaves unfinished is copied into buffers that are kept and reused.
///
///     while (const auto event = parser.next()) { ... }   // after parser.push(chunk)
///     if (parser.failed()) return parser.error();
///
/// or, in one call, `parser.feed(chunk, [](const SseEvent& event) { ... })`.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
/// \par Exception safety
/// Throws std::bad_alloc alone; after that only reset() and the destructor may be called.
class SseParser {
public:
    static constexpr std::size_t kDefaultLimit = std::size_t{8} << 20;

    /// `limit`: the longest line, and the longest data of one event, in bytes; at least 16.
    explicit SseParser(std::size_t limit = kDefaultLimit) noexcept : limit_(limit) {}
    SseParser(const SseParser&) = delete;
    SseParser& operator=(const SseParser&) = delete;

    /// Hands over the next bytes of the stream; an empty chunk is allowed.
    /// \par Preconditions
    /// next() has returned nullopt for the chunk before.
    /// \par Object lifetimes
    /// `chunk` stays valid until next() has returned nullopt.
    void push(std::string_view chunk) noexcept;

    /// The next event of the chunk; nullopt when the chunk is used up or the parser failed.
    [[nodiscard]] std::optional<SseEvent> next();

    /// push(), then `on_event(const SseEvent&)` for each event.
    /// Errors: error(). Events before the one that is too large have been delivered.
    template <class OnEvent>
    Result<void> feed(std::string_view chunk, OnEvent&& on_event) {
        push(chunk);
        while (const auto event = next()) on_event(*event);
        if (failed_) return error();
        return {};
    }

    /// Has an event exceeded the limit? Nothing comes out any more until reset().
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Code::too_large, for a parser that failed.
    [[nodiscard]] Error error() const;

    /// The stream has ended: throws away an event whose blank line did not come.
    /// Returns whether there was one, which says that the stream broke off. Ready for a new stream.
    bool finish() noexcept;

    /// Ready for a new stream. Keeps the buffers.
    void reset() noexcept;

    /// Comments so far. A server that sends them is alive, though the model may be idle.
    [[nodiscard]] std::uint64_t comments() const noexcept { return comments_; }

    /// The reconnection time that the server asked for last, in milliseconds.
    [[nodiscard]] std::optional<std::uint64_t> retry_ms() const noexcept { return retry_ms_; }

private:
    /// A field's value: a view into the chunk until the chunk ends, then a copy.
    class Field {
    public:
        [[nodiscard]] std::string_view view() const noexcept { return owned_ ? own_ : view_; }
        void set(std::string_view value, bool stable);
        void append_line(std::string_view value);
        void keep();            ///< the chunk ends
        void repair();          ///< ill-formed UTF-8 becomes U+FFFD
        void clear() noexcept;  ///< keeps the buffer

    private:
        std::string_view view_;
        std::string own_;
        bool owned_ = false;
    };

    [[nodiscard]] bool take_line(std::string_view& line);
    [[nodiscard]] std::size_t line_end() noexcept;
    void carry_rest();
    void read_line(std::string_view line, bool stable);
    void read_field(std::string_view name, std::string_view value, bool stable);
    [[nodiscard]] bool end_event();
    void clear_event() noexcept;
    void fail() noexcept;
    [[nodiscard]] std::string_view without_bom(std::string_view line) const noexcept;

    std::size_t limit_;
    std::string_view rest_;  // of the chunk
    const char* next_cr_ =
        nullptr;           // the first CR of rest_, or its end; nullptr = not searched yet
    std::string carried_;  // the beginning of a line that a chunk left unfinished
    Field type_;
    Field data_;
    Field id_;
    std::optional<std::uint64_t> retry_ms_;
    std::uint64_t comments_ = 0;
    bool has_data_ = false;
    bool delivered_ = false;  // the fields hold the event that the last next() returned
    bool drained_ = true;     // nothing points into a chunk
    bool line_was_carried_ = false;
    bool first_line_ = true;
    bool swallow_lf_ = false;  // the last line ended in a CR
    bool failed_ = false;
};

}  // namespace tenon
