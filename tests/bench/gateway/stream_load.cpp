// Many clients that stream at once, some of which go away: what does the gateway cost them?
//
//     tenon-stream-load --port N [--connections 200] [--streams 0] [--seconds 10] ...
//
// Each client posts one streamed chat request after the other over a connection that stays open,
// until so many streams were begun or, if that is 0, so much time has passed. With --abort-ratio
// some leave at a random moment of a random phase, in the stream within the first deltas; --seed
// makes the choice repeatable. The last line is JSON. The upstream is tenon-bench-upstream, which
// does as the request says.

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event_loop.hpp"
#include "http_text.hpp"
#include "options.hpp"
#include "tally.hpp"

namespace tenon::bench {
namespace {

using std::chrono::milliseconds;

struct Plan {
    std::uint16_t port = 0;
    std::size_t connections = 0;
    long long streams = 0;
    milliseconds duration{0};
    milliseconds ramp{0};
    milliseconds first{0};
    long long chunks = 0;
    long long leave_within = 0;  ///< deltas
    double abort_ratio = 0;
    std::string request;
};

class Load;

class Client final : public Watcher {
public:
    explicit Client(Load& load) : load_(load) {}

    void begin();
    void on_events(std::uint32_t events) override;
    void on_time() override;

private:
    enum class Wait { none, begin, leave };

    void choose_leave();
    void send_request();
    void read();
    void take(std::string_view data, Time time);
    void take_events(Time time);
    void on_delta(std::string_view event, Time time);
    void end_stream();
    void fail(const std::string& why);
    void leave();
    void hang_up(bool reset);

    Load& load_;
    int fd_ = -1;
    bool busy_ = false;  ///< a stream is under way
    Wait wait_ = Wait::begin;
    AnswerReader answer_;
    std::size_t to_send_ = 0;
    std::size_t sent_ = 0;
    Time asked_{};
    Time last_delta_{};
    bool heard_ = false;
    long long deltas_ = 0;
    Leave leave_ = Leave::never;
    long long leave_after_ = 0;  ///< deltas
};

class Load {
public:
    Load(Plan plan, std::uint64_t seed) : plan_(std::move(plan)), random_(seed) {
        for (std::size_t i = 0; i < plan_.connections; ++i) {
            clients_.push_back(std::make_unique<Client>(*this));
        }
    }

    std::string run() {
        const Time start = now();
        end_ = start + plan_.duration;
        running_ = clients_.size();
        for (auto& client : clients_) {
            loop.wake_at(*client, start + at_most(plan_.ramp));
        }
        loop.run();
        return tally.json(now() - start);
    }

    /// Whether one more stream is wanted; it is counted.
    bool one_more() {
        const bool wanted = plan_.streams > 0 ? tally.started < plan_.streams : now() < end_;
        if (wanted) ++tally.started;
        return wanted;
    }

    void is_done() {
        if (--running_ == 0) loop.stop();
    }

    [[nodiscard]] const Plan& plan() const { return plan_; }

    Nanoseconds at_most(Nanoseconds longest) {
        return Nanoseconds(up_to(static_cast<std::uint64_t>(longest.count())));
    }
    std::uint64_t up_to(std::uint64_t most) {
        return std::uniform_int_distribution<std::uint64_t>(0, most)(random_);
    }
    bool chance(double ratio) { return std::uniform_real_distribution<>(0, 1)(random_) < ratio; }

