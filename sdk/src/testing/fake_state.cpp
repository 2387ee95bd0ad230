#include "testing/fake_state.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "tenon/testing/json_service.hpp"

namespace tenon::testing {
namespace {

constexpr int kStepLimit = 1'000'000;

[[noreturn]] void throw_busy() {
    throw std::runtime_error(
        "the fake host is still busy after a million steps: the plugin goes "
        "round in circles");
}

}  // namespace

FakeState::FakeState() noexcept {
    fill_table(table, *this);
}

FakeState::~FakeState() {
    for (const auto& call : calls_) json_service::release(call->json);
    for (const auto& [document, by_plugin] : documents_) json_service::release(document);
}

void FakeState::enter(const std::function<void()>& body) {
    ++inside_;
    body();
    --inside_;
}

bool FakeState::run_one() {
    Lock lock(mutex_);
    if (inside_ != 0) throw std::logic_error("the fake host was run from inside the plugin");
    if (queue_.empty()) return false;
    const auto task = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    task();
    return true;
}

bool FakeState::step() {
    while (!run_one()) {
        if (!next_timer()) return false;
        // A deadline or a limit may come before that timer.
        Lock lock(mutex_);
        now_ns = std::max(now_ns, next_due(lock).value_or(now_ns));
        expire_due(lock);
    }
    return true;
}

void FakeState::run() {
    for (int steps = 0; run_one(); ++steps) {
        if (steps == kStepLimit) throw_busy();
    }
}

void FakeState::run_until_idle() {
    for (int steps = 0; step(); ++steps) {
        if (steps == kStepLimit) throw_busy();
    }
}

void FakeState::advance_to(std::int64_t target_ns) {
    for (;;) {
        run();
        Lock lock(mutex_);
        const auto due = next_due(lock);
        if (!due || *due > target_ns) {
            now_ns = std::max(now_ns, target_ns);
            return;
        }
        now_ns = std::max(now_ns, *due);
        expire_due(lock);
    }
}

std::optional<std::int64_t> FakeState::next_timer() const {
    const Lock lock(mutex_);
    std::optional<std::int64_t> next;
    for (const auto& [handle, operation] : operations) {
        if (!operation->is_timer() || operation->due_ns == TENON_NO_DEADLINE) continue;
        next = std::min(next.value_or(TENON_NO_DEADLINE), operation->due_ns);
    }
    return next;
}

std::size_t FakeState::held_exchanges() const {
    const Lock lock(mutex_);
    return static_cast<std::size_t>(std::count_if(
        operations.begin(), operations.end(),
        [](const auto& entry) { return !entry.second->is_timer() && !entry.second->ready(); }));
}

std::optional<std::int64_t> FakeState::next_due(const Lock&) const {
    std::int64_t next = TENON_NO_DEADLINE;
    for (const auto& [handle, operation] : operations) next = std::min(next, operation->due_ns);
    for (const auto& call : calls_) {
        if (!call->finished && !call->given_up) next = std::min(next, call->deadline_ns);
    }
    if (next == TENON_NO_DEADLINE) return std::nullopt;
    return next;
}

/// Deadlines before timers: at its deadline a call is over, whatever ends in the same moment.
void FakeState::expire_due(Lock& lock) {
    // By index: tell_cancel() unlocks, and calls may be added meanwhile.
    for (std::size_t i = 0; i < calls_.size(); ++i) {
        CallRecord& call = *calls_[i];
        if (call.finished || call.given_up || call.deadline_ns > now_ns) continue;
        call.given_up = true;
        call.outcome.finished = true;
        call.outcome.error =
            Error(Code::deadline, std::string(call.function) + " did not end before its deadline");
        stop_operations(lock, call.handle, *call.outcome.error);
        if (!std::exchange(call.cancelled, true)) tell_cancel(lock, call);
    }
    for (const auto& [handle, operation] : operations) {
        if (operation->due_ns > now_ns) continue;
        operation->due_ns = TENON_NO_DEADLINE;
        operation->on_due();
        schedule(lock, operation);
    }
}

bool FakeState::wait_for_threads(tenon_call call) {
    Lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] {
        const CallRecord* record = find(lock, call);
        return !queue_.empty() || record == nullptr || record->outcome.finished;
    });
}

