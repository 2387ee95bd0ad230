#include "transport/server_connection.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "wire/http1_response.hpp"

namespace tenon::transport {

using Clock = std::chrono::steady_clock;

ServerConnection::ServerConnection(ServerShard& shard, net::Accepted accepted,
                                   std::shared_ptr<boost::asio::ssl::context> tls, bool turn_away)
    : shard_(shard),
      options_(shard.context().options),
      peer_(std::move(accepted.peer)),
      tls_(std::move(tls)),
      turn_away_(turn_away),
      stream_(shard.io(), accepted.fd, *this),
      limit_(shard.io(), *this),
      parser_({.target_bytes = options_.max_target_bytes,
               .head_bytes = options_.max_head_bytes,
               .headers = options_.max_headers,
               .body_bytes = options_.max_body_bytes}),
      started_(Clock::now()) {}

// Here and below no co_await stands in a condition: GCC 12 lays such a coroutine's frame out
// wrongly.

net::Awaitable<void> ServerConnection::run() {
    try {
        if (turn_away_) {
            co_await refuse(503, "the server has too many connections; try again later");
        } else {
            bool more = true;
            if (tls_) more = co_await shake_hands();
            while (more) more = co_await serve_one();
        }
    } catch (const std::exception& failure) {
        shard_.context().handler.on_trouble(failure.what());
    }
    co_await close();
}

net::Awaitable<bool> ServerConnection::shake_hands() {
    const auto done = co_await stream_.handshake(tls_, started_ + options_.handshake_timeout);
    if (!done && done.error().code == Code::deadline) {
        ServerStats::count(shard_.context().stats.timed_out);
    }
    started_ = Clock::now();
    co_return done.has_value() && !aborted_;
}

net::Awaitable<bool> ServerConnection::serve_one() {
    begin_request();
    const bool complete = co_await read_request();
    if (!complete) co_return false;
    co_await handle();
    co_return answer_ == Answer::done && !broken_ && !close_after_ && !gone_;
}

void ServerConnection::begin_request() {
    parser_.reset();
    answer_ = Answer::none;
    close_after_ = bodiless_ = chunked_ = head_held_back_ = false;
    if (requests_ > 0) started_ = Clock::now();
}

net::Awaitable<bool> ServerConnection::read_request() {
    while (!parser_.done()) {
        if (first_ == last_) {
            const bool more = co_await wait_for_input();
            if (!more) co_return false;
            continue;
        }
        const bool had_head = parser_.head_done();
        if (!parser_.started() && requests_ > 0) started_ = Clock::now();
        const auto used = parser_.feed({buffer_.data() + first_, last_ - first_});
        if (!used) {
            co_await refuse(used.error().http_status, used.error().message);
            co_return false;
        }
        first_ += *used;
        if (had_head || !parser_.head_done()) continue;
        started_ = Clock::now();
        if (!parser_.expects_continue() || first_ < last_) continue;
        const auto asked = co_await put(wire::kContinue, {}, {});
        if (!asked) co_return false;
    }
    co_return true;
}

/// False when no request will come.
net::Awaitable<bool> ServerConnection::wait_for_input() {
    const bool between = !parser_.started();
    if (between && shard_.draining() && !stream_.has_input()) closing_ = true;
    if (closing_ || gone_) co_return false;
    read_ahead();
    if (between) set_idle(true);
    limit_.set(input_limit());
    co_await news_.wait();
    limit_.clear();
    set_idle(false);
    if (!timed_out_) co_return !closing_ && !aborted_ && first_ < last_;
    if (between) co_return false;
    ServerStats::count(shard_.context().stats.timed_out);
    co_await refuse(408, parser_.head_done() ? "the body of the request takes too long to arrive"
                                             : "the head of the request takes too long to arrive");
    co_return false;
}

base::TimePoint ServerConnection::input_limit() {
    if (!parser_.started()) {
        return started_ + (requests_ == 0 ? options_.head_timeout : options_.keepalive_timeout);
    }
    if (!parser_.head_done()) return started_ + options_.head_timeout;
    const auto earned = std::chrono::seconds(parser_.body().size() / options_.min_body_rate);
    return std::min(std::max(last_input_, started_) + options_.body_idle_timeout,
                    started_ + options_.body_timeout + earned);
}

ServerRequest ServerConnection::request() {
    return {.method = parser_.method(),
            .target = parser_.target(),
            .authority = parser_.authority(),
            .headers = parser_.headers(),
            .body = parser_.body(),
            .peer = peer_,
            .tls = tls_ != nullptr,
            .io_index = shard_.io_index(),
            .arrived = last_input_};
}

net::Awaitable<void> ServerConnection::handle() {
    ServerContext& context = shard_.context();
    ServerStats::count(context.stats.requests);
    ++requests_;
    ServerRequest request = this->request();
    handling_ = true;
    // From now on there is little to read, perhaps for minutes.
    if (first_ == last_ && !stream_.reading()) buffer_.shrink();
    read_ahead();
    try {
        co_await context.handler.handle(request, *this);
    } catch (const std::exception& failure) {
        context.handler.on_trouble("a request's handler threw: " + std::string(failure.what()));
        close_after_ = true;
    } catch (...) {
        context.handler.on_trouble("a request's handler threw");
        close_after_ = true;
    }
    handling_ = false;
    listener_ = nullptr;
    if (answer_ == Answer::none && !broken_ && !gone_) {
        co_await refuse(500, "the server failed to answer this request");
    }
}

net::Awaitable<void> ServerConnection::refuse(int status, std::string_view reason) {
    ServerStats::count(shard_.context().stats.refused);
    refused_ = !parser_.done();
    close_after_ = true;
    const ServerRequest request = this->request();
    const bool understood = refused_ && !parser_.target().empty();
    const HttpHandler::Body body =
        shard_.context().handler.describe({.status = status,
                                           .reason = reason,
                                           .target = parser_.target(),
                                           .request = understood ? &request : nullptr});
    std::vector<HeaderView> headers = {{"Content-Type", body.type}};
    for (const auto& [name, value] : body.headers) headers.push_back({name, value});
    co_await send(status, headers, body.text);
}

net::Awaitable<void> ServerConnection::close() {
    const bool cut = answer_ == Answer::streaming;
    if (cut && !chunked_ && !aborted_) {
        stream_.reset();  // nothing else tells the client that more should have come
    } else if (!cut && !broken_ && !aborted_) {
        co_await linger();
    }
    closing_ = true;
    stream_.close();
    while (stream_.reading()) co_await news_.wait();
}

/// Closing while the client still sends would reset the connection, and the answer might be lost.
net::Awaitable<void> ServerConnection::linger() {
    const auto until = Clock::now() + options_.linger_timeout;
    const bool sending = refused_ || first_ < last_;
    co_await stream_.end(until);
    if (!sending) co_return;
    timed_out_ = false;
    limit_.set(until);
    while (!ended_ && !timed_out_ && !aborted_) {
        first_ = last_;
        read_ahead();
        co_await news_.wait();
    }
    limit_.clear();
}

std::size_t ServerConnection::body_to_come() noexcept {
    if (!parser_.head_done()) return 0;
    const std::uint64_t length = parser_.content_length().value_or(0);
    const std::uint64_t here = parser_.body().size();
    return length > here ? std::min<std::uint64_t>(length - here, ReadBuffer::kMost) : 0;
}

void ServerConnection::read_ahead() {
    if (stream_.reading() || ended_) return;
    if (first_ > 0) {
        std::copy(buffer_.data() + first_, buffer_.data() + last_, buffer_.data());
        last_ -= first_;
        first_ = 0;
    }
    // Also what is ahead of its turn is read, as far as there is room: behind it may be the end.
    if (std::exchange(filled_, false)) buffer_.grow(last_, handling_ ? 0 : body_to_come());
    if (last_ < buffer_.size()) stream_.read(buffer_.from(last_));
}

void ServerConnection::on_read(std::size_t bytes) noexcept {
    last_ += bytes;
    filled_ = last_ == buffer_.size();
    if (bytes > 0) {
        last_input_ = Clock::now();
        if (handling_) read_ahead();
    } else {
        // The handler may be resumed by what it hears, and even end.
        const auto self = shared_from_this();
        ended_ = true;
        tell_gone();
        news_.notify();
        return;
    }
    news_.notify();
}

void ServerConnection::on_limit() noexcept {
    timed_out_ = true;
    news_.notify();
}

void ServerConnection::set_idle(bool idle) {
    if (idle == idle_) return;
    idle_ = idle;
    idle ? shard_.set_idle(place_) : shard_.set_busy(place_);
}

void ServerConnection::close_idle() {
    if (!idle_ || stream_.has_input()) return;
    closing_ = true;
    news_.notify();
}

void ServerConnection::abort() {
    aborted_ = true;
    tell_gone();
    stream_.close();
    news_.notify();
}

void ServerConnection::tell_gone() noexcept {
    if (std::exchange(gone_, true) || !handling_) return;
    ServerStats::count(shard_.context().stats.clients_gone);
    if (listener_ != nullptr) std::exchange(listener_, nullptr)->on_client_gone();
}

}  // namespace tenon::transport
