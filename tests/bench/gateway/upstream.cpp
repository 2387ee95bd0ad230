// A provider in the OpenAI dialect that costs next to nothing: what stands before it is measured.
//
//     tenon-bench-upstream [--port N]
//
// prints its port. A streamed request says how it wants its answer in its body, as in
// "user":"chunks=100 interval_ms=20 first_ms=0". Each chunk says when it was sent, in nanoseconds
// of the monotonic clock. GET /stats counts what it has done.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event_loop.hpp"
#include "http_text.hpp"
#include "options.hpp"

namespace tenon::bench {
namespace {

constexpr std::size_t kStampDigits = 18;
constexpr std::string_view kStamp = "000000000000000000";

std::string chunk_of(std::string_view delta, std::string_view reason) {
    return "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":"
           "1700000000,\"model\":\"bench\",\"system_fingerprint\":\"fp_bench\",\"choices\":[{"
           "\"index\":0,\"delta\":{" +
           std::string(delta) + "},\"logprobs\":null,\"finish_reason\":" + std::string(reason) +
           "}]}\n\n";
}

std::string framed(const std::string& data) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    return size + data + "\r\n";
}

/// Everything that is ever said, made once.
struct Texts {
    std::string json_head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ";
    std::string answer;
    std::string models;
    std::string stream_head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    std::string chunk = framed(chunk_of("\"content\":\" at " + std::string(kStamp) + "\"", "null"));
    std::size_t stamp = chunk.find(kStamp);
    std::string last;

    Texts() {
        answer = json(
            "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,"
            "\"model\":\"bench\",\"system_fingerprint\":\"fp_bench\",\"choices\":[{\"index\":0,"
            "\"message\":{\"role\":\"assistant\",\"content\":\"A tenon is the part of a joint that "
            "fits into the other piece, the mortise; together they hold without a nail.\","
            "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{"
            "\"prompt_tokens\":20,\"completion_tokens\":25,\"total_tokens\":45}}");
        models = json(
            "{\"object\":\"list\",\"data\":[{\"id\":\"bench\",\"object\":\"model\",\"created\":"
            "1700000000,\"owned_by\":\"bench\"}]}");
        last = framed(chunk_of({}, "\"stop\"") +
                      "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","
                      "\"created\":1700000000,\"model\":\"bench\",\"choices\":[],\"usage\":{"
                      "\"prompt_tokens\":20,\"completion_tokens\":25,\"total_tokens\":45}}\n\n"
                      "data: [DONE]\n\n") +
               "0\r\n\r\n";
    }

    [[nodiscard]] std::string json(const std::string& body) const {
        return json_head + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
};

struct Counts {
    long long connections = 0;  ///< open now
    long long requests = 0;
    long long streams_open = 0;
    long long streams_ended = 0;
    long long streams_cancelled = 0;

    [[nodiscard]] std::string json() const {
        return "{\"connections\":" + std::to_string(connections) +
               ",\"requests\":" + std::to_string(requests) +
               ",\"streams_open\":" + std::to_string(streams_open) +
               ",\"streams_ended\":" + std::to_string(streams_ended) +
               ",\"streams_cancelled\":" + std::to_string(streams_cancelled) + "}";
    }
};

class Upstream;

class Client final : public Watcher {
public:
    explicit Client(Upstream& upstream) : upstream_(upstream) {}

    void open(int fd);
    void on_events(std::uint32_t events) override;
    void on_time() override;

private:
    void read();
    void answer_waiting();
    void answer(const HttpRequest& request);
    void start_stream(std::string_view body);
    void write(std::string_view data);
    void flush();
    void close();

    Upstream& upstream_;
    int fd_ = -1;
    std::string in_;
    std::string out_;
    bool streaming_ = false;
    long long chunks_left_ = 0;
    std::chrono::milliseconds interval_{0};
    Time next_{};
};

class Upstream final : public Watcher {
public:
    explicit Upstream(std::uint16_t port) : listener_(listen_at(port)) {
        loop.watch(listener_, *this, EPOLLIN);
        std::printf("%u\n", port_of(listener_));
        std::fflush(stdout);
    }

