#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attempt.hpp"
#include "core/balancer.hpp"
#include "core/counters.hpp"
#include "core/deadline.hpp"
#include "core/failover.hpp"
#include "core/random.hpp"
#include "core/retry.hpp"
#include "core/route_table.hpp"
#include "provider.hpp"
#include "records.hpp"
#include "remote.hpp"
#include "scenario.hpp"
#include "timeline.hpp"

namespace tenon::simulation {

class World;

/// One logical request: asks one provider after the other until one answers.
class Request {
public:
    Request(World& world, const core::Match& model, const core::Deadline& deadline);

    void begin();
    void cancel();

private:
    void ask();
    void attempt_at(const core::Attempt& where);
    void attempt_ended(const core::Attempt& where, const Attempt::End& end);
    void follow(const core::Attempt& where, const core::RetryDecision& decision,
                const Error& error);
    void end(core::Ending ending, Code code = Code::ok);

    World& world_;
    core::Deadline deadline_;
    core::FailoverPlan failover_;
    core::RetryPlan retry_;
    base::TimePoint began_;
    Stage stage_;
    std::optional<std::size_t> first_;  ///< the provider that was asked first
    std::unique_ptr<Attempt> attempt_;
    Timeline::EventId pause_ = Timeline::none();
    bool over_ = false;
};

/// All clients and all providers.
class World final : public core::Providers {
public:
    explicit World(const Scenario& scenario);

    /// From start to end, until the last request has ended.
    void run();

    [[nodiscard]] const Scenario& scenario() const noexcept { return scenario_; }
    [[nodiscard]] const Records& records() const noexcept { return records_; }

    [[nodiscard]] core::ProviderState state(const core::Target& target,
                                            const core::Match&) const noexcept override {
        return providers_[target.provider]->state();
    }

private:
    friend class Request;

    struct Client {
        std::unique_ptr<Request> request;  ///< null while it thinks
        Timeline::EventId next = Timeline::none();
        Timeline::EventId cancel = Timeline::none();
    };

    void think(Client& client);
    void ask(Client& client);
    void herd();
    void request_ended(const Request& request);

    const Scenario scenario_;
    BlackHole hole_;
    BlackHole none_;
    Timeline timeline_;
    Records records_;
    std::array<std::unique_ptr<Provider>, kProviders> providers_;
    core::RouteTable table_;
    std::vector<core::Balancer> balancers_;
    core::Limits limits_;
    core::Random random_;
    std::vector<Client> clients_;
};

}  // namespace tenon::simulation
