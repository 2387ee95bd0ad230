#include "tenon/host/background.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "core/job_queue.hpp"

namespace tenon::host {
namespace {

using Answer = Result<std::variant<ChatAnswer, EmbeddingAnswer>>;
using Key = core::JobQueue::Key;

core::JobQueueSettings to_settings(const BackgroundOptions& options) {
    core::JobQueueSettings settings;
    settings.concurrency = static_cast<std::uint32_t>(options.concurrency);
    settings.max_tries = static_cast<std::uint32_t>(options.max_tries);
    settings.backoff.base = options.retry_base;
    settings.backoff.throttle_base = options.retry_base;
    settings.backoff.cap = options.retry_cap;
    settings.patience = options.patience;
    settings.first_pause = options.retry_base;
    settings.longest_pause = std::min(settings.longest_pause, options.retry_cap);
    settings.least_pause = std::min(settings.least_pause, options.retry_base);
    return settings;
}

Result<void> check(const BackgroundOptions& options) {
    const auto refuse = [](const std::string& what) { return Error(Code::invalid, what); };
    if (options.concurrency < 1) return refuse("concurrency must be 1 or more");
    if (options.capacity < 1) return refuse("capacity must be 1 or more");
    if (options.max_tries < 1) return refuse("max_tries must be 1 or more");
    if (options.patience < options.patience.zero()) return refuse("patience must not be negative");
    if (auto sound = to_settings(options).backoff.validate(); !sound) {
        return refuse("retry_base and retry_cap: " + sound.error().message);
    }
    return {};
}

/// Jobs of one lane meet the same providers.
std::string lane_of(const BackgroundJob& job) {
    return std::visit([](const auto& request) { return request.provider + '\n' + request.model; },
                      job.request);
}

Error cancelled() {
    return Error(Code::cancelled, "the job was cancelled");
}

std::uint64_t random_seed() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

/// Whether an event may mean that somebody can be asked again.
bool is_news(const Event& event) {
    return event.kind != "fail_over" && event.kind != "retry_exhausted" &&
           event.kind != "connection_closed";
}

}  // namespace

/// Everything, kept alive by the requests under way too.
struct BackgroundProcessor::State : std::enable_shared_from_this<State> {
    struct Entry {
        BackgroundJob job;
        OnResult on_result;
        std::shared_ptr<Operation> operation = {};  ///< while it runs, once it is known
        bool cancelled = false;
    };
    struct Ended {
        Key key;
        Answer answer;
    };
    struct Delivery {
        OnResult on_result;
        BackgroundResult result;
    };

    State(Host& with_host, const BackgroundOptions& with_options)
        : host(with_host), options(with_options), queue(to_settings(options), random_seed()) {}

    void work();
    void take_ended(std::unique_lock<std::mutex>& lock);
    void start_jobs(std::unique_lock<std::mutex>& lock);
    void deliver(std::unique_lock<std::mutex>& lock);
    void over(Key key, Answer answer, int tries);
    bool take_out(Key key);
    void cancel_waiting();
    void ended(Key key, Answer answer);
    std::shared_ptr<Operation> start(Key key, const BackgroundJob& job);
    [[nodiscard]] bool within_callback() const {
        return std::this_thread::get_id() == thread.get_id();
    }
    [[nodiscard]] bool is_full() const { return queue.waiting() >= options.capacity; }
    [[nodiscard]] bool is_idle() const { return entries.empty() && undelivered == 0; }

    Host& host;
    const BackgroundOptions options;

    mutable std::mutex mutex;
    std::condition_variable work_to_do;
    std::condition_variable_any room;
    std::condition_variable_any idle;
    core::JobQueue queue;
    std::unordered_map<Key, Entry> entries;      ///< of jobs that are not over
    std::unordered_map<std::string, Key> by_id;  ///< likewise
    std::vector<Ended> inbox;                    ///< tries that have ended
    std::vector<Delivery> deliveries;            ///< results whose callbacks are to be called
    std::size_t undelivered = 0;                 ///< those, and those that are being called
    bool news = false;                           ///< a provider's state has changed
    bool closing = false;                        ///< nothing starts any more
    bool ending = false;                         ///< nor does the thread go on when all is over
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t cancelled_jobs = 0;
    std::string refusal;  ///< why nobody could be asked, last

