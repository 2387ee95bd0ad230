// The queue's thread, and what it sends.

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "gateway/api/api_context.hpp"
#include "gateway/api/operation.hpp"
#include "gateway/api/request_wishes.hpp"
#include "gateway/api/token_charge.hpp"
#include "gateway/daemon/readiness.hpp"
#include "gateway/offline/offline_queue.hpp"
#include "gateway/offline/offline_time.hpp"
#include "runtime/host_impl.hpp"
#include "wire/chat_request.hpp"

namespace tenon::gateway {
namespace {

using Clock = std::chrono::steady_clock;

/// Also without an event that says so, somebody may be back.
constexpr auto kLookAgain = std::chrono::seconds(5);
/// Between two looks: attempts in vain cause events, too, and each costs the disk two writes.
constexpr auto kCalm = std::chrono::milliseconds(200);
/// A request that has been out for longer is sent again: longer than any can take.
constexpr store::UnixMs kLease = 3'600'000;

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

const Dialect* dialect_of(const store::QueuedRequest& request) {
    return find_dialect(path_of(request.dialect));
}

}  // namespace

// --- The thread ----------------------------------------------------------------------------------

void OfflineQueue::report(std::string_view problem) noexcept {
    try {
        host_.log().write(base::LogLevel::error, "offline", problem);
    } catch (...) {  // then nobody can be told
    }
}

template <class Step>
void OfflineQueue::guard(const char* what, const Step& step) noexcept {
    try {
        step();
    } catch (const std::exception& problem) {
        try {
            report(std::string(what) + " failed: " + problem.what());
        } catch (...) {  // no memory for words
        }
    } catch (...) {
        report("something unknown was thrown");
    }
}

void OfflineQueue::run() noexcept {
    std::vector<Job> jobs;
    while (wait(jobs)) {
        for (const Job& job : jobs) guard("a look at the queue", [&] { job(*queue_); });
        jobs.clear();
        for (std::map<std::string, Sending>::node_type node; take_ended(node);) {
            guard("keeping an answer", [&] { keep_result(node.key(), node.mapped()); });
        }
        const bool stopping = [this] {
            const std::lock_guard lock(mutex_);
            return stopping_;
        }();
        if (!stopping) guard("dropping what is too old", [this] { drop_expired(); });
        guard("counting", [this] { count(); });
        if (!stopping && queued_ > 0) guard("sending", [this] { send_some(); });
    }
}

bool OfflineQueue::wait(std::vector<Job>& jobs) {
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto now = Clock::now();
        if (now >= (news_ ? calm_until_ : look_at_)) {
            news_ = false;
            in_vain_.clear();
            throttled_.clear();
            look_ = true;
            calm_until_ = now + kCalm;
            look_at_ = now + kLookAgain;
        }
        if (!jobs_.empty() || (look_ && !stopping_)) break;
        const bool ended = std::any_of(sending_.begin(), sending_.end(),
                                       [](const auto& one) { return one.second.ended; });
        if (ended) break;
        if (stopping_ && sending_.empty()) return false;
        changed_.wait_until(lock, news_ ? calm_until_ : look_at_);
    }
    look_ = false;
    jobs.swap(jobs_);
    return true;
}

bool OfflineQueue::take_ended(std::map<std::string, Sending>::node_type& node) noexcept {
    const std::lock_guard lock(mutex_);
    const auto ended = std::find_if(sending_.begin(), sending_.end(),
                                    [](const auto& one) { return one.second.ended; });
    if (ended == sending_.end()) return false;
    node = sending_.extract(ended);
    return true;
}

void OfflineQueue::keep_result(const std::string& id, const Sending& sending) {
    throttled_.erase(sending.lane.client);  // its key has room for another one
    const Sent& result = sending.result;
    if (!result.nobody) {
        auto kept = queue_->finish(id, result.status, result.body, offline_now());
        if (!kept) report(kept.error().message);
        return;
    }
    // Also if it began some looks ago: who is slow to fail would take all places again and again.
    if (!sending.forgotten) in_vain_.insert(sending.lane.model);
    if (auto given = queue_->give_back(id); !given) report(given.error().message);
}

void OfflineQueue::count() {
    if (const auto counts = queue_->counts()) queued_ = counts->waiting + counts->taken;
}

void OfflineQueue::drop_expired() {
    if (const auto dropped = queue_->drop_expired(offline_now()); dropped && !dropped->empty()) {
        host_.log().write(base::LogLevel::warn, "offline",
                          std::to_string(dropped->size()) + " queued requests were too old");
    }
}

bool OfflineQueue::is_held_back(const store::QueueLane& lane) const {
    return in_vain_.contains(lane.model) || throttled_.contains(lane.client);
}

void OfflineQueue::send_some() {
    if (!is_ready(host_)) return;
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_ || sending_.size() >= kMostAtOnce) return;
        }
        const auto lanes = queue_->lanes(offline_now());
        if (!lanes) return report(lanes.error().message);
        // Those behind one that is held back may be for somebody who can be asked.
        const auto next = std::find_if(lanes->begin(), lanes->end(),
                                       [this](const auto& lane) { return !is_held_back(lane); });
        if (next == lanes->end() || !send_one_of(*next)) return;
    }
}

