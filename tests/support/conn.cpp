#include "support/conn.hpp"

#include <openssl/ssl.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>

namespace tenon::test {
namespace {

constexpr std::size_t kMaxLine = std::size_t{1} << 20;  // bytes
constexpr std::size_t kMaxBody = std::size_t{1} << 28;  // bytes

std::string_view reason_of(int status) {
    switch (status) {
        case 100: return "Continue";
        case 200: return "OK";
        case 204: return "No Content";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 404: return "Not Found";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 503: return "Service Unavailable";
        default: return "Status";
    }
}

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    const auto last = text.find_last_not_of(" \t");
    return first == text.npos ? std::string_view{} : text.substr(first, last - first + 1);
}

std::string header_lines(const Headers& headers) {
    std::string lines;
    for (const auto& [name, value] : headers) {
        lines.append(name).append(": ").append(value).append("\r\n");
    }
    return lines;
}

std::string head_of(int status, const Headers& headers) {
    return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_of(status)) + "\r\n" +
           header_lines(headers);
}

std::string chunk_of(std::string_view piece) {
    std::array<char, 16> size{};
    char* const end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
    std::string chunk(size.data(), end);
    return chunk.append("\r\n").append(piece).append("\r\n");
}

bool has_no_body(int status) {
    return status == 204 || status == 304;
}

// "METHOD target HTTP/1.x"
bool parse_request_line(std::string_view line, ReceivedRequest& request) {
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == line.npos || last == first || !line.substr(last + 1).starts_with("HTTP/1.")) {
        return false;
    }
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, last - first - 1);
    request.version = line.substr(last + 1);
    return true;
}

}  // namespace

std::optional<std::string> ReceivedRequest::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& entry) {
        return same_name(entry.first, name);
    });
    return found == headers.end() ? std::nullopt : std::optional(found->second);
}

void Conn::FreeSsl::operator()(ssl_st* ssl) const noexcept {
    SSL_free(ssl);
}

Conn::Conn(int fd, int stop_fd, int number) : fd_(fd), stop_fd_(stop_fd), number_(number) {}

Conn::~Conn() {
    close_fd();
}

std::string Conn::alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    if (ssl_ != nullptr) {
        SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    }
    return {reinterpret_cast<const char*>(name), size};
}

bool Conn::handshake(ssl_ctx_st* context) {
    ssl_.reset(SSL_new(context));
    open_ = ssl_ != nullptr && SSL_set_fd(ssl_.get(), fd_) == 1 && SSL_accept(ssl_.get()) == 1;
    return open_;
}

bool Conn::send_piece(std::string_view bytes) {
    while (open_ && !bytes.empty()) {
        std::size_t sent = 0;
        if (ssl_ != nullptr) {
            open_ = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent) == 1;
        } else {
            const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            open_ = count >= 0 || errno == EINTR;
            sent = count >= 0 ? static_cast<std::size_t>(count) : 0;
        }
        bytes.remove_prefix(sent);
    }
    return open_;
}

bool Conn::write(std::string_view bytes) {
    return piece_ == 0 ? send_piece(bytes) : write_slowly(bytes, piece_);
}

bool Conn::write_slowly(std::string_view bytes, std::size_t size, const Gate* gate) {
    assert(size > 0);
    while (open_ && !bytes.empty()) {
        if (gate != nullptr && !wait(*gate)) {
            return false;
        }
        const std::string_view piece = bytes.substr(0, size);
        send_piece(piece);
        bytes.remove_prefix(piece.size());
    }
    return open_;
}

bool Conn::fill() {
    std::array<char, 16384> buffer;
    std::size_t count = 0;
    if (open_ && ssl_ != nullptr) {
        open_ = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count) == 1;
    } else if (open_) {
        ssize_t received = 0;
        do {
            received = ::recv(fd_, buffer.data(), buffer.size(), 0);
        } while (received < 0 && errno == EINTR);
        open_ = received > 0;
        count = open_ ? static_cast<std::size_t>(received) : 0;
    }
    input_.append(buffer.data(), count);
    return open_;
}

std::string Conn::read_some() {
    if (input_.empty()) {
        fill();
    }
    return std::exchange(input_, {});
}

std::optional<std::string> Conn::read_line() {
    std::size_t end = 0;
    while ((end = input_.find("\r\n")) == input_.npos) {
        if (input_.size() > kMaxLine || !fill()) {
            return std::nullopt;
        }
    }
    std::string line = input_.substr(0, end);
    input_.erase(0, end + 2);
    return line;
}

std::optional<std::string> Conn::read_exactly(std::size_t size) {
    while (input_.size() < size) {
        if (size > kMaxBody || !fill()) {
            return std::nullopt;
        }
    }
    std::string bytes = input_.substr(0, size);
    input_.erase(0, size);
    return bytes;
}