    void on_events(std::uint32_t) override {
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0) return;
            no_delay(fd);
            if (idle_.empty()) {
                clients_.push_back(std::make_unique<Client>(*this));
                idle_.push_back(clients_.back().get());
            }
            Client* const client = idle_.back();
            idle_.pop_back();
            client->open(fd);
        }
    }

    void is_idle(Client& client) { idle_.push_back(&client); }

    EventLoop loop;
    Texts texts;
    Counts counts;

private:
    int listener_;
    std::vector<std::unique_ptr<Client>> clients_;  ///< they stay: the loop may still know them
    std::vector<Client*> idle_;
};

void Client::open(int fd) {
    fd_ = fd;
    ++upstream_.counts.connections;
    upstream_.loop.watch(fd_, *this, EPOLLIN);
}

void Client::close() {
    upstream_.loop.forget_alarm(*this);
    ::close(std::exchange(fd_, -1));
    if (std::exchange(streaming_, false)) {
        --upstream_.counts.streams_open;
        ++upstream_.counts.streams_cancelled;
    }
    in_.clear();
    out_.clear();
    --upstream_.counts.connections;
    upstream_.is_idle(*this);
}

void Client::on_events(std::uint32_t events) {
    if (fd_ >= 0 && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read();
    if (fd_ >= 0 && (events & EPOLLOUT) != 0) flush();
}

void Client::read() {
    char piece[16384];
    const ssize_t size = ::recv(fd_, piece, sizeof piece, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
        close();
        return;
    }
    in_.append(piece, static_cast<std::size_t>(size));
    answer_waiting();
}

void Client::answer_waiting() {
    while (fd_ >= 0 && !streaming_) {
        HttpRequest request;
        const std::size_t size = read_request(in_, request);
        if (size == 0) return;
        answer(request);
        in_.erase(0, size);
    }
}

void Client::answer(const HttpRequest& request) {
    ++upstream_.counts.requests;
    if (request.line.starts_with("GET /stats ")) {
        write(upstream_.texts.json(upstream_.counts.json()));
    } else if (request.line.starts_with("GET ")) {
        write(upstream_.texts.models);
    } else if (request.body.find("\"stream\":true") != std::string_view::npos) {
        start_stream(request.body);
    } else {
        write(upstream_.texts.answer);
    }
}

void Client::start_stream(std::string_view body) {
    streaming_ = true;
    ++upstream_.counts.streams_open;
    chunks_left_ = number_after(body, "chunks=", 20);
    interval_ = std::chrono::milliseconds(number_after(body, "interval_ms=", 20));
    write(upstream_.texts.stream_head);
    if (fd_ < 0) return;
    next_ = now() + std::chrono::milliseconds(number_after(body, "first_ms=", 0));
    upstream_.loop.wake_at(*this, next_);
}

void Client::on_time() {
    Texts& texts = upstream_.texts;
    if (chunks_left_ > 0) {
        --chunks_left_;
        char stamp[kStampDigits + 1];
        std::snprintf(stamp, sizeof stamp, "%018lld",
                      static_cast<long long>(now().time_since_epoch() / Nanoseconds(1)));
        texts.chunk.replace(texts.stamp, kStampDigits, stamp);
        write(texts.chunk);
        if (fd_ < 0) return;
        next_ += interval_;
        upstream_.loop.wake_at(*this, next_);
        return;
    }
    streaming_ = false;
    --upstream_.counts.streams_open;
    ++upstream_.counts.streams_ended;
    write(texts.last);
    answer_waiting();
}

void Client::write(std::string_view data) {
    if (out_.empty()) {
        const ssize_t size = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
        if (size == static_cast<ssize_t>(data.size())) return;
        if (size < 0 && errno != EAGAIN) {
            close();
            return;
        }
        if (size > 0) data.remove_prefix(static_cast<std::size_t>(size));
        upstream_.loop.change(fd_, *this, EPOLLIN | EPOLLOUT);
    }
    out_ += data;
}

void Client::flush() {
    const ssize_t size = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN) return;
    if (size < 0) {
        close();
        return;
    }
    out_.erase(0, static_cast<std::size_t>(size));
    if (out_.empty()) upstream_.loop.change(fd_, *this, EPOLLIN);
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
    const tenon::bench::Options options(argc, argv, {{"port", "0"}});
    tenon::bench::Upstream upstream(static_cast<std::uint16_t>(options.number("port")));
    upstream.loop.run();
}