    std::unique_ptr<Subscription> subscription;
    std::thread thread;
};

// --- The processor's thread ----------------------------------------------------------------------

void BackgroundProcessor::State::work() {
    std::unique_lock lock(mutex);
    for (;;) {
        take_ended(lock);
        start_jobs(lock);
        deliver(lock);
        if (!inbox.empty() || !deliveries.empty()) continue;
        if (ending && is_idle()) return;
        const base::TimePoint next = news ? base::TimePoint::min() : queue.next_look();
        if (next == base::kNoDeadline) {
            work_to_do.wait(lock);
        } else if (next > base::steady_clock().now()) {
            work_to_do.wait_until(lock, next);
        }
    }
}

void BackgroundProcessor::State::take_ended(std::unique_lock<std::mutex>& lock) {
    static_cast<void>(lock);
    const base::TimePoint now = base::steady_clock().now();
    for (Ended& end : std::exchange(inbox, {})) {
        Entry& entry = entries.at(end.key);
        entry.operation.reset();
        const int tries = static_cast<int>(queue.tries(end.key));
        core::TryReport report;
        if (!end.answer && entry.cancelled) {
            end.answer = cancelled();
            report.end = core::TryEnd::cancelled;
        } else if (!end.answer) {
            report = core::report_of(end.answer.error());
            if (report.end == core::TryEnd::nobody) refusal = end.answer.error().message;
            if (closing && report.end != core::TryEnd::over) {
                report.end = core::TryEnd::cancelled;
                end.answer = cancelled();
            }
        }
        if (queue.finished(end.key, report, now)) over(end.key, std::move(end.answer), tries);
    }
    if (std::exchange(news, false)) queue.providers_changed(now);
}

void BackgroundProcessor::State::start_jobs(std::unique_lock<std::mutex>& lock) {
    while (const auto key = queue.next(base::steady_clock().now())) {
        room.notify_all();
        Entry& entry = entries.at(*key);  // stays: only this thread ends a job that runs
        lock.unlock();
        auto operation = start(*key, entry.job);
        lock.lock();
        entry.operation = operation;
        if (!entry.cancelled) continue;
        lock.unlock();
        operation->cancel();
        lock.lock();
    }
}

std::shared_ptr<Operation> BackgroundProcessor::State::start(Key key, const BackgroundJob& job) {
    const auto done = [self = shared_from_this(), key](auto answer) {
        self->ended(key, answer ? Answer(*std::move(answer)) : Answer(std::move(answer).error()));
    };
    if (const auto* chat = std::get_if<ChatRequest>(&job.request)) {
        return host.start_complete(*chat, {}, done);
    }
    return host.start_embed(std::get<EmbeddingRequest>(job.request), done);
}

/// On an I/O thread.
void BackgroundProcessor::State::ended(Key key, Answer answer) {
    const std::lock_guard lock(mutex);
    inbox.push_back({key, std::move(answer)});
    work_to_do.notify_one();
}

void BackgroundProcessor::State::deliver(std::unique_lock<std::mutex>& lock) {
    auto now_due = std::exchange(deliveries, {});
    if (now_due.empty()) return;
    lock.unlock();
    for (Delivery& delivery : now_due) {
        try {
            if (delivery.on_result) delivery.on_result(std::move(delivery.result));
        } catch (...) {  // the application's own affair, and no reason to stop the others
        }
        delivery.on_result = nullptr;  // what it holds ends here, too
    }
    lock.lock();
    undelivered -= now_due.size();
    if (is_idle()) idle.notify_all();
}

// --- Under the lock ------------------------------------------------------------------------------

/// Hands a job's result to its callback.
void BackgroundProcessor::State::over(Key key, Answer answer, int tries) {
    const auto entry = entries.find(key);
    if (answer) {
        ++succeeded;
    } else if (answer.error().code == Code::cancelled) {
        ++cancelled_jobs;
    } else {
        ++failed;
    }
    by_id.erase(entry->second.job.id);
    deliveries.push_back({std::move(entry->second.on_result),
                          {std::move(entry->second.job.id), std::move(answer), tries}});
    ++undelivered;
    entries.erase(entry);
}

/// Cancels a job that waits.
bool BackgroundProcessor::State::take_out(Key key) {
    const int tries = static_cast<int>(queue.tries(key));
    if (!queue.remove(key)) return false;
    over(key, cancelled(), tries);
    return true;
}

void BackgroundProcessor::State::cancel_waiting() {
    std::vector<Key> keys;
    keys.reserve(entries.size());
    for (const auto& [key, entry] : entries) keys.push_back(key);
    std::sort(keys.begin(), keys.end());
    for (const Key key : keys) take_out(key);
    room.notify_all();
    work_to_do.notify_one();
}

// --- The public functions ------------------------------------------------------------------------

Result<std::unique_ptr<BackgroundProcessor>> BackgroundProcessor::create(
    Host& host, const BackgroundOptions& options) {
    if (auto sound = check(options); !sound) return std::move(sound).error();
    return std::unique_ptr<BackgroundProcessor>(new BackgroundProcessor(host, options));
}

BackgroundProcessor::BackgroundProcessor(Host& host, const BackgroundOptions& options)
    : state_(std::make_shared<State>(host, options)) {
    State& state = *state_;
    state.subscription = host.subscribe([&state](const Event& event) {
        if (!is_news(event)) return;
        const std::lock_guard lock(state.mutex);
        state.news = true;
        state.work_to_do.notify_one();
    });
    state.thread = std::thread([&state] { state.work(); });
}

BackgroundProcessor::~BackgroundProcessor() {
    if (state_->within_callback()) std::terminate();  // it would wait for itself
    std::vector<std::shared_ptr<Operation>> running;
    {
        const std::lock_guard lock(state_->mutex);
        state_->closing = true;
        state_->ending = true;
        state_->cancel_waiting();
        for (auto& [key, entry] : state_->entries) {
            entry.cancelled = true;
            if (entry.operation) running.push_back(entry.operation);
        }
    }
    for (const auto& operation : running) operation->cancel();
    state_->thread.join();
    state_->subscription.reset();
}

Result<void> BackgroundProcessor::submit(BackgroundJob job, OnResult on_result, WhenFull when_full,
                                         std::stop_token stop) {
    State& state = *state_;
    std::unique_lock lock(state.mutex);
    if (when_full == WhenFull::wait && !state.within_callback()) {
        if (!state.room.wait(lock, stop, [&] { return state.closing || !state.is_full(); })) {
            return cancelled();
        }
    }
    if (state.closing) return cancelled();
    if (state.is_full()) {
        Error full(Code::overloaded, "the background queue is full (" +
                                         std::to_string(state.options.capacity) + " jobs wait)");
        full.not_sent = true;
        return full;
    }
    if (job.max_tries < 0) return Error(Code::invalid, "max_tries of a job must not be negative");
    if (state.by_id.contains(job.id)) {
        return Error(Code::invalid, "there is an unfinished job '" + job.id + "' already");
    }
    const Key key =
        state.queue.add(job.priority, lane_of(job), static_cast<std::uint32_t>(job.max_tries));
    state.by_id.emplace(job.id, key);
    state.entries.emplace(key, State::Entry{std::move(job), std::move(on_result)});
    state.work_to_do.notify_one();
    return {};
}

bool BackgroundProcessor::cancel(std::string_view id) {
    State& state = *state_;
    std::shared_ptr<Operation> running;
    {
        const std::lock_guard lock(state.mutex);
        const auto found = state.by_id.find(std::string(id));
        if (found == state.by_id.end()) return false;
        const Key key = found->second;
        if (state.take_out(key)) {
            state.room.notify_all();
            state.work_to_do.notify_one();
            return true;
        }
        State::Entry& entry = state.entries.at(key);
        entry.cancelled = true;
        running = entry.operation;
    }
    if (running) running->cancel();
    return true;
}

void BackgroundProcessor::wind_down() {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
    state_->cancel_waiting();
}

void BackgroundProcessor::pause() {
    const std::lock_guard lock(state_->mutex);
    state_->queue.set_paused(true);
}

void BackgroundProcessor::resume() {
    const std::lock_guard lock(state_->mutex);
    state_->queue.set_paused(false);
    state_->work_to_do.notify_one();
}

bool BackgroundProcessor::drain(std::stop_token stop) {
    if (state_->within_callback()) std::terminate();  // it would wait for itself
    std::unique_lock lock(state_->mutex);
    return state_->idle.wait(lock, std::move(stop), [this] { return state_->is_idle(); });
}

BackgroundCounts BackgroundProcessor::counts() const {
    const std::lock_guard lock(state_->mutex);
    const core::JobQueue::Counts queued = state_->queue.counts();
    BackgroundCounts counts;
    counts.ready = queued.ready;
    counts.held = queued.held;
    counts.delayed = queued.delayed;
    counts.running = queued.running;
    counts.succeeded = state_->succeeded;
    counts.failed = state_->failed;
    counts.cancelled = state_->cancelled_jobs;
    if (queued.held > 0) counts.held_because = state_->refusal;
    return counts;
}

}  // namespace tenon::host
