#pragma once

#include <functional>
#include <optional>

#include "base/clock.hpp"
#include "core/breaker.hpp"
#include "core/deadline.hpp"
#include "core/in_flight.hpp"
#include "core/outcome.hpp"
#include "core/permits.hpp"
#include "core/pool_types.hpp"
#include "core/ticket_queue.hpp"
#include "scenario.hpp"
#include "tenon/error.hpp"
#include "timeline.hpp"

namespace tenon::simulation {

class Provider;

/// One try at one provider: breaker, permit, connection, call; all of it is given back at its end,
/// whatever that is.
///
/// \par Object lifetimes
/// `done` may destroy it. Destroyed after its end only.
class Attempt {
public:
    struct End {
        core::Stop stop = core::Stop::none;
        std::optional<Error> error{};  ///< unset = answered
        bool dialing = false;
    };
    using Done = std::function<void(const End&)>;

    Attempt(Provider& provider, const core::Deadline& deadline, Done done);
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt();

    void begin();
    /// By the caller: `done` is not called.
    void cancel();

    [[nodiscard]] Provider& provider() const noexcept { return provider_; }
    [[nodiscard]] Stage stage() const noexcept { return stage_; }

    // From the provider: news of what it waits for.
    void permit_granted();
    void permit_failed(const Error& error);
    void connected(core::ConnId conn);
    void not_connected(core::PoolReason reason, const core::PoolReport& report,
                       base::Duration waited);
    /// The call is ended by the host, since the provider was found to be down.
    void interrupted();
    [[nodiscard]] core::ConnId conn() const noexcept { return conn_; }

private:
    void send();
    void answered(bool well);
    void timed_out();
    void end_waiting(const Error& error);
    void finish(End end);
    void give_back(const End& end);

    Provider& provider_;
    const core::Deadline& deadline_;
    Done done_;
    core::WaiterTag tag_;
    core::InFlight::Lease in_flight_{};
    core::BreakerPermit admitted_{};
    core::Ticket permit_ = core::kNoTicket;
    core::Ticket lease_ = core::kNoTicket;
    core::ConnId conn_ = core::kNoConn;
    Timeline::EventId answer_ = Timeline::none();
    Timeline::EventId timeout_ = Timeline::none();
    base::TimePoint began_;
    std::optional<base::TimePoint> sent_;
    std::size_t number_ = 0;  ///< among those that the breaker let through
    Stage stage_{};
    bool over_ = true;
};

}  // namespace tenon::simulation