    EventLoop loop;
    Tally tally;

private:
    Plan plan_;
    std::mt19937_64 random_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::size_t running_ = 0;
    Time end_{};
};

void Client::begin() {
    if (!load_.one_more()) {
        hang_up(false);
        load_.is_done();
        return;
    }
    answer_.restart();
    busy_ = true;
    heard_ = false;
    deltas_ = 0;
    sent_ = 0;
    to_send_ = load_.plan().request.size();
    choose_leave();
    asked_ = now();
    if (fd_ < 0) {
        fd_ = connect_to(load_.plan().port);
        load_.loop.watch(fd_, *this, EPOLLIN | EPOLLOUT);
    } else {
        send_request();
    }
}

void Client::choose_leave() {
    leave_ = Leave::never;
    if (!load_.chance(load_.plan().abort_ratio)) return;
    leave_ = static_cast<Leave>(1 + load_.up_to(kLeaves - 2));
    wait_ = Wait::leave;
    if (leave_ == Leave::in_request) {
        to_send_ = load_.up_to(to_send_ - 1);
        load_.loop.wake_at(*this, now() + load_.at_most(milliseconds(5)));
    } else if (leave_ == Leave::before_head) {
        load_.loop.wake_at(*this, now() + load_.at_most(load_.plan().first));
    } else if (leave_ == Leave::in_stream) {
        leave_after_ = 1 + static_cast<long long>(load_.up_to(
                               static_cast<std::uint64_t>(load_.plan().leave_within - 1)));
    }
}

void Client::on_time() {
    if (std::exchange(wait_, Wait::none) == Wait::leave) {
        leave();
    } else {
        begin();
    }
}

void Client::on_events(std::uint32_t events) {
    if (fd_ >= 0 && (events & EPOLLOUT) != 0) send_request();
    if (fd_ >= 0 && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read();
}

void Client::send_request() {
    const std::string_view rest =
        std::string_view(load_.plan().request).substr(sent_, to_send_ - sent_);
    const ssize_t size = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (size < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    if (size < 0) {
        fail("cannot send");
        return;
    }
    sent_ += static_cast<std::size_t>(size);
    load_.loop.change(fd_, *this, sent_ < to_send_ ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Client::read() {
    char piece[32768];
    const ssize_t size = ::recv(fd_, piece, sizeof piece, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size > 0) {
        take({piece, static_cast<std::size_t>(size)}, now());
    } else if (busy_) {
        fail(answer_.state() == AnswerReader::State::head ? "closed before the answer"
                                                          : "cut short");
    } else {
        hang_up(false);
    }
}

void Client::take(std::string_view data, Time time) {
    load_.tally.bytes += static_cast<long long>(data.size());
    if (!busy_) {
        fail("more than was asked for");
        return;
    }
    if (!std::exchange(heard_, true)) load_.tally.head.add(time - asked_);
    while (busy_ && !data.empty()) {
        const bool in_head = answer_.state() == AnswerReader::State::head;
        answer_.put(data);
        if (answer_.state() == AnswerReader::State::broken) {
            fail("not HTTP");
        } else if (answer_.state() == AnswerReader::State::end && answer_.status() != 200) {
            fail("HTTP " + std::to_string(answer_.status()));
        } else if (in_head && answer_.state() != AnswerReader::State::head) {
            if (leave_ == Leave::before_first_delta) leave();
        } else {
            take_events(time);
        }
    }
}

void Client::take_events(Time time) {
    std::string& body = answer_.body();
    std::size_t begin = 0;
    bool whole = false;
    for (std::size_t end = body.find("\n\n"); end != std::string::npos && busy_;
         end = body.find("\n\n", begin)) {
        const std::string_view event = std::string_view(body).substr(begin, end - begin);
        begin = end + 2;
        whole = whole || event == "data: [DONE]";
        if (event.find("\"content\":") != std::string_view::npos) on_delta(event, time);
    }
    if (!busy_) return;
    body.erase(0, begin);
    if (whole) body = "whole";  // nothing comes behind it
    if (answer_.state() != AnswerReader::State::end) return;
    if (body == "whole" && deltas_ == load_.plan().chunks) {
        end_stream();
    } else {
        fail("not whole");
    }
}

void Client::on_delta(std::string_view event, Time time) {
    Tally& tally = load_.tally;
    if (deltas_++ == 0) {
        tally.first_delta.add(time - asked_);
    } else {
        tally.gap.add(time - last_delta_);
    }
    last_delta_ = time;
    ++tally.chunks;
    const long long sent = number_after(event, " at ", 0);
    if (sent != 0) tally.delay.add(time.time_since_epoch() - Nanoseconds(sent));
    if (leave_ == Leave::in_stream && deltas_ >= leave_after_) leave();
}

void Client::end_stream() {
    ++load_.tally.completed;
    busy_ = false;
    load_.loop.forget_alarm(*this);
    if (!answer_.keeps_alive()) hang_up(false);
    begin();
}

void Client::fail(const std::string& why) {
    ++load_.tally.failures[why];
    hang_up(false);
    // A gateway that refuses at once is not asked in a tight loop.
    wait_ = Wait::begin;
    load_.loop.wake_at(*this, now() + milliseconds(10));
}

void Client::leave() {
    ++load_.tally.left[static_cast<std::size_t>(leave_)];
    hang_up(load_.chance(0.5));
    wait_ = Wait::begin;
    load_.loop.wake_at(*this, now());
}

void Client::hang_up(bool reset) {
    busy_ = false;
    load_.loop.forget_alarm(*this);
    if (fd_ < 0) return;
    if (reset) {
        close_with_reset(fd_);
    } else {
        ::close(fd_);
    }
    fd_ = -1;
}

std::string request_text(const Options& options) {
    const std::string filler(static_cast<std::size_t>(options.number("prompt-bytes")), 'x');
    const std::string body =
        "{\"model\":\"bench\",\"stream\":true,\"user\":\"chunks=" + options.text("chunks") +
        " interval_ms=" + options.text("interval-ms") + " first_ms=" + options.text("first-ms") +
        "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + filler + "\"}]}";
    return "POST " + options.text("path") + " HTTP/1.1\r\nhost: 127.0.0.1:" + options.text("port") +
           "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
    using namespace tenon::bench;
    const Options options(argc, argv,
                          {{"port", ""},
                           {"path", "/v1/chat/completions"},
                           {"connections", "200"},
                           {"streams", "0"},
                           {"seconds", "10"},
                           {"ramp-ms", "20"},
                           {"chunks", "50"},
                           {"interval-ms", "20"},
                           {"first-ms", "0"},
                           {"prompt-bytes", "200"},
                           {"abort-ratio", "0"},
                           {"leave-within", "10"},
                           {"seed", "1"}});
    Plan plan;
    plan.port = static_cast<std::uint16_t>(options.number("port"));
    plan.connections = static_cast<std::size_t>(options.number("connections"));
    plan.streams = options.number("streams");
    plan.duration = std::chrono::seconds(options.number("seconds"));
    plan.ramp = std::chrono::milliseconds(options.number("ramp-ms"));
    plan.first = std::chrono::milliseconds(options.number("first-ms"));
    plan.chunks = options.number("chunks");
    plan.leave_within = std::min<long long>(options.number("leave-within"), plan.chunks);
    plan.abort_ratio = options.ratio("abort-ratio");
    plan.request = request_text(options);
    Load load(std::move(plan), static_cast<std::uint64_t>(options.number("seed")));
    std::printf("%s\n", load.run().c_str());
}
