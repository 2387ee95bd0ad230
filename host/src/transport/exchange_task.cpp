#include "transport/exchange_task.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace tenon::transport {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

std::string in_words(std::chrono::milliseconds duration) {
    if (duration.count() % 1000 == 0) return std::to_string(duration.count() / 1000) + " s";
    return std::to_string(duration.count()) + " ms";
}

}  // namespace

ExchangeTask::ExchangeTask(std::shared_ptr<ConnectionPool> pool, HttpRequest request,
                           HttpSink& sink)
    : pool_(std::move(pool)), request_(std::move(request)), sink_(sink), resumed_(pool_->io()) {}

void ExchangeTask::start() {
    asio::post(pool_->io(), [self = shared_from_this()] {
        self->pool_->exchanges.insert(self.get());
        asio::co_spawn(self->pool_->io(), self->run(), [self](const std::exception_ptr& exception) {
            // Only a lack of memory gets here; the sink still has to hear of it.
            if (exception) self->finish(Error(Code::no_memory, "out of memory"));
        });
    });
}

void ExchangeTask::cancel() noexcept {
    asio::post(pool_->io(), [self = shared_from_this()] { self->cancel_here(); });
}

void ExchangeTask::cancel_here() noexcept {
    cancelled_ = true;
    if (connection_) connection_->stream.close();
    if (waiter_) {
        waiter_->cancelled = true;
        waiter_->changed.cancel();
    }
    resumed_.cancel();
}

void ExchangeTask::pause() noexcept {
    paused_.store(true, std::memory_order_relaxed);
}

void ExchangeTask::resume() noexcept {
    if (!paused_.exchange(false, std::memory_order_relaxed)) return;
    asio::post(pool_->io(), [self = shared_from_this()] { self->resumed_.cancel(); });
}

net::Awaitable<void> ExchangeTask::run() {
    const auto self = shared_from_this();
    auto url = wire::parse_url(request_.url);
    if (!url) {
        finish(std::move(url).error());
        co_return;
    }
    url_ = *std::move(url);
    auto written =
        wire::append_request_head(head_, request_.method, url_, request_.headers, body().size());
    if (!written) {
        finish(std::move(written).error());
        co_return;
    }
    Attempt result = co_await attempt(false);
    if (result.retry) result = co_await attempt(true);
    finish(std::move(result.error));
}

net::Awaitable<ExchangeTask::Attempt> ExchangeTask::attempt(bool fresh) {
    if (cancelled_ || pool_->closed) co_return Attempt{Error(Code::cancelled, "cancelled"), false};
    waiter_ = std::make_shared<ConnectionWaiter>(pool_->io());
    auto acquired = co_await pool_->acquire(url_.origin(), fresh, request_.deadline, waiter_);
    waiter_.reset();
    if (!acquired) co_return Attempt{std::move(acquired).error(), false};
    connection_ = *std::move(acquired);

    std::optional<Error> error;
    if (cancelled_) {
        error = Error(Code::cancelled, "cancelled");
    } else if (!connection_) {
        error = co_await dial();
    }
    const bool reused = connection_ && connection_->reused;
    wire::Http1ResponseParser parser({.body_bytes = pool_->options().max_body_bytes},
                                     request_.method == "HEAD");
    if (!error && cancelled_) error = Error(Code::cancelled, "cancelled");
    if (!error) {
        auto unsent = co_await send();
        error = co_await receive(parser);
        // A server may answer and hang up before it has read the whole request; its answer counts.
        if (error && unsent && !parser.started()) error = std::move(unsent);
    }
    auto connection = std::move(connection_);
    if (!error) {
        if (parser.reusable() && connection->stream.is_open()) {
            pool_->release(std::move(connection), parser.keep_alive_timeout());
        } else {
            connection.reset();
            pool_->give_back_place();
        }
        co_return Attempt{};
    }
    connection.reset();
    pool_->give_back_place();
    const bool died = error->code == Code::unavailable || error->code == Code::protocol;
    co_return Attempt{std::move(error),
                      reused && !fresh && !parser.started() && died && !cancelled_};
}

