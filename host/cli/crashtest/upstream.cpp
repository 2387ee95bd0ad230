#include "cli/crashtest/upstream.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "wire/http1_request_parser.hpp"
#include "wire/json.hpp"

namespace tenon::cli::crashtest {
namespace {

/// Longer than anything takes that goes well.
constexpr std::chrono::seconds kPatience{30};

constexpr std::string_view kModels =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n"
    R"({"object":"list","data":[  ]})";
constexpr std::string_view kNotFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

}  // namespace

class Upstream::Impl {
public:
    Impl(ListeningSocket socket, Script script)
        : listening_(std::move(socket)), script_(std::move(script)) {}

    void start() {
        accepting_ = std::thread([this] { accept_all(); });
    }

    ~Impl() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
            for (const Socket* socket : open_) socket->interrupt();
        }
        ending_changed_.notify_all();
        listening_.interrupt();
        if (accepting_.joinable()) accepting_.join();
        for (std::thread& each : threads_) each.join();  // no new ones: accepting has ended
    }

    void play(Script script) {
        const std::lock_guard lock(mutex_);
        script_ = std::move(script);
    }
    [[nodiscard]] std::uint16_t port() const noexcept { return listening_.port(); }
    [[nodiscard]] std::vector<Clock::time_point> arrivals() const {
        const std::lock_guard lock(mutex_);
        return arrivals_;
    }

private:
    class Conversation;

    void accept_all();
    void serve(Socket socket);

    /// The script and the number of a request that has come.
    std::pair<Script, int> next() {
        const std::lock_guard lock(mutex_);
        arrivals_.push_back(Clock::now());
        return {script_, static_cast<int>(arrivals_.size())};
    }
    bool pause(std::chrono::milliseconds time) {
        std::unique_lock lock(mutex_);
        return !ending_changed_.wait_for(lock, time, [this] { return ending_; });
    }

    ListeningSocket listening_;
    mutable std::mutex mutex_;
    std::condition_variable ending_changed_;
    Script script_;
    std::vector<Clock::time_point> arrivals_;
    std::vector<const Socket*> open_;
    bool ending_ = false;
    std::vector<std::thread> threads_;  // of accepting_, until that has ended
    std::thread accepting_;
};

/// The requests of one connection.
class Upstream::Impl::Conversation final : public Exchange {
public:
    Conversation(Impl& upstream, Socket& socket) : upstream_(upstream), socket_(socket) {}

    void run() {
        while (open_ && read_request()) answer();
    }

    [[nodiscard]] int number() const noexcept override { return number_; }
    [[nodiscard]] int number_here() const noexcept override { return number_here_; }
    [[nodiscard]] const std::string& model() const noexcept override { return model_; }
    [[nodiscard]] bool wants_stream() const noexcept override { return wants_stream_; }
    [[nodiscard]] const std::string& last_role() const noexcept override { return last_role_; }

    bool send(std::string_view bytes) override {
        if (open_) open_ = socket_.send(bytes, Clock::now() + kPatience);
        return open_;
    }
    bool pause(std::chrono::milliseconds time) override { return upstream_.pause(time) && open_; }
    void keep_silent() override {
        const auto deadline = Clock::now() + kPatience;
        while (socket_.read(bytes_, deadline) == Socket::Read::bytes) {
        }
        open_ = false;
    }
    void reset() override { leave(true); }
    void close() override { leave(false); }

private:
    bool read_request() {
        parser_.reset();
        for (;;) {
            while (!bytes_.empty()) {
                const auto used = parser_.feed(bytes_);
                if (!used) return false;
                bytes_.erase(0, *used);
                if (parser_.done()) return true;
                if (*used == 0) break;
            }
            std::string more;
            if (socket_.read(more, Clock::now() + kPatience) != Socket::Read::bytes) return false;
            bytes_ += more;
        }
    }

    void answer() {
        if (parser_.target() == "/v1/models") {
            send(kModels);
            return;
        }
        if (parser_.target() != "/v1/chat/completions") {
            send(kNotFound);
            return;
        }
        const auto body = wire::JsonDocument::parse(parser_.body());
        const wire::JsonView root = body ? body->root() : wire::JsonView();
        model_ = root["model"].as_string().value_or("");
        wants_stream_ = root["stream"].as_bool().value_or(false);
        const wire::JsonView messages = root["messages"];
        last_role_ = messages[messages.size() - 1]["role"].as_string().value_or("");
        auto [script, number] = upstream_.next();
        number_ = number;
        ++number_here_;
        script(*this);
    }

    /// The socket is closed by its owner, who knows that nobody interrupts it any more.
    void leave(bool by_reset) {
        const std::lock_guard lock(upstream_.mutex_);
        open_ = false;
        std::erase(upstream_.open_, &socket_);
        by_reset ? socket_.reset() : socket_.close();
    }

    Impl& upstream_;
    Socket& socket_;
    wire::Http1RequestParser parser_{{}};
    std::string bytes_;
    bool open_ = true;
    int number_ = 0;
    int number_here_ = 0;
    std::string model_;
    std::string last_role_;
    bool wants_stream_ = false;
};

void Upstream::Impl::accept_all() {
    for (int fd = listening_.accept(); fd >= 0; fd = listening_.accept()) {
        threads_.emplace_back([this, fd] { serve(Socket(fd)); });
    }
}

void Upstream::Impl::serve(Socket socket) {
    {
        const std::lock_guard lock(mutex_);
        if (ending_) return;
        open_.push_back(&socket);
    }
    Conversation(*this, socket).run();
    const std::lock_guard lock(mutex_);
    std::erase(open_, &socket);
}

Result<std::unique_ptr<Upstream>> Upstream::open(Script script) {
    auto socket = ListeningSocket::open();
    if (!socket) return std::move(socket).error();
    auto impl = std::make_unique<Impl>(*std::move(socket), std::move(script));
    impl->start();
    return std::unique_ptr<Upstream>(new Upstream(std::move(impl)));
}

Upstream::Upstream(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Upstream::~Upstream() = default;

std::uint16_t Upstream::port() const noexcept {
    return impl_->port();
}

std::string Upstream::base_url() const {
    return "http://127.0.0.1:" + std::to_string(port()) + "/v1";
}

void Upstream::play(Script script) {
    impl_->play(std::move(script));
}

std::vector<Clock::time_point> Upstream::arrivals() const {
    return impl_->arrivals();
}

}  // namespace tenon::cli::crashtest
