#include "support/scripted_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <list>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <variant>

namespace tenon::test {
namespace {

[[noreturn]] void fail(const char* step) {
    throw std::system_error(errno, std::generic_category(), step);
}

struct FreeContext {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

// The certificate, what signed it, and the context made of both.
struct Tls {
    explicit Tls(TlsOptions tls_options)
        : options(std::move(tls_options)),
          certificate(make_certificate(options.certificate)),
          ca_file(certificate.ca_pem),
          context(SSL_CTX_new(TLS_server_method())) {
        const TempFile key(certificate.key_pem);
        const TempFile leaf(certificate.certificate_pem);
        SSL_CTX* ctx = context.get();
        if (ctx == nullptr || SSL_CTX_use_certificate_chain_file(ctx, leaf.path().c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(ctx, key.path().c_str(), SSL_FILETYPE_PEM) != 1) {
            throw std::runtime_error("scripted server: cannot use the generated certificate");
        }
        for (const std::string& name : options.alpn) {
            alpn_wire += static_cast<char>(name.size());
            alpn_wire += name;
        }
        SSL_CTX_set_alpn_select_cb(ctx, &Tls::select_alpn, this);
    }

    static int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                           const unsigned char* offered, unsigned offered_size, void* self) {
        const std::string& ours = static_cast<Tls*>(self)->alpn_wire;
        unsigned char* chosen = nullptr;
        const int found = SSL_select_next_proto(
            &chosen, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
            static_cast<unsigned>(ours.size()), offered, offered_size);
        *out = chosen;
        return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
    }

    TlsOptions options;
    TestCertificate certificate;
    TempFile ca_file;
    std::unique_ptr<SSL_CTX, FreeContext> context;
    std::string alpn_wire;  // as in RFC 7301: length byte, name, ...
};

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;

    sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Address address_of(const ServerOptions& options) {
    Address address;
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    if (::inet_pton(AF_INET6, options.address.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(options.port);
        address.size = sizeof *v6;
    } else if (::inet_pton(AF_INET, options.address.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(options.port);
        address.size = sizeof *v4;
    } else {
        throw std::invalid_argument("scripted server: not an address: " + options.address);
    }
    return address;
}

int listen_on(Address address) {
    const int fd = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        fail("socket");
    }
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(fd, address.get(), address.size) != 0 || ::listen(fd, SOMAXCONN) != 0) {
        const int reason = errno;
        ::close(fd);
        errno = reason;
        fail("listen");
    }
    return fd;
}

bool wants_close(const ReceivedRequest& request) {
    const std::string connection = request.header("Connection").value_or("");
    return ::strcasecmp(connection.c_str(), "close") == 0 ||
           (request.version == "HTTP/1.0" && ::strcasecmp(connection.c_str(), "keep-alive") != 0);
}

// OpenSSL writes with write(2): a client that has left must not end the program.
void block_sigpipe() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

class ScriptedServer::Impl {
public:
    using AnyHandler = std::variant<Handler, RawHandler>;

    Impl(AnyHandler handler, ServerOptions options)
        : handler_(std::move(handler)), options_(std::move(options)) {
        if (options_.tls) {
            tls_ = std::make_unique<Tls>(*options_.tls);
        }
        listener_ = listen_on(address_of(options_));
        Address bound{.size = sizeof(sockaddr_storage)};
        ::getsockname(listener_, bound.get(), &bound.size);
        // The port stands at the same place in both families.
        port_ = ntohs(reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
        if (::pipe2(stop_pipe_.data(), O_CLOEXEC) != 0) {
            ::close(listener_);
            fail("pipe2");
        }
        acceptor_ = std::thread([this] { accept_loop(); });
    }

    ~Impl() {
        stop();
        ::close(stop_pipe_[0]);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    void stop();

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] const ServerOptions& options() const noexcept { return options_; }
    [[nodiscard]] const Tls* tls() const noexcept { return tls_.get(); }

    struct Counters {
        int accepted = 0;
        int open = 0;
        int failed_handshakes = 0;
        std::vector<ReceivedRequest> requests;
    };

    template <class Read>
    auto read(Read read) const {
        const std::lock_guard lock(mutex_);
        return read(counters_);
    }

    template <class Reached>
    bool wait_until(Reached reached) const {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, kPatience, [&] { return stopping_ || reached(counters_); });
        return reached(counters_);
    }

private:
    struct Session {
        explicit Session(int fd, int stop_fd, int number) : conn(fd, stop_fd, number) {}

        Conn conn;
        std::thread thread;
        std::atomic<bool> done = false;
    };
    using Sessions = std::list<std::unique_ptr<Session>>;

    template <class Change>
    void update(Change change) {
        const std::lock_guard lock(mutex_);
        change(counters_);
        changed_.notify_all();
    }

    static void join(const Sessions& sessions) {
        for (const std::unique_ptr<Session>& session : sessions) {
            session->thread.join();
        }
    }

    void accept_loop();
    void start_session(int fd);
    void run(Session& session);
    void serve(Conn& conn);

