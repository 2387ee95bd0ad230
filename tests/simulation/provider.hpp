#pragma once

#include <cstddef>
#include <map>

#include "attempt.hpp"
#include "core/breaker.hpp"
#include "core/ewma.hpp"
#include "core/failover.hpp"
#include "core/health.hpp"
#include "core/in_flight.hpp"
#include "core/permits.hpp"
#include "core/pool.hpp"
#include "core/random.hpp"
#include "core/retry_budget.hpp"
#include "records.hpp"
#include "remote.hpp"
#include "scenario.hpp"
#include "timeline.hpp"

namespace tenon::simulation {

/// The machines of one provider, joined as the host joins them, and their timers.
class Provider {
public:
    Provider(std::size_t index, const Scenario& scenario, const BlackHole& hole, Timeline& timeline,
             Records& records);
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;
    ~Provider() = default;

    void start();
    /// Closes what is idle; calls that are left may end.
    void stop();

    [[nodiscard]] core::ProviderState state() const noexcept;
    [[nodiscard]] core::RetryBudget& budget() noexcept { return budget_; }
    [[nodiscard]] core::InFlight& in_flight() noexcept { return in_flight_; }
    [[nodiscard]] ProviderRecords& records() noexcept { return all_records_.providers[index_]; }
    [[nodiscard]] Records& all_records() noexcept { return all_records_; }
    [[nodiscard]] const Scenario& scenario() const noexcept { return scenario_; }
    [[nodiscard]] Timeline& timeline() noexcept { return timeline_; }
    [[nodiscard]] Remote& remote() noexcept { return remote_; }

    // For attempts.
    [[nodiscard]] core::WaiterTag enter(Attempt& attempt);
    void leave(core::WaiterTag tag) { attempts_.erase(tag); }
    [[nodiscard]] core::Admission admit();
    void record(core::BreakerPermit permit, const core::Verdict& verdict, const Attempt::End& end);
    void took(base::Duration time, bool well) noexcept;
    [[nodiscard]] core::Permits::Admission acquire_permit(core::WaiterTag tag,
                                                          base::TimePoint deadline);
    void release_permit(core::Ticket permit);
    [[nodiscard]] core::Pool::Acquired acquire_connection(core::WaiterTag tag,
                                                          base::TimePoint deadline,
                                                          core::PoolReport& report);
    void release_connection(core::Ticket lease, core::Disposition disposition);
    [[nodiscard]] core::PermitReport permit_report() const noexcept { return permits_.report(); }

private:
    void note(const std::optional<core::BreakerEvent>& event);
    void carry_out(const core::PermitActions& actions);
    void carry_out(const core::PoolActions& actions);
    void carry_out(const core::HealthSteps& steps);
    void dial(core::ConnId conn);
    void end_dial(core::ConnId conn, const Error* error);
    void interrupt(core::ConnId conn);
    template <class Action>
    void tell(core::WaiterTag tag, Action action);
    void tick();
    void settle();
    void watch();

    const std::size_t index_;
    const Scenario& scenario_;
    core::HealthSettings health_settings_;
    Timeline& timeline_;
    Records& all_records_;
    ProviderRecords& records_;
    Remote remote_;

    core::Breaker breaker_;
    core::Permits permits_;
    core::Pool pool_;
    core::RetryBudget budget_;
    core::PeakEwma cost_;
    core::HealthMonitor health_;
    core::InFlight in_flight_;

    std::map<core::WaiterTag, Attempt*> attempts_;
    core::WaiterTag last_tag_ = 0;
    std::map<core::ConnId, Timeline::EventId> dials_;
    base::TimePoint usable_since_{};
    base::TimePoint armed_ = base::kNoDeadline;
    Timeline::EventId timer_ = Timeline::none();
};

}  // namespace tenon::simulation