std::optional<ReceivedRequest> Conn::read_request() {
    ReceivedRequest request;
    request.connection = number_;
    std::optional<std::string> line = read_line();
    if (!line || !parse_request_line(*line, request)) {
        return std::nullopt;
    }
    while ((line = read_line()) && !line->empty()) {
        const auto colon = line->find(':');
        if (colon == line->npos) {
            return std::nullopt;
        }
        request.headers.emplace_back(line->substr(0, colon),
                                     trimmed(std::string_view(*line).substr(colon + 1)));
    }
    if (!line || !read_body(request)) {
        return std::nullopt;
    }
    bodiless_ = request.method == "HEAD";
    return request;
}

bool Conn::read_body(ReceivedRequest& request) {
    if (same_name(request.header("Expect").value_or(""), "100-continue")) {
        write("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (same_name(request.header("Transfer-Encoding").value_or(""), "chunked")) {
        return read_chunks(request.body);
    }
    const std::string length = request.header("Content-Length").value_or("0");
    std::size_t size = 0;
    if (std::from_chars(length.data(), length.data() + length.size(), size).ec != std::errc{}) {
        return false;
    }
    std::optional<std::string> body = read_exactly(size);
    request.body = std::move(body).value_or("");
    return open_ || request.body.size() == size;
}

bool Conn::read_chunks(std::string& body) {
    for (;;) {
        const std::optional<std::string> line = read_line();
        std::size_t size = 0;
        if (!line || std::from_chars(line->data(), line->data() + line->size(), size, 16).ec !=
                         std::errc{}) {
            return false;
        }
        if (size == 0) {
            break;
        }
        const std::optional<std::string> chunk = read_exactly(size);
        if (!chunk || body.size() + size > kMaxBody || read_line() != "") {
            return false;
        }
        body += *chunk;
    }
    std::optional<std::string> trailer;
    while ((trailer = read_line()) && !trailer->empty()) {
    }
    return trailer.has_value();
}

bool Conn::respond(int status, const Headers& headers, std::string_view body, Framing framing) {
    if (framing != Framing::content_length) {
        start_response(status, headers, framing);
        write_body(body);
        return finish_response();
    }
    std::string message = head_of(status, headers);
    if (!has_no_body(status)) {
        message += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    message += "\r\n";
    if (!has_no_body(status) && !bodiless_) {
        message += body;
    }
    return write(message);
}

bool Conn::respond_chunked(int status, const Headers& headers,
                           const std::vector<std::string>& pieces, const Headers& trailers) {
    start_response(status, headers, Framing::chunked);
    for (const std::string& piece : pieces) {
        write_body(piece);
    }
    return finish_response(trailers);
}

bool Conn::start_response(int status, const Headers& headers, Framing framing) {
    framing_ = framing;
    std::string head = head_of(status, headers);
    if (framing == Framing::chunked) {
        head += "Transfer-Encoding: chunked\r\n";
    } else if (framing == Framing::close_delimited) {
        head += "Connection: close\r\n";
    }
    return write(head + "\r\n");
}

bool Conn::write_body(std::string_view piece) {
    if (bodiless_ || piece.empty()) {
        return open_;  // an empty chunk would end the body
    }
    return framing_ == Framing::chunked ? write(chunk_of(piece)) : write(piece);
}

bool Conn::finish_response(const Headers& trailers) {
    if (framing_ == Framing::close_delimited) {
        close();
        return true;
    }
    if (framing_ == Framing::content_length || bodiless_) {
        return open_;
    }
    return write("0\r\n" + header_lines(trailers) + "\r\n");
}

bool Conn::wait(const Gate& gate) {
    return open_ && gate.wait(stop_fd_);
}

bool Conn::pause(std::chrono::milliseconds delay) {
    pollfd stop{stop_fd_, POLLIN, 0};
    return open_ && ::poll(&stop, 1, static_cast<int>(delay.count())) == 0;
}

void Conn::wait_for_close() {
    while (fill()) {
        input_.clear();
    }
}

void Conn::close() {
    if (open_ && ssl_ != nullptr) {
        SSL_shutdown(ssl_.get());
    }
    drop();
}

void Conn::drop() {
    open_ = false;
    // Closing a socket with unread input resets the connection, and the client might lose the
    // response: take what is there first.
    if (fd_ >= 0) {
        ::shutdown(fd_, SHUT_WR);
        std::array<char, 16384> ignored;
        while (::recv(fd_, ignored.data(), ignored.size(), MSG_DONTWAIT) > 0) {
        }
    }
    close_fd();
}

void Conn::reset() {
    open_ = false;
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close_fd();
}

void Conn::close_fd() {
    const std::lock_guard lock(fd_mutex_);
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

void Conn::interrupt() noexcept {
    const std::lock_guard lock(fd_mutex_);
    if (fd_ >= 0) {
        ::shutdown(fd_, SHUT_RDWR);
    }
}

}  // namespace tenon::test
