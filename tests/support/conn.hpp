#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/gate.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace tenon::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP request as the server read it; the body is without its transfer coding.
struct ReceivedRequest {
    int connection = 0;  ///< 1 = the first accepted connection
    std::string method;
    std::string target;
    std::string version;  ///< "HTTP/1.1"
    Headers headers;
    std::string body;

    /// The first header of that name in any case, or nothing.
    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

/// How the end of a response body is told.
enum class Framing { content_length, chunked, close_delimited };

/// The server's side of one connection, plain or TLS.
///
/// Functions that return bool say whether the client is still there; after the first false all
/// later ones are false at once, so that a script need not look until it matters. Every wait ends
/// when the server stops.
///
/// \par Thread-safety
/// None: belongs to the thread that runs the handler.
class Conn {
public:
    /// Takes over `fd`. `stop_fd` becomes readable when the server stops.
    Conn(int fd, int stop_fd, int number);
    ~Conn();
    Conn(const Conn&) = delete;
    Conn& operator=(const Conn&) = delete;

    [[nodiscard]] int number() const noexcept { return number_; }  ///< 1 = the first accepted
    [[nodiscard]] bool is_open() const noexcept { return open_; }
    [[nodiscard]] std::string alpn() const;  ///< what TLS agreed on, may be empty

    /// \name Bytes
    /// @{

    /// Sends the bytes as they are; in pieces if split_writes() was called.
    bool write(std::string_view bytes);

    /// Each `size` bytes are a send (a TLS record) of their own. With a gate, each piece waits for
    /// one pass.
    bool write_slowly(std::string_view bytes, std::size_t size, const Gate* gate = nullptr);

    /// From now on every write() goes out in pieces of `size` bytes; 0 = whole again.
    void split_writes(std::size_t size) noexcept { piece_ = size; }

    /// What has arrived, at least one byte; empty when the client has left.
    [[nodiscard]] std::string read_some();

    /// Reads one request and answers `Expect: 100-continue`. Nothing when the client has left or
    /// did not speak HTTP/1.
    [[nodiscard]] std::optional<ReceivedRequest> read_request();
    /// @}

    /// \name HTTP
    /// @{

    /// A whole response. Adds the header of the framing; `close_delimited` also closes. A response
    /// to HEAD and one with status 204 or 304 gets no body.
    bool respond(int status, const Headers& headers, std::string_view body,
                 Framing framing = Framing::content_length);

    /// Each piece becomes one chunk.
    bool respond_chunked(int status, const Headers& headers, const std::vector<std::string>& pieces,
                         const Headers& trailers = {});

    /// A response in steps: head, any number of body pieces, end. For `content_length` the caller
    /// puts that header among `headers`, and may lie.
    bool start_response(int status, const Headers& headers, Framing framing = Framing::chunked);
    bool write_body(std::string_view piece);
    bool finish_response(const Headers& trailers = {});
    /// @}

    /// \name Waiting and ending
    /// @{
    bool wait(const Gate& gate);                  ///< false also after kPatience
    bool pause(std::chrono::milliseconds delay);  ///< for the pace of a demonstration
    void wait_for_close();  ///< discards what arrives until the client has left
    void close();           ///< orderly: close_notify and FIN
    void drop();            ///< FIN, but for TLS without close_notify
    void reset();           ///< RST
    /// @}

private:
    friend class ScriptedServer;

    struct FreeSsl {
        void operator()(ssl_st* ssl) const noexcept;
    };

    bool handshake(ssl_ctx_st* context);
    bool send_piece(std::string_view bytes);
    bool fill();  // reads more into input_
    bool read_body(ReceivedRequest& request);
    bool read_chunks(std::string& body);
    std::optional<std::string> read_line();
    std::optional<std::string> read_exactly(std::size_t size);
    void close_fd();
    void interrupt() noexcept;  // any thread: ends every blocking call on the socket

    std::mutex fd_mutex_;  // guards fd_ against interrupt() while it is closed
    int fd_;
    int stop_fd_;
    int number_;
    std::unique_ptr<ssl_st, FreeSsl> ssl_;
    bool open_ = true;
    std::size_t piece_ = 0;
    std::string input_;
    bool bodiless_ = false;  // the request was HEAD
    Framing framing_ = Framing::content_length;
};

}  // namespace tenon::test
