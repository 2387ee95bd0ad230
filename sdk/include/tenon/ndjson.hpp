#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon {

/// Incremental reader of newline-delimited JSON (`application/x-ndjson`): lines that end in LF or
/// CRLF. Lines of nothing but white space are ignored, and so is a leading byte order mark. What
/// stands in a line is for a JSON parser to judge.
///
/// A line that lies whole in one chunk is neither copied nor allocated for.
///
///     while (const auto line = reader.next()) { ... }    // after reader.push(chunk)
///     if (reader.failed()) return reader.error();
///
/// or, in one call, `reader.feed(chunk, [](std::string_view line) { ... })`.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
/// \par Exception safety
/// Throws std::bad_alloc alone; after that only reset() and the destructor may be called.
class NdjsonReader {
public:
    static constexpr std::size_t kDefaultLimit = std::size_t{8} << 20;

    /// `limit`: the longest line in bytes; at least 1.
    explicit NdjsonReader(std::size_t limit = kDefaultLimit) noexcept : limit_(limit) {}
    NdjsonReader(const NdjsonReader&) = delete;
    NdjsonReader& operator=(const NdjsonReader&) = delete;

    /// Hands over the next bytes of the stream; an empty chunk is allowed.
    /// \par Preconditions
    /// next() has returned nullopt for the chunk before.
    /// \par Object lifetimes
    /// `chunk` stays valid until next() has returned nullopt.
    void push(std::string_view chunk) noexcept;

    /// The next line of the chunk, without its end; nullopt when the chunk is used up or the reader
    /// failed.
    /// \par Object lifetimes
    /// A view into the chunk or the reader: valid until the next call, and while the chunk is.
    [[nodiscard]] std::optional<std::string_view> next();

    /// The stream has ended: its last line, if that had no newline. Ready for a new stream.
    /// \par Preconditions
    /// As push().
    [[nodiscard]] std::optional<std::string_view> finish();

    /// push(), then `on_line(std::string_view)` for each line.
    /// Errors: error(). Lines before the one that is too long have been delivered.
    template <class OnLine>
    Result<void> feed(std::string_view chunk, OnLine&& on_line) {
        push(chunk);
        while (const auto line = next()) on_line(*line);
        if (failed_) return error();
        return {};
    }

    /// Has a line exceeded the limit? Nothing comes out any more until reset().
    [[nodiscard]] bool failed() const noexcept { return failed_; }
    /// Code::too_large, for a reader that failed.
    [[nodiscard]] Error error() const;

    /// Ready for a new stream. Keeps the buffer.
    void reset() noexcept;

private:
    [[nodiscard]] bool take_line(std::string_view& line);
    [[nodiscard]] std::string_view content(std::string_view line) const noexcept;
    void fail() noexcept;

    std::size_t limit_;
    std::string_view rest_;  // of the chunk
    std::string carried_;    // the beginning of a line that a chunk left unfinished
    bool line_was_carried_ = false;
    bool first_line_ = true;
    bool failed_ = false;
};

}  // namespace tenon
