#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "net/awaitable.hpp"
#include "tenon/result.hpp"
#include "wire/http1_header.hpp"

namespace tenon::transport {

using wire::HeaderView;

/// One whole request. Views are valid until handle() returns.
struct ServerRequest {
    std::string_view method;
    std::string_view target;     ///< path and query; "*" only with OPTIONS
    std::string_view authority;  ///< of the Host header or of an absolute target; may be empty
    std::span<const HeaderView> headers;  ///< names in lower case
    std::string& body;                    ///< without transfer coding; may be moved from
    std::string_view peer;                ///< "127.0.0.1:4711", "[::1]:4711" or "unix"
    bool tls = false;
    std::size_t io_index = 0;   ///< the I/O thread that handle() runs on
    base::TimePoint arrived{};  ///< when the last byte of it was read

    /// The first header of that name (lower case); empty if there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
        for (const HeaderView& header : headers) {
            if (header.name == name) return header.value;
        }
        return {};
    }
};

/// Told when the client left while its request is being handled.
class ClientGoneListener {
public:
    /// On the I/O thread, once. Must neither wait nor write.
    virtual void on_client_gone() noexcept = 0;

protected:
    ~ClientGoneListener() = default;
};

/// The answer to one request: send() alone, or start(), write() any number of times, finish().
///
/// Headers that frame the message are the server's: Connection, Content-Length, Date, Keep-Alive,
/// Trailer, Transfer-Encoding, Upgrade. A client of HTTP/1.0 gets a stream that ends with the
/// connection, an answer to HEAD and one with status 204 or 304 has no body whatever is written.
///
/// Each call that writes is one write to the socket as long as the piece has at most 64 KiB, and
/// completes when the kernel took all of it: whoever awaits it is slowed down by a slow reader.
///
/// Errors: Code::invalid for a bad status or header (nothing was written; another answer may
/// follow), Code::internal for calls out of order, Code::deadline when the client does not read
/// (HttpServerOptions::write_timeout), Code::unavailable and Code::cancelled when it is gone. After
/// the last three nothing more can be written.
///
/// \par Thread-safety
/// The I/O thread of handle() only, one call at a time.
/// \par Object lifetimes
/// Until handle() returns. What is passed must stay valid until the call completes.
class ResponseWriter {
public:
    /// The whole answer.
    virtual net::Awaitable<Result<void>> send(int status, std::span<const HeaderView> headers,
                                              std::string_view body) = 0;

    /// The head of a stream. Held back until the first write() or finish(), to go out with it.
    virtual Result<void> start(int status, std::span<const HeaderView> headers) = 0;
    /// One piece of the stream, as one chunk. An empty one only sends the head.
    virtual net::Awaitable<Result<void>> write(std::string_view piece) = 0;
    /// The last piece, if any, and the end of the stream.
    virtual net::Awaitable<Result<void>> finish(std::string_view last_piece = {}) = 0;

    /// Has the client closed its side, or the server been told to end at once? Whoever only closed
    /// its sending side counts as gone, too, but still gets what is written.
    [[nodiscard]] virtual bool client_gone() const noexcept = 0;
    /// Who is told; called at once if the client has gone already. nullptr = nobody. Reset before
    /// handle() returns.
    virtual void on_client_gone(ClientGoneListener* listener) noexcept = 0;

    /// start() or send() has succeeded.
    [[nodiscard]] virtual bool started() const noexcept = 0;

protected:
    ~ResponseWriter() = default;
};

/// An answer that the server gives by itself: the request was refused, or its handler failed.
struct OwnAnswer {
    int status = 500;
    std::string_view reason;  ///< one sentence for a person
    std::string_view target;  ///< of the request, as far as it was understood; may be empty
    /// Likewise: what was refused before the handler had it, without its body. nullptr = the
    /// handler failed, or nothing was understood.
    const ServerRequest* request = nullptr;
};

/// What a server does with requests.
///
/// \par Thread-safety
/// Every function is called on all I/O threads at once.
class HttpHandler {
public:
    /// Answers one request. Must return soon after on_client_gone(), as stop() waits for it.
    ///
    /// One that returns or throws without an answer is answered with 500; one that leaves a stream
    /// unfinished has its connection cut, so that the client sees that something is missing.
    virtual net::Awaitable<void> handle(ServerRequest& request, ResponseWriter& response) = 0;

    /// The body of an answer of the server's own, and its type.
    struct Body {
        std::string type = "text/plain; charset=utf-8";
        std::string text;
        std::vector<std::pair<std::string, std::string>> headers = {};  ///< beside its type
    };
    [[nodiscard]] virtual Body describe(const OwnAnswer& answer) {
        return {.text = std::string(answer.reason) + "\n"};
    }

    /// Something went wrong that no client can be told about in full: handle() threw, or
    /// connections cannot be accepted. For the log.
    virtual void on_trouble(std::string_view what) noexcept { static_cast<void>(what); }

protected:
    ~HttpHandler() = default;
};

}  // namespace tenon::transport
