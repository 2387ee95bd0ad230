#pragma once

#include <string>
#include <utility>

#include "provider/upstream.hpp"

namespace tenon::runtime {

/// The place of a configured provider that could not be made: nobody picks it, and whoever asks why
/// is told.
///
/// \par Thread-safety
/// Any thread.
class MissingProvider final : public provider::Upstream {
public:
    MissingProvider(std::string name, Error problem)
        : name_(std::move(name)), problem_(std::move(problem)), budget_({}) {}

    const std::string& name() const noexcept override { return name_; }
    core::ProviderState state(std::string_view) const noexcept override {
        core::ProviderState state;
        state.availability = core::Availability::misconfigured;
        return state;
    }
    std::string reason(std::string_view) const override { return problem_.message; }
    core::Limits limits(core::OperationClass operation,
                        const core::PhaseLimits& request) const noexcept override {
        return core::resolve_limits(operation, {}, request);
    }
    bool retries_internally() const noexcept override { return false; }
    core::InFlight& in_flight() noexcept override { return in_flight_; }
    core::RetryBudget& retry_budget() noexcept override { return budget_; }
    core::ProviderCounters& counters() noexcept override { return counters_; }
    net::Awaitable<Result<plugin::CallOutcome>> attempt(const provider::AttemptRequest&,
                                                        provider::DeltaSink*,
                                                        std::shared_ptr<provider::CancelSignal>,
                                                        std::size_t,
                                                        provider::AttemptReport& report) override {
        report.stop = core::Stop::not_admitted;
        co_return problem_;
    }

private:
    const std::string name_;
    const Error problem_;
    core::InFlight in_flight_;
    core::RetryBudget budget_;
    core::ProviderCounters counters_;
};

}  // namespace tenon::runtime
