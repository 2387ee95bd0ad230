#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "plugins/machine.hpp"

namespace tenon::test {

/// A call's whole answer.
struct Answer {
    std::string text;
    std::size_t deltas = 0;
    plugin::CallOutcome outcome;
};

inline void add(Answer& answer, const plugin::DeltaBatch& batch) {
    batch.for_each([&](const Delta& delta) {
        answer.text += delta.data;
        ++answer.deltas;
    });
}

/// Reads until something has arrived or the call has ended; returns whether it has ended.
inline bool read_some(plugin::ActiveCall& call, Answer& answer) {
    const auto waker = std::make_shared<TestWaker>();
    plugin::DeltaBatch batch;
    for (;;) {
        const bool finished = call.take(batch, waker);
        add(answer, batch);
        if (finished || !batch.empty()) return finished;
        if (!waker->wait()) throw std::runtime_error("the call did not go on");
    }
}

/// Reads to the end.
inline Answer read_all(plugin::ActiveCall& call) {
    Answer answer;
    while (!read_some(call, answer)) {
    }
    call.take_outcome(answer.outcome);
    return answer;
}

/// One proxy around a plugin for tests, retired at the end.
class ProxyFixture {
public:
    explicit ProxyFixture(const std::string& kind, const std::string& config = "{}",
                          Machine machine = Machine())
        : machine_(std::move(machine)) {
        auto options = machine_.options(config);
        options.create_timeout = options.destroy_timeout = kPatience;
        auto made =
            plugin::Proxy::create(Machine::kind(kind), std::move(options), machine_.environment());
        if (!made) throw std::runtime_error(made.error().message);
        proxy_ = *std::move(made);
    }
    ~ProxyFixture() {
        if (proxy_) retire();
    }

    /// A call that the host would give `time`.
    plugin::ActiveCall complete(const std::string& model, const std::string& body = "{}",
                                base::TimePoint deadline = base::kNoDeadline) {
        return proxy_->complete(nullptr, {.model = model, .body = body, .deadline = deadline}, 0);
    }
    /// A call and its whole answer.
    Answer ask(const std::string& model, const std::string& body = "{}") {
        auto call = complete(model, body);
        return read_all(call);
    }
    void retire(base::Duration grace = kPatience) {
        plugin::Proxy::retire(std::exchange(proxy_, nullptr), grace, [] {});
    }

    plugin::Proxy& proxy() noexcept { return *proxy_; }
    plugin::Proxy* operator->() noexcept { return proxy_.get(); }
    const Lines& log() const noexcept { return machine_.log(); }

private:
    Machine machine_;
    std::shared_ptr<plugin::Proxy> proxy_;
};

}  // namespace tenon::test
