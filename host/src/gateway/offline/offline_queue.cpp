#include "gateway/offline/offline_queue.hpp"

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <utility>

#include "gateway/api/ids.hpp"
#include "gateway/api/operation.hpp"
#include "gateway/api/request_wishes.hpp"
#include "gateway/daemon/readiness.hpp"
#include "provider/io_waker.hpp"
#include "runtime/host_impl.hpp"
#include "wire/chat_request.hpp"

namespace tenon::gateway {
namespace {

using Clock = std::chrono::steady_clock;

/// Also without an event that says so, somebody may be back.
constexpr auto kLookAgain = std::chrono::seconds(5);
/// Between two looks: attempts in vain cause events, too, and each costs the disk two writes.
constexpr auto kCalm = std::chrono::milliseconds(200);
/// Events that may wait to be heard.
constexpr std::size_t kEvents = 64;
/// A request that has been out for longer is sent again: longer than any can take.
constexpr store::UnixMs kLease = 3'600'000;

store::UnixMs now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// The request again, as it goes to the provider: whole, whatever its client asked for.
class WholeBody final : public router::RequestBody {
public:
    WholeBody(const ParsedRequest& request) : request_(request) {}
    Result<std::string> for_model(std::string_view model) override {
        if (!request_.stream) return request_.body_for(model);
        return wire::with_model_and_stream(request_.body, model, false);
    }

private:
    const ParsedRequest& request_;
};

bool is_for_later(Code code) {
    return code == Code::unavailable || code == Code::overloaded || code == Code::throttled ||
           code == Code::cancelled;
}

/// An attempt in vain, too, causes events: they must not have it made again at once.
bool may_be_back(const host::Event& event) {
    if (event.kind == "reloaded") return true;
    if (event.kind == "breaker") return event.to == "closed" || event.to == "half_open";
    return event.to == "connected" || event.to == "enabled" || event.to == "healthy" ||
           (event.kind == "cool_down" && event.to == "none");
}

Error unknown(const std::string& id) {
    return Error(Code::not_found, "there is no offline request " + id +
                                      "; it was fetched and forgotten, is too old, or another "
                                      "key's");
}

}  // namespace

Result<std::unique_ptr<OfflineQueue>> OfflineQueue::open(runtime::HostImpl& host,
                                                         const config::OfflineConfig& config,
                                                         const std::filesystem::path& file) {
    store::QueueLimits limits;
    limits.max_requests = static_cast<std::size_t>(config.max_requests);
    limits.max_age = config.max_age.count();
    auto queue = store::RequestQueue::open(file, limits);
    if (!queue) return std::move(queue).error();
    return std::unique_ptr<OfflineQueue>(new OfflineQueue(host, *std::move(queue)));
}

OfflineQueue::OfflineQueue(runtime::HostImpl& host, std::unique_ptr<store::RequestQueue> queue)
    : host_(host), queue_(std::move(queue)) {
    count();
    events_ = host_.subscribe(
        [this](const host::Event& event) {
            if (!may_be_back(event)) return;
            const std::lock_guard lock(mutex_);
            news_ = true;
            changed_.notify_all();
        },
        kEvents);
    thread_ = std::thread([this] { run(); });
}

OfflineQueue::~OfflineQueue() {
    stop();
}

void OfflineQueue::stop() {
    events_.reset();
    std::unique_lock lock(mutex_);
    stopping_ = true;
    const auto sending = sending_;
    lock.unlock();
    for (const auto& [id, one] : sending) one.cancel->cancel();
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void OfflineQueue::post(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_all();
}

// --- The thread ----------------------------------------------------------------------------------

void OfflineQueue::run() {
    std::unique_lock lock(mutex_);
    auto calm_until = Clock::now();
    auto look_at = calm_until;
    for (;;) {
        const auto now = Clock::now();
        if (now >= (news_ ? calm_until : look_at)) {
            news_ = false;
            in_vain_.clear();
            ++looks_;
            look_ = true;
            calm_until = now + kCalm;
            look_at = now + kLookAgain;
        }
        if (jobs_.empty() && (!look_ || stopping_)) {
            if (stopping_ && sending_.empty()) return;
            changed_.wait_until(lock, news_ ? calm_until : look_at);
            continue;
        }
        const auto jobs = std::exchange(jobs_, {});
        look_ = false;
        const bool stopping = stopping_;
        lock.unlock();
        for (const Job& job : jobs) job(*queue_);
        if (!stopping) drop_expired();
        count();
        if (!stopping && queued_ > 0) send_some();
        lock.lock();
    }
}

void OfflineQueue::count() {
    if (const auto counts = queue_->counts()) queued_ = counts->waiting + counts->taken;
}

bool OfflineQueue::somebody_can_be_asked() const {
    return is_ready(host_);
}

void OfflineQueue::drop_expired() {
    if (const auto dropped = queue_->drop_expired(now_ms()); dropped && !dropped->empty()) {
        host_.log().write(base::LogLevel::warn, "offline",
                          std::to_string(dropped->size()) + " queued requests were too old");
    }
}

void OfflineQueue::send_some() {
    if (!somebody_can_be_asked()) return;
    const auto models = queue_->models(now_ms());
    if (!models) {
        host_.log().write(base::LogLevel::error, "offline", models.error().message);
        return;
    }
    for (const std::string& model : *models) {
        // Those behind it may be for somebody who can be asked.
        if (in_vain_.contains(model)) continue;
        if (!send_all_of(model)) return;
    }
}

bool OfflineQueue::send_all_of(const std::string& model) {
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_ || sending_.size() >= kMostAtOnce) return false;
        }
        auto taken = queue_->take(now_ms(), kLease, model);
        if (!taken) {
            host_.log().write(base::LogLevel::error, "offline", taken.error().message);
            return false;
        }
        if (!*taken) return true;
        start(std::move(**taken));
    }
}

