#include "transport/exchange_task.hpp"

#include <strings.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

namespace tenon::transport {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

namespace {

/// Up to this size a request fits into the buffers of both kernels, so that writing it does not
/// wait for the server to read.
constexpr std::size_t kSmallBody = std::size_t{32} << 10;

/// More is rare.
constexpr std::size_t kUsualHead = 480;

/// A larger one is written in pieces, so that the limit is about progress and not about its size.
constexpr std::size_t kPiece = std::size_t{64} << 10;

bool is_idempotent(const HttpRequest& request) {
    for (const std::string_view method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
        if (request.method == method) return true;
    }
    return std::any_of(request.headers.begin(), request.headers.end(), [](const Header& header) {
        return strcasecmp(header.name.c_str(), "idempotency-key") == 0;
    });
}

Error cancelled() {
    return {Code::cancelled, "cancelled"};
}

}  // namespace

ExchangeTask::ExchangeTask(std::shared_ptr<ConnectionPool> pool, HttpRequest request,
                           HttpSink& sink)
    : io_(pool->io()),
      pool_(std::move(pool)),
      request_(std::move(request)),
      sink_(sink),
      wake_(io_) {}

void ExchangeTask::start() {
    net::soon(io_, shared_from_this());
}

void ExchangeTask::run_soon() noexcept {
    pool_->exchanges.insert(this);
    asio::co_spawn(io_, run(), [self = shared_from_this()](const std::exception_ptr& exception) {
        // Only a lack of memory or threads gets here; the sink still has to hear of it.
        if (exception) self->finish(Error(Code::no_memory, "out of memory"));
    });
}

void ExchangeTask::cancel() noexcept {
    if (finished_) return;
    asio::post(io_, [self = shared_from_this()] { self->cancel_here(); });
}

void ExchangeTask::cancel_here() noexcept {
    if (finished_) return;
    cancelled_ = true;
    if (connection_) connection_->stream.close();
    if (waiter_) {
        waiter_->cancelled = true;
        waiter_->changed.cancel();
    }
    wake_->cancel();
}

void ExchangeTask::pause() noexcept {
    paused_ = true;
}

void ExchangeTask::resume() noexcept {
    if (!paused_.exchange(false) || finished_) return;
    asio::post(io_, [self = shared_from_this()] {
        if (!self->finished_) self->wake_->cancel();
    });
}

net::Awaitable<void> ExchangeTask::run() {
    const auto self = shared_from_this();
    Failure failure = prepare();
    if (!failure) failure = co_await exchange();
    if (failure && cancelled_) {  // whatever it came to look like
        const bool not_sent = failure->not_sent;
        failure = cancelled();
        failure->not_sent = not_sent;
    }
    finish(std::move(failure));
}

ExchangeTask::Failure ExchangeTask::prepare() {
    auto target = pool_->target(request_.url);
    if (!target) return std::move(target).error();
    target_ = *std::move(target);
    head_.reserve(kUsualHead);
    auto written =
        wire::append_request_head(head_, request_.method, {target_->authority, target_->url.target},
                                  request_.headers, body().size());
    if (!written) return std::move(written).error();
    if (request_.deadline > Clock::now()) return std::nullopt;
    Error late(Code::deadline, "the request's time limit passed before it was sent");
    late.not_sent = true;
    return late;
}

net::Awaitable<ExchangeTask::Failure> ExchangeTask::exchange() {
    if (cancelled_ || pool_->closed) co_return cancelled();
    if (auto taken = pool_->try_take(target_->origin)) {
        connection_ = *std::move(taken);
    } else {
        auto failure = co_await wait_for_place();
        if (failure) co_return failure;
    }
    has_place_ = true;
    if (cancelled_) co_return cancelled();
    const wire::Http1ResponseParser::Limits limits = {.body_bytes =
                                                          pool_->options().max_body_bytes};
    for (;;) {
        if (!connection_) {
            if (auto failure = co_await dial()) co_return failure;
        }
        wire::Http1ResponseParser parser(limits, request_.method == "HEAD");
        auto failure = co_await transfer(parser);
        if (!failure && !unsent_ && parser.reusable() && connection_->stream.is_open()) {
            has_place_ = false;
            pool_->release(std::move(connection_), parser.keep_alive_timeout());
        }
        if (!failure || !may_repeat(*failure, parser)) co_return failure;
        connection_.reset();  // its place is kept
    }
}

net::Awaitable<ExchangeTask::Failure> ExchangeTask::wait_for_place() {
    waiter_ = std::make_shared<ConnectionWaiter>(io_, target_->origin);
    auto granted = co_await pool_->wait(waiter_, request_.deadline);
    waiter_.reset();
    if (!granted) co_return std::move(granted).error();
    connection_ = *std::move(granted);
    co_return std::nullopt;
}

net::Awaitable<ExchangeTask::Failure> ExchangeTask::dial() {
    connection_ = std::make_unique<Connection>(io_);
    connection_->origin = target_->origin;
    const HttpOptions& options = pool_->options();
    const Limit until = limit(options.connect_timeout, "connecting to", "http.connect_timeout");
    auto connected =
        co_await connection_->stream.connect(target_->url.host, target_->url.port, until.until);
    if (connected && target_->url.tls) {
        connected = co_await connection_->stream.handshake(options.tls, until.until);
    }
    if (!connected) co_return explain(std::move(connected).error(), until);
    if (cancelled_) co_return cancelled();
    co_return std::nullopt;
}

net::Awaitable<ExchangeTask::Failure> ExchangeTask::transfer(wire::Http1ResponseParser& parser) {
    unsent_.reset();
    sending_ = true;
    if (body().size() > kSmallBody) {
        start_sending();
    } else {
        const std::size_t at_once = connection_->stream.write_now(head_, body());
        const bool whole = at_once == head_.size() + body().size();
        Failure failure;
        if (!whole) failure = co_await send(at_once);
        sent(std::move(failure));
    }
    auto failure = co_await receive(parser);
    if (sending_) co_await stop_sending();
    // A server may answer and hang up before it has read the whole request; its answer counts. If
    // there is none, a write that failed by itself tells more than the end that followed.
    const bool write_failed = unsent_ && unsent_->code != Code::cancelled;
    if (failure && write_failed && !parser.started()) failure = unsent_;
    co_return failure;
}

net::Awaitable<ExchangeTask::Failure> ExchangeTask::send(std::size_t sent_already) {
    std::string_view head = head_;
    std::string_view rest = body();
    const std::size_t of_head = std::min(sent_already, head.size());
    head.remove_prefix(of_head);
    rest.remove_prefix(sent_already - of_head);
    do {
        const std::string_view piece = rest.substr(0, kPiece);
        rest.remove_prefix(piece.size());
        const Limit until =
            limit(pool_->options().write_timeout, "sending the request to", "http.write_timeout");
        // An answer under way is what limits a request that nobody reads any more.
        auto written = co_await connection_->stream.write(
            head, piece, head_seen_ ? request_.deadline : until.until);
        if (finished_) co_return cancelled();  // the reading side has failed meanwhile
        if (!written) co_return explain(std::move(written).error(), until);
        head = {};
    } while (!rest.empty());
    co_return std::nullopt;
}

void ExchangeTask::start_sending() {
    asio::co_spawn(io_, send(0),
                   [self = shared_from_this()](const std::exception_ptr& lost, Failure failure) {
                       if (lost) failure = Error(Code::no_memory, "out of memory");
                       self->sent(std::move(failure));
                   });
}

void ExchangeTask::sent(Failure failure) noexcept {
    if (finished_) return;
    sending_ = false;
    unsent_ = std::move(failure);
    answer_ = limit(pool_->options().first_byte_timeout, "waiting for an answer from",
                    "timeouts.first_byte");
    if (!head_seen_) {
        reading_ = answer_;
        connection_->stream.limit_read(answer_.until);
    }
    forget_request();
    wake_->cancel();
}

/// Once an answer has begun, the request is not repeated: its memory is not kept for as long as a
/// stream may last.
void ExchangeTask::forget_request() noexcept {
    if (sending_ || !head_seen_) return;
    std::string().swap(head_);
    std::string().swap(request_.url);
    std::string().swap(request_.body);
    std::vector<Header>().swap(request_.headers);
}

net::Awaitable<void> ExchangeTask::stop_sending() {
    connection_->stream.close();
    while (sending_) {
        wake_->expires_at(base::kNoDeadline);
        co_await wake_->async_wait(asio::as_tuple(net::UseAwaitable()));
    }
}

net::Awaitable<ExchangeTask::Failure> ExchangeTask::receive(wire::Http1ResponseParser& parser) {
    net::Stream& stream = connection_->stream;
    ReadBuffer& buffer = connection_->buffer;
    while (!parser.done()) {
        Failure failure;
        if (paused_ || cancelled_) failure = co_await wait_while_paused();
        if (failure) co_return failure;
        reading_ = limit_of_reading();
        auto n = co_await stream.read_some(buffer.from(0), reading_.until);
        if (!n) co_return explain(std::move(n).error(), reading_);
        if (paused_ || cancelled_) failure = co_await wait_while_paused();
        if (failure) co_return failure;
        auto parsed = parse(parser, *n);
        if (!parsed) {
            Error error = std::move(parsed).error();
            error.message = target_->authority + ": " + error.message;
            co_return error;
        }
        buffer.adapt(*n);
    }
    co_return std::nullopt;
}

/// Who waits for what was read goes on in here.
Result<void> ExchangeTask::parse(wire::Http1ResponseParser& parser, std::size_t bytes) {
    const net::SoonScope scope(io_);
    if (bytes == 0) return parser.finish(*this, connection_->stream.was_cut_off());
    return parser.feed({connection_->buffer.data(), bytes}, *this);
}

net::Awaitable<ExchangeTask::Failure> ExchangeTask::wait_while_paused() {
    bool waited = false;
    while (paused_ && !cancelled_) {
        waited = true;
        wake_->expires_at(request_.deadline);
        const auto [interrupted] = co_await wake_->async_wait(asio::as_tuple(net::UseAwaitable()));
        if (interrupted) continue;
        co_return Error(Code::deadline, "the request's time limit passed while reading from " +
                                            target_->authority + " was paused");
    }
    if (cancelled_) co_return cancelled();
    // The server had no chance to be late.
    if (waited && !sending_) {
        answer_ = limit(answer_.longest, answer_.doing, answer_.option);
    }
    co_return std::nullopt;
}

void ExchangeTask::finish(Failure failure) noexcept {
    const auto pool = std::move(pool_);
    pool->exchanges.erase(this);
    connection_.reset();
    if (has_place_) pool->give_back_place();
    // What belongs to the I/O thread goes here: the caller may keep this object for longer.
    wake_.reset();
    finished_ = true;
    const net::SoonScope scope(io_);
    sink_.on_done(failure ? &*failure : nullptr);
}

bool ExchangeTask::may_repeat(const Error& error,
                              const wire::Http1ResponseParser& parser) const noexcept {
    if (!connection_ || !connection_->reused || parser.started() || cancelled_) return false;
    if (error.code != Code::unavailable && error.code != Code::protocol) return false;
    return unsent_ || connection_->stream.left_unread() || is_idempotent(request_);
}

ExchangeTask::Limit ExchangeTask::limit(std::chrono::milliseconds longest, const char* doing,
                                        const char* option) const {
    const auto until = Clock::now() + longest;
    const bool by_caller = request_.deadline < until;
    return {by_caller ? request_.deadline : until, doing, option, longest, by_caller};
}

ExchangeTask::Limit ExchangeTask::limit_of_reading() const {
    constexpr const char* kNext = "waiting for the next bytes from";
    if (head_seen_) return limit(pool_->options().read_timeout, kNext, "http.read_timeout");
    if (!sending_) return answer_;
    return {request_.deadline, "waiting for an answer from", "", {}, true};  // send() has its own
}

Error ExchangeTask::explain(Error error, const Limit& limit) const {
    if (error.code != Code::deadline) return error;
    if (limit.by_caller) {
        error.message = "the request's time limit passed while " + std::string(limit.doing) + " " +
                        target_->authority;
        return error;
    }
    error.message = std::string(limit.doing) + " " + target_->authority + " took longer than " +
                    in_words(limit.longest) + " (" + limit.option + ")";
    error.scope = Scope::connection;
    error.retryable = true;
    return error;
}

void ExchangeTask::on_head(int status, std::span<const wire::HeaderView> headers) {
    head_seen_ = true;
    if (sending_) connection_->stream.limit_write(request_.deadline);
    forget_request();
    sink_.on_headers(status, headers);
}

void ExchangeTask::on_body(std::string_view bytes) {
    sink_.on_data(bytes);
}

}  // namespace tenon::transport
