#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "core/events.hpp"
#include "core/failover.hpp"
#include "core/in_flight.hpp"
#include "core/random.hpp"
#include "core/retry.hpp"
#include "provider/cancel_signal.hpp"
#include "provider/event_hub.hpp"
#include "provider/upstream.hpp"
#include "router/change_waits.hpp"
#include "router/hold_back.hpp"
#include "router/observation.hpp"
#include "router/request.hpp"
#include "router/routing.hpp"

namespace tenon::router {

/// What requests borrow of their router.
struct RunContext {
    const core::RetrySettings& retry;
    const core::FailoverSettings& failover;
    const base::Clock& clock;
    const ChangeWaits& changes;
    provider::EventHub* events;  ///< nullptr = nobody wants any
    core::Random& random;        ///< of the I/O thread
    std::size_t io_index = 0;
};

/// One logical request on its way: says what is to be done next. It waits for nothing itself.
///
/// Its holder calls next() and does what it says: `attempt`: upstream().attempt(), then ended();
/// `pause`: sleep as take_pause() says, then paused(); `end`: take_result(). Whenever it goes, in
/// whatever state, it holds nothing any more and its end has been counted.
///
/// \par Object lifetimes
/// Borrows all that it is given but the snapshot, which it keeps.
/// \par Thread-safety
/// None: the I/O thread's.
class RequestRun {
public:
    enum class Next : std::uint8_t { attempt, pause, end };

    /// A sleep; a cancel ends it too.
    struct Pause {
        base::TimePoint until;
        std::optional<ChangeWaits::Change> unless_after;  ///< or until a later change than that
    };

    /// \param asked the request's model in the snapshot's table.
    /// \param hold before the caller's sink; nullptr = nobody takes deltas.
    RequestRun(const RunContext& context, std::shared_ptr<const Published> published,
               const core::Match& asked, const LogicalRequest& request, HoldBack* hold,
               const provider::CancelSignal& cancel);
    RequestRun(const RequestRun&) = delete;
    RequestRun& operator=(const RequestRun&) = delete;
    ~RequestRun();

    [[nodiscard]] Next next();

    [[nodiscard]] provider::Upstream& upstream() const noexcept { return **upstream_; }
    [[nodiscard]] const provider::AttemptRequest& attempt() const noexcept { return request_; }
    [[nodiscard]] provider::AttemptReport& report() noexcept { return report_; }
    void ended(Result<plugin::CallOutcome>&& outcome);

    [[nodiscard]] Pause take_pause() noexcept;
    void paused(base::Duration time) noexcept {
        waited_ += time;
        observation_.wait_ended();
    }

    [[nodiscard]] Result<Routed>&& take_result() { return *std::move(result_); }

    /// Something has been thrown: ends the request.
    void broken(Error error) {
        failed_here_ = true;
        end(std::move(error));
    }

private:
    /// Whom to ask next. Next::attempt: `target_` is set.
    Next choose(base::TimePoint now);
    Next start(base::TimePoint now);
    void go_to(const core::Attempt& attempt);
    [[nodiscard]] AttemptWhy why(const core::Attempt& attempt) const noexcept;
    [[nodiscard]] Result<void> write_body();
    void succeeded(plugin::CallOutcome&& outcome);
    void failed(Error error);
    Next end(Error error);
    void observe_end(const Error* error, const plugin::CallOutcome* outcome) noexcept;
    void count_end(core::Ending ending, Code code = Code::ok) noexcept;
    [[nodiscard]] bool events_wanted() const noexcept;
    [[nodiscard]] provider::AttemptRequest first_request(const core::Match& asked) const;

    RunContext context_;
    const std::shared_ptr<const Published> published_;
    const Routing& routing_;
    const LogicalRequest& logical_;
    HoldBack* const hold_;
    const provider::CancelSignal& cancel_;
    const RoutedProviders providers_;
    const core::IdempotencyKey key_;
    provider::AttemptRequest request_;  ///< the next or present attempt
    const std::optional<core::PinnedProvider> pin_;
    core::FailoverPlan plan_;
    std::optional<core::RetrySettings> own_settings_;  ///< of a request with a wish
    const core::RetrySettings& settings_;
    core::RetryPlan retry_;

    std::optional<core::Attempt> target_;
    const std::shared_ptr<provider::Upstream>* upstream_ = nullptr;  ///< of target_
    core::InFlight::Lease lease_;
    std::string model_;                ///< what request_.model refers to, if it is in no table
    std::optional<std::string> body_;  ///< of the next attempt; one that has begun took it
    provider::AttemptReport report_;

    provider::Upstream* first_ = nullptr;  ///< who counts the request; nullptr once it is counted
    bool again_ = false;                   ///< the next attempt is at the same target
    bool admitted_ = false;                ///< one attempt at least was more than a rejection
    bool failed_here_ = false;             ///< body or sink did
    std::optional<Error> last_error_;
    std::optional<Pause> pause_;
    std::optional<Result<Routed>> result_;
    base::Duration queue_wait_{0};
    base::Duration waited_{0};
    AttemptWhy why_ = AttemptWhy::first_pick;  ///< the next or present attempt is made
    WaitWhy wait_why_ = WaitWhy::backoff;      ///< of pause_
    Observation observation_;
};

}  // namespace tenon::router