void OfflineQueue::start(store::QueuedRequest request) {
    const std::size_t io_index = host_.io().pick();
    auto cancel = std::make_shared<provider::CancelSignal>();
    {
        const std::lock_guard lock(mutex_);
        sending_.emplace(request.id, Sending{cancel, looks_});
        if (stopping_) cancel->cancel();
    }
    boost::asio::co_spawn(host_.io().context(io_index),
                          send(std::move(request), std::move(cancel), io_index),
                          [](const std::exception_ptr&) {});
}

void OfflineQueue::sent(const std::string& id, const std::string& model, Sent result) {
    post([this, id, model, result = std::move(result)](store::RequestQueue& queue) {
        if (result.nobody) {
            static_cast<void>(queue.give_back(id));
        } else if (const auto kept = queue.finish(id, result.status, result.body, now_ms());
                   !kept) {
            host_.log().write(base::LogLevel::error, "offline", kept.error().message);
        }
        const std::lock_guard lock(mutex_);
        const auto sending = sending_.extract(id);
        if (result.nobody && sending.mapped().look == looks_) in_vain_.insert(model);
        look_ = true;  // there is room for others
    });
}

// --- Sending -------------------------------------------------------------------------------------

net::Awaitable<void> OfflineQueue::send(store::QueuedRequest request,
                                        std::shared_ptr<provider::CancelSignal> cancel,
                                        std::size_t io_index) {
    Sent result;
    try {
        result = co_await ask(request, std::move(cancel), io_index);
    } catch (...) {  // no memory
        result.nobody = true;
    }
    sent(request.id, request.model, std::move(result));
}