void FakeState::schedule(const Lock&, const std::shared_ptr<FakeOperation>& operation) {
    if (operation->over || operation->queued || !operation->ready()) return;
    const auto at = std::find_if(operations.begin(), operations.end(),
                                 [&](const auto& entry) { return entry.second == operation; });
    if (at == operations.end()) return;
    operation->queued = true;
    queue_.emplace_back([this, op = at->first] { run_operation(op); });
    changed_.notify_all();
}

void FakeState::run_operation(tenon_op op) {
    Lock lock(mutex_);
    const auto operation = operations.at(op);
    operation->queued = false;
    const auto callback = operation->next();
    if (operation->over) {
        // As in the host: the handle is stale when the last callback begins.
        operations.erase(op);
        if (const auto* exchange = dynamic_cast<const FakeExchange*>(operation.get())) {
            SentRequest& sent = script.sent[exchange->sent_index()];
            sent.done = true;
            sent.cancelled = exchange->stopped();
            if (!exchange->body_is(sent.body)) {
                violation(lock, "the body of " + sent.method + " " + sent.url +
                                    " changed although the plugin called it stable");
            }
        }
    }
    lock.unlock();
    enter(callback);
    lock.lock();
    if (!operation->over) return schedule(lock, operation);
    if (CallRecord* call = find(lock, operation->call())) {
        --call->operations;
        reclaim(lock, *call);
    }
}

tenon_op FakeState::start(Lock& lock, const char* what, std::shared_ptr<FakeOperation> operation) {
    CallRecord* call = find(lock, operation->call());
    if (call == nullptr || call->finished) {
        violation(lock, std::string(what) + (call == nullptr ? " was started for an unknown call"
                                                             : " was started for a call that "
                                                               "has ended"));
        return 0;
    }
    if (call->cancelled) return 0;
    ++call->operations;
    const tenon_op op = (++next_op_ << 32) | 1u;
    operations.emplace(op, operation);
    schedule(lock, operation);
    return op;
}

void FakeState::cancel_operation(tenon_op op) {
    const Lock lock(mutex_);
    const auto found = operations.find(op);
    if (found == operations.end()) return;
    found->second->stop(Error(Code::cancelled, "the plugin cancelled the operation"));
    found->second->due_ns = TENON_NO_DEADLINE;
    schedule(lock, found->second);
}

void FakeState::stop_operations(const Lock& lock, tenon_call call, const Error& cause) {
    for (const auto& [handle, operation] : operations) {
        if (operation->call() != call) continue;
        operation->stop(cause);
        operation->due_ns = TENON_NO_DEADLINE;
        schedule(lock, operation);
    }
}

void FakeState::violation(const Lock&, std::string text) {
    violations.push_back(std::move(text));
}

const tenon_json_document* FakeState::parse(const tenon_str* text, tenon_error* error) {
    const tenon_json_document* document = json_service::parse(text, error);
    const Lock lock(mutex_);
    if (document != nullptr) documents_.emplace(document, inside_ != 0);
    return document;
}

void FakeState::release(const tenon_json_document* document) {
    if (document == nullptr) return;
    {
        const Lock lock(mutex_);
        if (documents_.erase(document) == 0) {
            violation(lock,
                      "a JSON document was released that parse() did not return or that was "
                      "released before");
            return;
        }
    }
    json_service::release(document);
}

bool FakeState::is_alive(const tenon_json_document* document) {
    const Lock lock(mutex_);
    if (documents_.contains(document)) return true;
    for (const auto& call : calls_) {
        if (document != nullptr && call->json == document) return true;
    }
    violation(lock, "a JSON document was used that has been released or whose call has finished");
    return false;
}

void FakeState::report_leaks() {
    const Lock lock(mutex_);
    const auto leaked = std::count_if(documents_.begin(), documents_.end(),
                                      [](const auto& entry) { return entry.second; });
    if (leaked != 0) {
        violation(lock, std::to_string(leaked) + " parsed JSON document(s) were never released");
    }
}

}  // namespace tenon::testing