bool OfflineQueue::send_one_of(const store::QueueLane& lane) {
    auto taken = queue_->take(offline_now(), kLease, &lane);
    if (!taken) report(taken.error().message);
    if (!taken || !*taken) return false;
    const std::string id = (*taken)->id;
    try {
        auto lease = charge_for(**taken);
        if (lease) {
            start(std::move(**taken), *std::move(lease));
            return true;
        }
        if (lease.error().code == Code::throttled) {
            throttled_.insert(lane.client);
            auto given = queue_->give_back(id);
            if (!given) report(given.error().message);
            return given.has_value();
        }
        const Dialect* dialect = dialect_of(**taken);
        const ErrorReply reply = dialect ? dialect->error_reply(lease.error()) : ErrorReply();
        auto kept = queue_->finish(id, reply.status, reply.body, offline_now());
        if (!kept) report(kept.error().message);
        return kept.has_value();
    } catch (...) {
        static_cast<void>(queue_->give_back(id));
        throw;
    }
}

Result<KeyLease> OfflineQueue::charge_for(const store::QueuedRequest& request) {
    const auto settings = context_.settings();
    if (!settings->keys.required()) return KeyLease();
    auto key = settings->keys.named(request.client);
    // Nobody could fetch the answer.
    if (!key) return Error(Code::forbidden, "the key that sent this request has been taken away");
    if (!key->may_ask_for(request.model)) {
        return Error(Code::forbidden, "the key '" + key->name() +
                                          "' may no longer ask for the model \"" + request.model +
                                          "\"");
    }
    const std::int64_t tokens = estimated_tokens(request.body);
    KeyRejection why{};
    auto reserved = key->reserve(tokens, context_.clock().now(), why);
    if (!reserved) return std::move(reserved).error();
    return KeyLease(std::move(key), tokens);
}

void OfflineQueue::start(store::QueuedRequest request, KeyLease lease) {
    const std::string id = request.id;
    const std::size_t io_index = host_.io().pick();
    auto cancel = std::make_shared<provider::CancelSignal>();
    {
        const std::lock_guard lock(mutex_);
        const auto [place, is_new] =
            sending_.emplace(id, Sending{{request.model, request.client}, cancel});
        // The clock of the disk may leap, as after a suspend; it is still under way.
        if (!is_new) return lease.withdraw();
        if (stopping_) cancel->cancel();
    }
    try {
        boost::asio::co_spawn(
            host_.io().context(io_index),
            send(std::move(request), std::move(lease), std::move(cancel), io_index),
            [](const std::exception_ptr&) {});
    } catch (...) {  // no memory: it has not begun
        const std::lock_guard lock(mutex_);
        sending_.erase(id);
        throw;
    }
}

// --- On I/O threads ------------------------------------------------------------------------------

void OfflineQueue::ended(const std::string& id, Sent result) noexcept {
    const std::lock_guard lock(mutex_);
    const auto sending = sending_.find(id);
    sending->second.result = std::move(result);
    sending->second.ended = true;
    look_ = true;  // there is room for others
    changed_.notify_all();
}

net::Awaitable<void> OfflineQueue::send(store::QueuedRequest request, KeyLease lease,
                                        std::shared_ptr<provider::CancelSignal> cancel,
                                        std::size_t io_index) {
    Sent result;
    try {
        result = co_await ask(request, lease, std::move(cancel), io_index);
    } catch (...) {  // no memory
        result.nobody = true;
    }
    if (result.nobody) lease.withdraw();  // or waiting would cost the key what it has a minute
    lease = KeyLease();                   // before the next one asks for room
    ended(request.id, std::move(result));
}

net::Awaitable<OfflineQueue::Sent> OfflineQueue::ask(const store::QueuedRequest& request,
                                                     KeyLease& lease,
                                                     std::shared_ptr<provider::CancelSignal> cancel,
                                                     std::size_t io_index) {
    Sent result;
    const Dialect* dialect = dialect_of(request);
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
    asked.provider = std::string_view(request.dialect).substr(path_of(request.dialect).size());
    if (!asked.provider.empty()) asked.provider.remove_prefix(1);
    asked.model = parsed->model;
    asked.body = &body;
    asked.idempotency_key = request.idempotency_key;
    const base::TimePoint began = context_.clock().now();
    auto answer = co_await host_.answer(asked, nullptr, std::move(cancel), io_index);
    if (!answer) {
        result.nobody = is_for_later(answer.error().code);
        if (!result.nobody) refuse(answer.error());
        co_return result;
    }
    charge(lease, answer->routed.outcome);
    AnswerContext context;
    context.id = request.id;
    context.created = std::chrono::system_clock::now();
    AnswerTimes times;
    times.total = context_.clock().now() - began;
    auto whole = dialect->answer(*parsed, std::move(context))->whole(answer->body, times);
    if (!whole) {
        refuse(whole.error());
        co_return result;
    }
    result.status = 200;
    result.body = *std::move(whole);
    co_return result;
}

}  // namespace tenon::gateway