net::Awaitable<OfflineQueue::Sent> OfflineQueue::ask(const store::QueuedRequest& request,
                                                     std::shared_ptr<provider::CancelSignal> cancel,
                                                     std::size_t io_index) {
    Sent result;
    const std::string_view path = path_of(request.dialect);
    const Dialect* dialect = find_dialect(path);
    if (dialect == nullptr) {
        result.status = 410;
        result.body = R"({"error":{"message":"this gateway no longer knows the dialect"}})";
        co_return result;
    }
    const auto refuse = [&](const Error& error) {
        ErrorReply reply = dialect->error_reply(error);
        result.status = reply.status;
        result.body = std::move(reply.body);
    };
    const auto parsed = dialect->parse(request.body);
    if (!parsed) {
        refuse(parsed.error());
        co_return result;
    }
    WholeBody body(*parsed);
    runtime::CanonicalRequest asked;
    asked.operation = to_provider(parsed->operation);
    asked.provider = std::string_view(request.dialect).substr(path.size());
    if (!asked.provider.empty()) asked.provider.remove_prefix(1);
    asked.model = parsed->model;
    asked.body = &body;
    const base::TimePoint began = base::steady_clock().now();
    auto answer = co_await host_.answer(asked, nullptr, std::move(cancel), io_index);
    if (!answer) {
        result.nobody = is_for_later(answer.error().code);
        if (!result.nobody) refuse(answer.error());
        co_return result;
    }
    AnswerContext context;
    context.id = request.id;
    context.created = std::chrono::system_clock::now();
    AnswerTimes times;
    times.total = base::steady_clock().now() - began;
    auto whole = dialect->answer(*parsed, std::move(context))->whole(answer->body, times);
    if (!whole) {
        refuse(whole.error());
        co_return result;
    }
    result.status = 200;
    result.body = *std::move(whole);
    co_return result;
}

// --- For clients ---------------------------------------------------------------------------------

template <class T>
net::Awaitable<Result<T>> OfflineQueue::on_thread(
    std::function<Result<T>(store::RequestQueue&)> job, std::size_t io_index) {
    struct Shared {
        std::mutex mutex;
        std::optional<Result<T>> result;
    };
    const auto shared = std::make_shared<Shared>();
    const auto waker = std::make_shared<provider::IoWaker>(host_.io().context(io_index));
    post([shared, waker, job = std::move(job)](store::RequestQueue& queue) {
        Result<T> result = job(queue);
        {
            const std::lock_guard lock(shared->mutex);
            shared->result = std::move(result);
        }
        waker->wake();
    });
    // The disk ends it: each of its operations is bounded.
    co_await waker->wait(base::kNoDeadline);
    const std::lock_guard lock(shared->mutex);
    co_return *std::move(shared->result);
}

net::Awaitable<Result<std::string>> OfflineQueue::keep(Incoming incoming, std::size_t io_index) {
    store::QueuedRequest request;
    request.id = new_id();
    request.dialect = std::move(incoming.path);
    request.model = std::move(incoming.model);
    request.client = std::move(incoming.client);
    request.body = std::move(incoming.body);
    if (!incoming.provider.empty()) {
        request.dialect += '?' + incoming.provider;
        request.model.insert(0, incoming.provider + '/');
    }
    std::function<Result<std::string>(store::RequestQueue&)> job =
        [request = std::move(request)](store::RequestQueue& queue) -> Result<std::string> {
        if (auto kept = queue.enqueue(request, now_ms()); !kept) return std::move(kept).error();
        return request.id;
    };
    return on_thread<std::string>(std::move(job), io_index);
}

net::Awaitable<Result<store::RequestQueue::Found>> OfflineQueue::find(std::string id,
                                                                      std::string client,
                                                                      std::size_t io_index) {
    using Found = store::RequestQueue::Found;
    std::function<Result<Found>(store::RequestQueue&)> job =
        [id = std::move(id),
         client = std::move(client)](store::RequestQueue& queue) -> Result<Found> {
        auto found = queue.find(id);
        if (!found) return std::move(found).error();
        if (!*found || (*found)->entry.client != client) return unknown(id);
        return **std::move(found);
    };
    return on_thread<Found>(std::move(job), io_index);
}

net::Awaitable<Result<void>> OfflineQueue::forget(std::string id, std::string client,
                                                  std::size_t io_index) {
    std::function<Result<void>(store::RequestQueue&)> job =
        [id = std::move(id),
         client = std::move(client)](store::RequestQueue& queue) -> Result<void> {
        auto found = queue.find(id);
        if (!found) return std::move(found).error();
        if (!*found || (*found)->entry.client != client) return unknown(id);
        auto removed = queue.remove(id);
        if (!removed) return std::move(removed).error();
        return {};
    };
    return on_thread<void>(std::move(job), io_index);
}

void OfflineQueue::list(std::function<void(Result<std::vector<store::QueueEntry>>)> on_done) {
    post([on_done = std::move(on_done)](store::RequestQueue& queue) { on_done(queue.list()); });
}

}  // namespace tenon::gateway
