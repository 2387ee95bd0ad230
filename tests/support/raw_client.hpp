#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/conn.hpp"

namespace tenon::test {

/// How a client trusts a server and what it offers.
struct ClientTls {
    std::filesystem::path ca_file;
    std::string host = "localhost";  ///< must be named by the certificate
    std::string alpn;                ///< offered if not empty
};

/// One response as a client read it; the body is without its transfer coding.
struct RawResponse {
    int status = 0;  ///< 0 = not even a head arrived
    Headers headers;
    std::string body;
    bool complete = false;  ///< the framing's end was seen

    [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
};

/// A blocking client for tests of servers, without any of the host's own network code. It sends
/// what it is told, right or wrong. Reads wait up to kPatience.
///
/// \par Thread-safety
/// None.
class RawClient {
public:
    /// How the server ended the connection, as far as it was read.
    enum class Ending { not_yet, closed, cut_without_close_notify, reset, timed_out };

    /// Connects to 127.0.0.1. Throws std::system_error if nobody listens.
    explicit RawClient(std::uint16_t port);

    /// As above, then shakes hands. Throws std::runtime_error with OpenSSL's reason if that fails.
    RawClient(std::uint16_t port, const ClientTls& tls);

    /// Connects to a Unix-domain socket. Throws std::system_error likewise.
    explicit RawClient(const std::filesystem::path& socket);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// False when the server has left.
    bool send(std::string_view bytes);

    /// Sends "METHOD target HTTP/1.1" with Host and Content-Length, and reads the response.
    RawResponse exchange(std::string_view method, std::string_view target,
                         std::string_view body = "", const Headers& headers = {});

    /// Reads one response. A body without length or chunks goes on until the end.
    RawResponse read_response(bool to_head = false);

    /// All up to and including `marker`; less if the connection ends before.
    std::string read_until(std::string_view marker);

    /// What arrives next, at least one byte; empty at the end.
    std::string read_some();

    /// All up to the end.
    std::string read_all();

    [[nodiscard]] Ending ending() const noexcept { return ending_; }
    [[nodiscard]] std::string alpn() const;

    void half_close();  ///< FIN; still reads
    void reset();       ///< RST
    void close();

private:
    struct Tls;

    bool fill();
    std::string take(std::size_t size);
    std::string read_exactly(std::size_t size);
    void read_body(RawResponse& response);
    void read_chunks(RawResponse& response);

    int fd_ = -1;
    std::unique_ptr<Tls> tls_;
    std::string input_;
    Ending ending_ = Ending::not_yet;
};

}  // namespace tenon::test
