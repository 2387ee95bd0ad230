#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace tenon::test {
namespace {

int connect_to(int family, const sockaddr* address, socklen_t size) {
    const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, address, size) != 0) {
        const int reason = errno;
        ::close(fd);
        throw std::system_error(reason, std::generic_category(), "connect");
    }
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
}

int connect_to(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = connect_to(AF_INET, reinterpret_cast<sockaddr*>(&address), sizeof address);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

int connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return connect_to(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof address);
}

// Keeps OpenSSL's write(2) from ending the program when the server has left.
class SigpipeBlocked {
public:
    SigpipeBlocked() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~SigpipeBlocked() {
        const timespec now{};
        while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    SigpipeBlocked(const SigpipeBlocked&) = delete;
    SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;

private:
    sigset_t pipe_{};
    sigset_t before_{};
};

void parse_head(std::string_view head, RawResponse& response) {
    const std::string_view status = head.substr(std::min<std::size_t>(9, head.size()), 3);
    std::from_chars(status.data(), status.data() + status.size(), response.status);
    std::size_t end = head.find("\r\n");
    while (end != head.npos) {
        head.remove_prefix(end + 2);
        end = head.find("\r\n");
        const std::string_view line = head.substr(0, end);
        if (const std::size_t colon = line.find(": "); colon != line.npos) {
            response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
        }
    }
}

}  // namespace

struct RawClient::Tls {
    Tls(int fd, const ClientTls& options) {
        SSL_CTX_load_verify_file(context, options.ca_file.c_str());
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        // The macro for this has a cast in the old style.
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(options.host.c_str()));
        SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
        SSL_set1_host(ssl, options.host.c_str());
        if (!options.alpn.empty()) {
            const std::string wire = static_cast<char>(options.alpn.size()) + options.alpn;
            SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(wire.data()),
                                static_cast<unsigned>(wire.size()));
        }
        SSL_set_fd(ssl, fd);
        ERR_clear_error();
        if (SSL_connect(ssl) != 1) {
            std::array<char, 256> reason{};
            ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
            free();
            throw std::runtime_error(std::string("TLS handshake failed: ") + reason.data());
        }
    }
    ~Tls() { free(); }
    Tls(const Tls&) = delete;
    Tls& operator=(const Tls&) = delete;

    void free() {
        SSL_free(ssl);
        SSL_CTX_free(context);
    }

    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = SSL_new(context);
};

std::optional<std::string> RawResponse::header(std::string_view name) const {
    ReceivedRequest any_case;
    any_case.headers = headers;
    return any_case.header(name);
}

RawClient::RawClient(std::uint16_t port) : fd_(connect_to(port)) {}

RawClient::RawClient(std::uint16_t port, const ClientTls& tls) : RawClient(port) {
    const SigpipeBlocked blocked;
    tls_ = std::make_unique<Tls>(fd_, tls);
}

RawClient::RawClient(const std::filesystem::path& socket) : fd_(connect_to(socket.string())) {}

RawClient::~RawClient() {
    close();
}

std::string RawClient::alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(tls_->ssl, &name, &size);
    return {reinterpret_cast<const char*>(name), size};
}

bool RawClient::send(std::string_view bytes) {
    if (tls_ != nullptr) {
        const SigpipeBlocked blocked;
        std::size_t sent = 0;
        return SSL_write_ex(tls_->ssl, bytes.data(), bytes.size(), &sent) == 1;
    }
    while (!bytes.empty()) {
        const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) {
            return false;
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

RawResponse RawClient::exchange(std::string_view method, std::string_view target,
                                std::string_view body, const Headers& headers) {
    std::string request;
    request.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
    for (const auto& [name, value] : headers) {
        request.append(name).append(": ").append(value).append("\r\n");
    }
    if (!body.empty()) {
        request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    send(request.append("\r\n").append(body));
    return read_response(method == "HEAD");
}

RawResponse RawClient::read_response(bool to_head) {
    RawResponse response;
    const std::string head = read_until("\r\n\r\n");
    if (!head.ends_with("\r\n\r\n")) {
        return response;
    }
    parse_head(head, response);
    if (to_head || response.status < 200 || response.status == 204 || response.status == 304) {
        response.complete = true;
    } else {
        read_body(response);
    }
    return response;
}

void RawClient::read_body(RawResponse& response) {
    if (response.header("Transfer-Encoding") == "chunked") {
        read_chunks(response);
    } else if (const auto length = response.header("Content-Length")) {
        const std::size_t size = std::stoul(*length);
        response.body = read_exactly(size);
        response.complete = response.body.size() == size;
    } else {
        response.body = read_all();
        response.complete = ending_ == Ending::closed;
    }
}

void RawClient::read_chunks(RawResponse& response) {
    for (;;) {
        const std::string line = read_until("\r\n");
        std::size_t size = 0;
        if (!line.ends_with("\r\n") ||
            std::from_chars(line.data(), line.data() + line.size(), size, 16).ec != std::errc{}) {
            return;
        }
        if (size == 0) {
            break;
        }
        const std::string chunk = read_exactly(size);
        response.body += chunk;
        if (chunk.size() != size || read_exactly(2) != "\r\n") {
            return;
        }
    }
    std::string line;
    while ((line = read_until("\r\n")).size() > 2) {
        parse_head("\r\n" + line, response);  // a trailer
    }
    response.complete = line == "\r\n";
}

bool RawClient::fill() {
    if (ending_ != Ending::not_yet || fd_ < 0) {
        return false;
    }
    std::array<char, 16384> buffer;
    std::size_t count = 0;
    errno = 0;
    if (tls_ != nullptr) {
        ERR_clear_error();
        if (SSL_read_ex(tls_->ssl, buffer.data(), buffer.size(), &count) != 1) {
            const bool orderly = SSL_get_error(tls_->ssl, 0) == SSL_ERROR_ZERO_RETURN;
            ending_ = orderly               ? Ending::closed
                      : errno == ECONNRESET ? Ending::reset
                      : errno == EAGAIN     ? Ending::timed_out
                                            : Ending::cut_without_close_notify;
        }
    } else if (const ssize_t received = ::recv(fd_, buffer.data(), buffer.size(), 0);
               received > 0) {
        count = static_cast<std::size_t>(received);
    } else {
        ending_ = received == 0     ? Ending::closed
                  : errno == EAGAIN ? Ending::timed_out
                                    : Ending::reset;
    }
    input_.append(buffer.data(), count);
    return count > 0;
}

std::string RawClient::take(std::size_t size) {
    std::string bytes = input_.substr(0, size);
    input_.erase(0, bytes.size());
    return bytes;
}

std::string RawClient::read_exactly(std::size_t size) {
    while (input_.size() < size && fill()) {
    }
    return take(size);
}

std::string RawClient::read_until(std::string_view marker) {
    std::size_t found = 0;
    while ((found = input_.find(marker)) == input_.npos && fill()) {
    }
    return take(found == input_.npos ? found : found + marker.size());
}

std::string RawClient::read_some() {
    if (input_.empty()) {
        fill();
    }
    return take(input_.npos);
}

std::string RawClient::read_all() {
    while (fill()) {
    }
    return take(input_.npos);
}

void RawClient::half_close() {
    ::shutdown(fd_, SHUT_WR);
}

void RawClient::reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void RawClient::close() {
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

}  // namespace tenon::test