    const AnyHandler handler_;
    const ServerOptions options_;
    std::unique_ptr<Tls> tls_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::array<int, 2> stop_pipe_{-1, -1};  // the write end is closed to stop
    std::thread acceptor_;
    std::mutex stop_mutex_;  // serialises stop()

    mutable std::mutex mutex_;  // guards all below
    mutable std::condition_variable changed_;
    bool stopping_ = false;
    Counters counters_;
    Sessions sessions_;
};

void ScriptedServer::Impl::accept_loop() {
    for (;;) {
        std::array<pollfd, 2> fds{{{listener_, POLLIN, 0}, {stop_pipe_[0], POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), -1) < 0) {
            continue;  // a signal
        }
        if (fds[1].revents != 0) {
            return;
        }
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0) {
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            start_session(fd);
        }
    }
}

void ScriptedServer::Impl::start_session(int fd) {
    Sessions finished;
    {
        const std::lock_guard lock(mutex_);
        for (auto it = sessions_.begin(); it != sessions_.end();) {
            const auto next = std::next(it);
            if ((*it)->done) {
                finished.splice(finished.end(), sessions_, it);
            }
            it = next;
        }
        const int number = ++counters_.accepted;
        ++counters_.open;
        Session& session =
            *sessions_.emplace_back(std::make_unique<Session>(fd, stop_pipe_[0], number));
        session.conn.split_writes(options_.write_pieces);
        session.thread = std::thread([this, &session] { run(session); });
        changed_.notify_all();
    }
    join(finished);
}

void ScriptedServer::Impl::run(Session& session) {
    block_sigpipe();
    if (tls_ == nullptr || session.conn.handshake(tls_->context.get())) {
        serve(session.conn);
    } else {
        update([](Counters& counters) { ++counters.failed_handshakes; });
    }
    session.conn.close();
    update([](Counters& counters) { --counters.open; });
    session.done = true;
}

void ScriptedServer::Impl::serve(Conn& conn) {
    if (const auto* raw = std::get_if<RawHandler>(&handler_)) {
        (*raw)(conn);
        return;
    }
    bool keep_alive = true;
    while (conn.is_open() && keep_alive) {
        const std::optional<ReceivedRequest> request = conn.read_request();
        if (!request) {
            conn.respond(400, {{"Connection", "close"}}, "not an HTTP/1 request");
            return;
        }
        update([&](Counters& counters) { counters.requests.push_back(*request); });
        std::get<Handler>(handler_)(conn, *request);
        keep_alive = !wants_close(*request);
    }
}

void ScriptedServer::Impl::stop() {
    const std::lock_guard only_one(stop_mutex_);
    if (!acceptor_.joinable()) {
        return;
    }
    ::close(stop_pipe_[1]);
    acceptor_.join();
    ::close(listener_);
    Sessions sessions;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        sessions.swap(sessions_);
        changed_.notify_all();
    }
    for (const std::unique_ptr<Session>& session : sessions) {
        session->conn.interrupt();
    }
    join(sessions);
}

ScriptedServer::ScriptedServer(Handler handler, ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(handler), std::move(options))) {}

ScriptedServer::ScriptedServer(RawHandler handler, ServerOptions options)
    : impl_(std::make_unique<Impl>(std::move(handler), std::move(options))) {}

ScriptedServer::~ScriptedServer() = default;

std::uint16_t ScriptedServer::port() const noexcept {
    return impl_->port();
}

std::string ScriptedServer::url(std::string_view path, std::string_view host) const {
    std::string authority(host.empty() ? impl_->options().address : host);
    if (authority.find(':') != authority.npos) {
        authority = "[" + authority + "]";
    }
    return (impl_->tls() != nullptr ? "https://" : "http://") + authority + ":" +
           std::to_string(port()) + std::string(path);
}

const std::filesystem::path& ScriptedServer::ca_file() const {
    assert(impl_->tls() != nullptr);
    return impl_->tls()->ca_file.path();
}

int ScriptedServer::connections_accepted() const {
    return impl_->read([](const auto& counters) { return counters.accepted; });
}

int ScriptedServer::connections_open() const {
    return impl_->read([](const auto& counters) { return counters.open; });
}

int ScriptedServer::failed_handshakes() const {
    return impl_->read([](const auto& counters) { return counters.failed_handshakes; });
}

std::vector<ReceivedRequest> ScriptedServer::requests() const {
    return impl_->read([](const auto& counters) { return counters.requests; });
}

bool ScriptedServer::wait_for_requests(std::size_t at_least) const {
    return impl_->wait_until([&](const auto& now) { return now.requests.size() >= at_least; });
}

bool ScriptedServer::wait_for_accepted(int at_least) const {
    return impl_->wait_until([&](const auto& now) { return now.accepted >= at_least; });
}

bool ScriptedServer::wait_for_open(int exactly) const {
    return impl_->wait_until([&](const auto& now) { return now.open == exactly; });
}

bool ScriptedServer::wait_for_failed_handshakes(int at_least) const {
    return impl_->wait_until([&](const auto& now) { return now.failed_handshakes >= at_least; });
}

void ScriptedServer::stop() {
    impl_->stop();
}

}  // namespace tenon::test
