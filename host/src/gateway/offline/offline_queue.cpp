#include "gateway/offline/offline_queue.hpp"

#include <utility>

#include "gateway/api/api_context.hpp"
#include "gateway/api/ids.hpp"
#include "gateway/offline/offline_time.hpp"
#include "provider/io_waker.hpp"
#include "runtime/host_impl.hpp"

namespace tenon::gateway {
namespace {

/// Events that may wait to be heard.
constexpr std::size_t kEvents = 64;

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

/// Also if what it waits for was thrown away.
struct WakeAtTheEnd {
    provider::IoWaker& waker;
    ~WakeAtTheEnd() { waker.wake(); }
};

}  // namespace

Result<std::unique_ptr<OfflineQueue>> OfflineQueue::open(ApiContext& context,
                                                         const config::OfflineConfig& config,
                                                         const std::filesystem::path& file) {
    store::QueueLimits limits;
    limits.max_requests = static_cast<std::size_t>(config.max_requests);
    limits.max_bytes = static_cast<std::uint64_t>(config.max_bytes);
    limits.max_age = config.max_age.count();
    auto queue = store::RequestQueue::open(file, limits);
    if (!queue) return std::move(queue).error();
    return std::unique_ptr<OfflineQueue>(new OfflineQueue(context, *std::move(queue)));
}

OfflineQueue::OfflineQueue(ApiContext& context, std::unique_ptr<store::RequestQueue> queue)
    : context_(context), host_(context.host()), queue_(std::move(queue)) {
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
        const WakeAtTheEnd wake{*waker};
        Result<T> result = job(queue);
        const std::lock_guard lock(shared->mutex);
        shared->result = std::move(result);
    });
    // The disk ends it: each of its operations is bounded.
    co_await waker->wait(base::kNoDeadline);
    const std::lock_guard lock(shared->mutex);
    if (!shared->result) co_return Error(Code::internal, "the offline queue failed; see its log");
    co_return *std::move(shared->result);
}

net::Awaitable<Result<std::string>> OfflineQueue::keep(Incoming incoming, std::size_t io_index) {
    store::QueuedRequest request;
    request.dialect = std::move(incoming.path);
    request.model = std::move(incoming.model);
    request.client = std::move(incoming.client);
    request.body = std::move(incoming.body);
    if (!incoming.provider.empty()) {
        request.dialect += '?' + incoming.provider;
        request.model.insert(0, incoming.provider + '/');
    }
    std::function<Result<std::string>(store::RequestQueue&)> job =
        [request = std::move(request)](store::RequestQueue& queue) mutable -> Result<std::string> {
        // Whoever knows the id has the answer; providers are told something else.
        auto id = new_secret_id();
        if (!id) return std::move(id).error();
        auto key = new_secret_id();
        if (!key) return std::move(key).error();
        request.id = *std::move(id);
        request.idempotency_key = "tenon-" + *key;
        if (auto kept = queue.enqueue(request, offline_now()); !kept)
            return std::move(kept).error();
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
        [this, id = std::move(id),
         client = std::move(client)](store::RequestQueue& queue) -> Result<void> {
        auto found = queue.find(id);
        if (!found) return std::move(found).error();
        if (!*found || (*found)->entry.client != client) return unknown(id);
        auto removed = queue.remove(id);
        if (!removed) return std::move(removed).error();
        std::shared_ptr<provider::CancelSignal> cancel;
        {
            const std::lock_guard lock(mutex_);
            const auto sending = sending_.find(id);
            if (sending == sending_.end()) return {};
            sending->second.forgotten = true;
            cancel = sending->second.cancel;
        }
        cancel->cancel();
        return {};
    };
    return on_thread<void>(std::move(job), io_index);
}

void OfflineQueue::list(std::function<void(Result<std::vector<store::QueueEntry>>)> on_done) {
    post([on_done = std::move(on_done)](store::RequestQueue& queue) { on_done(queue.list()); });
}

}  // namespace tenon::gateway