net::Awaitable<std::optional<Error>> ExchangeTask::dial() {
    connection_ = std::make_unique<Connection>(pool_->io());
    connection_->origin = url_.origin();
    const HttpOptions& options = pool_->options();
    auto connected = co_await connection_->stream.connect(
        url_.host, url_.port, limit(options.connect_timeout, "connecting"));
    if (connected && url_.tls) {
        connected = co_await connection_->stream.handshake(
            options.tls, limit(options.connect_timeout, "the TLS handshake"));
    }
    if (!connected) co_return explain(std::move(connected).error());
    co_return std::nullopt;
}

net::Awaitable<std::optional<Error>> ExchangeTask::send() {
    // In pieces, so that the limit is about progress and not about the size of the body.
    constexpr std::size_t kPiece = std::size_t{256} << 10;
    std::string_view head = head_;
    std::string_view rest = body();
    do {
        const std::string_view piece = rest.substr(0, kPiece);
        rest.remove_prefix(piece.size());
        auto written = co_await connection_->stream.write(
            head, piece, limit(pool_->options().write_timeout, "sending the request"));
        if (!written) co_return explain(std::move(written).error());
        head = {};
    } while (!rest.empty());
    co_return std::nullopt;
}

net::Awaitable<std::optional<Error>> ExchangeTask::receive(wire::Http1ResponseParser& parser) {
    const HttpOptions& options = pool_->options();
    while (!parser.done()) {
        if (paused_.load(std::memory_order_relaxed)) co_await wait_while_paused();
        if (cancelled_) co_return Error(Code::cancelled, "cancelled");
        const auto until = parser.started() ? limit(options.read_timeout, "the next bytes")
                                            : limit(options.first_byte_timeout, "an answer");
        auto n = co_await connection_->stream.read_some(connection_->buffer, until);
        if (!n) co_return explain(std::move(n).error());
        auto parsed =
            *n == 0 ? parser.finish(*this) : parser.feed({connection_->buffer.data(), *n}, *this);
        if (!parsed) {
            Error error = std::move(parsed).error();
            error.message = url_.authority() + ": " + error.message;
            co_return error;
        }
        if (*n == 0) co_return std::nullopt;
    }
    co_return std::nullopt;
}

net::Awaitable<void> ExchangeTask::wait_while_paused() {
    while (paused_.load(std::memory_order_relaxed) && !cancelled_) {
        resumed_.expires_at(request_.deadline);
        const auto [error] = co_await resumed_.async_wait(asio::as_tuple(net::UseAwaitable()));
        if (!error) co_return;  // the deadline; the read that follows reports it
    }
}

void ExchangeTask::finish(std::optional<Error> error) noexcept {
    pool_->exchanges.erase(this);
    sink_.on_done(error ? &*error : nullptr);
}

base::TimePoint ExchangeTask::limit(std::chrono::milliseconds of_phase, const char* phase) {
    const auto until = Clock::now() + of_phase;
    phase_ = phase;
    phase_limit_ = of_phase;
    caller_limits_ = request_.deadline < until;
    return std::min<base::TimePoint>(until, request_.deadline);
}

Error ExchangeTask::explain(Error error) const {
    if (error.code != Code::deadline) return error;
    if (caller_limits_) {
        error.message = "the request's time limit passed while waiting for " + std::string(phase_) +
                        " (" + url_.authority() + ")";
        return error;
    }
    error.message = url_.authority() + ": waited " + in_words(phase_limit_) + " for " + phase_;
    error.scope = Scope::connection;
    error.retryable = true;
    return error;
}

void ExchangeTask::on_head(int status, std::span<const wire::HeaderView> headers) {
    sink_.on_headers(status, headers);
}

void ExchangeTask::on_body(std::string_view bytes) {
    sink_.on_data(bytes);
}

}  // namespace tenon::transport
