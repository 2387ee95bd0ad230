#include "gateway/telemetry/otlp_exporter.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "net/awaitable.hpp"
#include "net/event.hpp"
#include "provider/io_waker.hpp"

namespace tenon::gateway {
namespace {

constexpr std::string_view kComponent = "gateway.otlp";

bool is_retry_after(std::string_view name) noexcept {
    constexpr std::string_view wanted = "retry-after";
    return std::equal(name.begin(), name.end(), wanted.begin(), wanted.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b;
    });
}

/// One POST. The body of the answer is of no interest.
class Post final : public transport::HttpSink {
public:
    void on_headers(int status, std::span<const transport::HeaderView> headers) noexcept override {
        status_ = status;
        for (const auto& [name, value] : headers) {
            int seconds = 0;
            const char* end = value.data() + value.size();
            if (!is_retry_after(name)) continue;
            const auto [stop, error] = std::from_chars(value.data(), end, seconds);
            // A date would be measured by another clock.
            if (error == std::errc() && stop == end && seconds >= 0) {
                retry_after_ = std::chrono::seconds(seconds);
            }
        }
    }
    void on_data(std::string_view) noexcept override {}
    void on_done(const Error* error) noexcept override {
        if (error != nullptr) problem_ = error->message;
        lost_ = error != nullptr && error->code != Code::invalid;
        done_ = true;
        event_.notify();  // which may end this object
    }

    net::Awaitable<void> done() {
        while (!done_) co_await event_.wait();
    }

    [[nodiscard]] bool taken() const noexcept {
        return problem_.empty() && status_ >= 200 && status_ < 300;
    }
    [[nodiscard]] bool may_pass() const noexcept {
        return lost_ || status_ == 429 || (status_ >= 502 && status_ <= 504);
    }
    [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const noexcept {
        return retry_after_;
    }
    [[nodiscard]] std::string problem() const {
        return problem_.empty() ? "it answered with status " + std::to_string(status_) : problem_;
    }

private:
    int status_ = 0;
    std::optional<std::chrono::seconds> retry_after_;
    std::string problem_;
    bool lost_ = false;
    bool done_ = false;
    net::Event event_;
};

}  // namespace

/// The queue, and the coroutine that empties it. It lives until both have ended.
class OtlpExporter::Work : public std::enable_shared_from_this<Work> {
public:
    using Batch = std::vector<std::shared_ptr<const Trace>>;

    Work(boost::asio::io_context& io, const base::Clock& clock, base::Log& log, OtlpOptions options)
        : options_(std::move(options)),
          clock_(clock),
          log_(log),
          waker_(std::make_shared<provider::IoWaker>(io)),
          client_(std::in_place, io, transport::HttpOptions()) {
        for (const auto& header : options_.headers) log_.redactor().add(header.value);
    }

    void begin(boost::asio::io_context& io) {
        boost::asio::co_spawn(io, run(shared_from_this()), boost::asio::detached);
    }

    void add(std::shared_ptr<const Trace> trace) {
        if (!trace->start.context.sampled) return;
        const std::size_t spans = span_count(*trace);
        bool wake = false;
        {
            const std::lock_guard lock(mutex_);
            // Requests that anybody can send do not take the place of those that were answered.
            const std::size_t room = trace->refused ? options_.queue_spans / 2  //
                                                    : options_.queue_spans;
            if (stopping_ || counts_.queued + spans > room) {
                counts_.dropped += spans;
                return;
            }
            if (queue_.empty()) oldest_ = clock_.now();
            wake = queue_.empty() ||
                   (queued_ < options_.batch_spans && queued_ + spans >= options_.batch_spans);
            queue_.push_back(std::move(trace));
            queued_ += spans;
            counts_.queued += spans;
        }
        if (wake) waker_->wake();
    }

    void stop(std::chrono::milliseconds grace) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return;
            stopping_ = true;
        }
        waker_->wake();
        auto ended = ended_.get_future();
        if (ended.wait_for(grace) == std::future_status::ready) return;
        {
            const std::lock_guard lock(mutex_);
            abandoned_ = true;
            if (exchange_) exchange_->cancel();
        }
        waker_->wake();
        ended.wait();
    }

    [[nodiscard]] Counts counts() const {
        const std::lock_guard lock(mutex_);
        return counts_;
    }

