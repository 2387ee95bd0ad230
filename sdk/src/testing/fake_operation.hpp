#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "tenon/abi/request.h"
#include "tenon/abi/service/timer.h"
#include "tenon/error.hpp"

namespace tenon::testing {

/// An exchange or a timer of a plugin. Guarded by the state's mutex.
class FakeOperation {
public:
    explicit FakeOperation(tenon_call call) noexcept : call_(call) {}
    FakeOperation(const FakeOperation&) = delete;
    FakeOperation& operator=(const FakeOperation&) = delete;
    virtual ~FakeOperation() = default;

    [[nodiscard]] tenon_call call() const noexcept { return call_; }
    [[nodiscard]] virtual bool is_timer() const noexcept = 0;
    /// Can it go on without time passing and without the test?
    [[nodiscard]] virtual bool ready() const noexcept = 0;
    /// The next callback, to be run without the lock. Sets `over` if it is the last one.
    [[nodiscard]] virtual std::function<void()> next() = 0;
    /// Time has reached `due_ns`.
    virtual void on_due() = 0;
    /// The next callback is the last one and says why.
    virtual void stop(Error cause) {
        if (!stopped_) stopped_ = std::move(cause);
    }

    bool over = false;
    bool queued = false;                      ///< in the host's queue
    std::int64_t due_ns = TENON_NO_DEADLINE;  ///< when time acts on it

protected:
    std::optional<Error> stopped_;

private:
    tenon_call call_;
};

class FakeTimer final : public FakeOperation {
public:
    FakeTimer(tenon_call call, std::int64_t due, tenon_timer_fn fn, void* user) noexcept
        : FakeOperation(call), fn_(fn), user_(user) {
        due_ns = due;
    }

    [[nodiscard]] bool is_timer() const noexcept override { return true; }
    [[nodiscard]] bool ready() const noexcept override { return expired_ || stopped_; }
    [[nodiscard]] std::function<void()> next() override {
        over = true;
        const tenon_status status = stopped_ ? TENON_CANCELLED : TENON_OK;
        return [fn = fn_, user = user_, status] { fn(user, status); };
    }
    void on_due() override { expired_ = true; }

private:
    tenon_timer_fn fn_;
    void* user_;
    bool expired_ = false;
};

}  // namespace tenon::testing
