#include "gateway/telemetry/otlp_exporter.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
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

/// One POST. The body of the answer is of no interest. It lives until it has ended, whatever
/// becomes of who waits for it.
class Post final : public transport::HttpSink {
public:
    explicit Post(std::shared_ptr<const std::string> body) : body_(std::move(body)) {}

    [[nodiscard]] const std::string& body() const noexcept { return *body_; }
    void begins(std::shared_ptr<Post> self) noexcept { self_ = std::move(self); }

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
        const auto self = std::move(self_);
        if (error != nullptr) problem_ = error->message;
        lost_ = error != nullptr && error->code != Code::invalid;
        done_ = true;
        event_.notify();
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
    const std::shared_ptr<const std::string> body_;
    std::shared_ptr<Post> self_;  ///< from its begin to its end
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
        auto self = shared_from_this();
        boost::asio::co_spawn(io, run(self), [self](const std::exception_ptr&) { self->end(); });
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
        for (bool more = true; more;) {
            std::size_t spans = 0;
            const char* problem = nullptr;
            try {
                co_await self->batch_due();
                const Batch batch = self->take(spans);
                if (batch.empty()) break;
                const bool exported = co_await self->export_batch(batch);
                self->settle(std::exchange(spans, 0), exported);
            } catch (const std::exception&) {
                problem = "there was no memory for them";
            } catch (...) {
                problem = "something unknown was thrown";
            }
            if (problem == nullptr) continue;
            more = spans > 0;  // otherwise it cannot even wait
            self->settle(spans, false);
            self->tell(problem);
        }
    }

    /// On every path.
    void end() noexcept {
        client_.reset();
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            drop_all();
        }
        ended_.set_value();
    }

    /// REQUIRES: mutex_ is held.
    void drop_all() noexcept {
        counts_.dropped += counts_.queued;
        counts_.queued = 0;
        queue_.clear();
        queued_ = 0;
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

    /// Empty: it is the end. \param spans those of the batch, also of one that was never whole.
    Batch take(std::size_t& spans) {
        const std::lock_guard lock(mutex_);
        Batch batch;
        if (abandoned_) drop_all();
        while (!queue_.empty() && spans < options_.batch_spans) {
            const std::size_t next = span_count(*queue_.front());
            batch.push_back(queue_.front());
            queue_.pop_front();
            spans += next;
            queued_ -= next;
        }
        oldest_ = clock_.now();
        return batch;
    }

    /// \return whether the collector has taken it.
    net::Awaitable<bool> export_batch(const Batch& batch) {
        const auto body =
            std::make_shared<const std::string>(options_.encode(options_.resource, batch));
        for (int tries = 1;; ++tries) {
            const auto post = std::make_shared<Post>(body);
            if (start(post)) co_await post->done();
            ended(*post);
            if (post->taken()) co_return true;
            if (tries == 2 || !post->may_pass() || abandoned()) {
                if (!abandoned()) tell(post->problem());
                co_return false;
            }
            co_await pause(*post);
        }
    }

    /// \return false if nothing is to be sent any more.
    bool start(const std::shared_ptr<Post>& post) {
        transport::HttpRequest request;
        request.method = "POST";
        request.url = options_.endpoint;
        request.headers = options_.headers;
        request.headers.push_back({"content-type", "application/json"});
        request.borrowed_body = post->body();
        request.deadline = clock_.now() + options_.timeout;
        const std::lock_guard lock(mutex_);
        if (abandoned_) return false;
        ++counts_.posts;
        post->begins(post);
        try {
            exchange_ = client_->start(std::move(request), *post);
        } catch (...) {
            post->begins(nullptr);
            throw;
        }
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

    void settle(std::size_t spans, bool exported) noexcept {
        const std::lock_guard lock(mutex_);
        (exported ? counts_.exported : counts_.dropped) += spans;
        counts_.queued -= spans;
    }

    /// Once, until it works again.
    void tell(std::string_view problem) noexcept {
        if (std::exchange(told_, true)) return;
        try {
            log_.write(base::LogLevel::warn, kComponent,
                       "Traces are not exported, they are dropped: " + std::string(problem),
                       {{"endpoint", options_.endpoint}});
        } catch (...) {  // no memory for words
        }
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