private:
    static net::Awaitable<void> run(std::shared_ptr<Work> self) {
        for (;;) {
            co_await self->batch_due();
            const Batch batch = self->take();
            if (batch.empty()) break;
            co_await self->export_batch(batch);
        }
        self->client_.reset();
        self->ended_.set_value();
    }

    net::Awaitable<void> batch_due() {
        for (;;) {
            base::TimePoint due = base::kNoDeadline;
            {
                const std::lock_guard lock(mutex_);
                if (stopping_ || queued_ >= options_.batch_spans) break;
                if (!queue_.empty()) due = oldest_ + options_.interval;
            }
            if (clock_.now() >= due) break;
            static_cast<void>(co_await waker_->wait(due));
        }
    }

    /// Empty: it is the end.
    Batch take() {
        const std::lock_guard lock(mutex_);
        Batch batch;
        if (abandoned_) {
            counts_.dropped += queued_;
            counts_.queued -= queued_;
            queue_.clear();
            queued_ = 0;
        }
        for (std::size_t spans = 0; !queue_.empty() && spans < options_.batch_spans;) {
            const std::size_t next = span_count(*queue_.front());
            spans += next;
            queued_ -= next;
            batch.push_back(std::move(queue_.front()));
            queue_.pop_front();
        }
        oldest_ = clock_.now();
        return batch;
    }

    net::Awaitable<void> export_batch(const Batch& batch) {
        std::size_t spans = 0;
        for (const auto& trace : batch) spans += span_count(*trace);
        const std::string body = to_otlp(options_.resource, batch);
        for (int tries = 1;; ++tries) {
            Post post;
            if (start(post, body)) co_await post.done();
            ended(post);
            if (post.taken()) {
                settle(spans, true);
                break;
            }
            if (tries == 2 || !post.may_pass() || abandoned()) {
                if (!abandoned()) tell(post);
                settle(spans, false);
                break;
            }
            co_await pause(post);
        }
    }

    /// \return false if nothing is to be sent any more.
    bool start(Post& post, const std::string& body) {
        transport::HttpRequest request;
        request.method = "POST";
        request.url = options_.endpoint;
        request.headers = options_.headers;
        request.headers.push_back({"content-type", "application/json"});
        request.borrowed_body = body;
        request.deadline = clock_.now() + options_.timeout;
        const std::lock_guard lock(mutex_);
        if (abandoned_) return false;
        ++counts_.posts;
        exchange_ = client_->start(std::move(request), post);
        return true;
    }

    void ended(const Post& post) {
        std::shared_ptr<transport::Exchange> gone;
        const std::lock_guard lock(mutex_);
        gone = std::exchange(exchange_, nullptr);
        if (post.taken()) told_ = false;
    }

    net::Awaitable<void> pause(const Post& post) {
        std::chrono::milliseconds wait = options_.retry_wait;
        if (post.retry_after()) wait = *post.retry_after();
        const auto until = clock_.now() + std::min(wait, options_.longest_retry_wait);
        while (!abandoned() && clock_.now() < until) {
            static_cast<void>(co_await waker_->wait(until));
        }
    }

    [[nodiscard]] bool abandoned() const {
        const std::lock_guard lock(mutex_);
        return abandoned_;
    }

    void settle(std::size_t spans, bool exported) {
        const std::lock_guard lock(mutex_);
        (exported ? counts_.exported : counts_.dropped) += spans;
        counts_.queued -= spans;
    }

    /// Once, until it works again.
    void tell(const Post& post) {
        if (std::exchange(told_, true)) return;
        log_.write(base::LogLevel::warn, kComponent,
                   "Traces are not exported, they are dropped: " + post.problem(),
                   {{"endpoint", options_.endpoint}});
    }

    const OtlpOptions options_;
    const base::Clock& clock_;
    base::Log& log_;
    const std::shared_ptr<provider::IoWaker> waker_;
    std::optional<transport::HttpClient> client_;
    std::promise<void> ended_;
    bool told_ = false;  ///< of the I/O thread

    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<const Trace>> queue_;
    std::size_t queued_ = 0;  ///< spans in queue_
    base::TimePoint oldest_;  ///< when the first of queue_ came, or may be sent
    Counts counts_;
    std::shared_ptr<transport::Exchange> exchange_;
    bool stopping_ = false;
    bool abandoned_ = false;
};

OtlpExporter::OtlpExporter(boost::asio::io_context& io, const base::Clock& clock, base::Log& log,
                           OtlpOptions options)
    : work_(std::make_shared<Work>(io, clock, log, std::move(options))) {
    work_->begin(io);
}

OtlpExporter::~OtlpExporter() {
    stop(std::chrono::milliseconds(0));
}

void OtlpExporter::add(std::shared_ptr<const Trace> trace) {
    work_->add(std::move(trace));
}

void OtlpExporter::stop(std::chrono::milliseconds grace) {
    work_->stop(grace);
}

OtlpExporter::Counts OtlpExporter::counts() const {
    return work_->counts();
}

}  // namespace tenon::gateway
