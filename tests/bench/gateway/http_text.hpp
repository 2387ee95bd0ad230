#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::bench {

/// A request as it stands in a buffer.
struct HttpRequest {
    std::string_view line;
    std::string_view body;
};

/// Reads a request with a content-length, or without a body.
/// \return its size, or 0 while it is not whole.
std::size_t read_request(std::string_view buffer, HttpRequest& request);

/// The number that stands behind `key`, anywhere in `text`.
long long number_after(std::string_view text, std::string_view key, long long fallback);

/// Reads one HTTP/1.1 answer with a content-length or in chunks, piece by piece.
class AnswerReader {
public:
    enum class State { head, body, end, broken };

    void restart() { *this = AnswerReader(); }

    /// Takes from `data` what belongs to this answer, up to the end of the head at first.
    /// What is new of the body is appended to body().
    void put(std::string_view& data);

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] std::string& body() noexcept { return body_; }
    [[nodiscard]] bool keeps_alive() const noexcept { return keep_alive_; }

private:
    enum class Chunk { size, data, line_end, last };

    void read_head();
    void put_chunked(std::string_view& data);
    void take_line(std::string_view line);

    State state_ = State::head;
    Chunk chunk_ = Chunk::size;
    bool chunked_ = false;
    bool keep_alive_ = true;
    int status_ = 0;
    std::size_t left_ = 0;  ///< of the body or the chunk
    std::string head_;
    std::string line_;
    std::string body_;
};

}  // namespace tenon::bench
