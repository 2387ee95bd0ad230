#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tenon/result.hpp"
#include "wire/http1_header.hpp"

namespace tenon::wire {

/// How a client knows where the answer ends, and what becomes of the connection.
struct ResponseFraming {
    enum class Body { length, chunked, until_close };

    Body body = Body::length;
    std::uint64_t length = 0;
    bool close = false;   ///< "Connection: close"
    bool http10 = false;  ///< a connection that stays open has to say so
};

/// Appends the head of an HTTP/1.1 answer, blank line included. \param date as http_date() writes
/// it. Answers that can have no body (204, 304) get no header of its framing.
///
/// Errors: Code::invalid for a status outside 200..599, a name that is no token, a value with CR,
/// LF or NUL, and for the headers that are the server's: Connection, Content-Length, Date,
/// Keep-Alive, Trailer, Transfer-Encoding, Upgrade. Then `out` is unchanged.
[[nodiscard]] Result<void> append_response_head(std::string& out, int status,
                                                std::span<const HeaderView> headers,
                                                const ResponseFraming& framing,
                                                std::string_view date);

/// May an answer with this status have a body?
[[nodiscard]] bool status_has_body(int status) noexcept;

/// "Not Found"; "Unknown" for a status that no specification names.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// \name Chunks: head, bytes, kChunkEnd; after the last one kLastChunk.
/// @{
void append_chunk_head(std::string& out, std::size_t bytes);  ///< bytes > 0
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
/// @}

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// "Sun, 06 Nov 1994 08:49:37 GMT". \param unix_seconds 0 or more, before the year 10000.
[[nodiscard]] std::string http_date(std::int64_t unix_seconds);

}  // namespace tenon::wire
