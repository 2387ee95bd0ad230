#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "core/breaker.hpp"
#include "core/outcome.hpp"
#include "provider/published.hpp"
#include "tenon/result.hpp"

namespace tenon::provider {

/// The breakers of one provider: one for all of it, and one for each model that has failed.
///
/// A failure that the server itself reports (a status of 500 or more, unless its scope is the
/// provider) is the model's: the server is alive. All others, as timeouts and broken connections,
/// are the provider's. For the provider a failure of the model is a success, because it has
/// answered; the model's breaker learns nothing from the provider's failures. A success counts for
/// both. A model without a breaker gets one with its first failure. When kMostModels have one,
/// those that are closed and have nothing to remember make room, or else the failure is the
/// provider's.
///
/// \par Object lifetimes
/// Must outlive its passes.
/// \par Thread-safety
/// Any thread. Passing closed breakers takes no lock.
class Breakers {
    struct Line;

public:
    static constexpr std::size_t kMostModels = 64;

    /// Is told of each change of state, `model` being empty for the provider: one at a time, those
    /// of one breaker in the order of their sequence, outside any lock, on the stack of whoever
    /// caused one. So a change may be reported a little later than the call that caused it returns.
    /// It may call back; what it throws is dropped.
    using Listener = std::function<void(std::string_view model, const core::BreakerEvent& event)>;

    /// The right to make one attempt.
    ///
    /// \par Object lifetimes
    /// Borrows the name of the model until its end. Destroyed without a report, it says that the
    /// attempt found nothing out.
    /// \par Thread-safety
    /// Distinct objects: safe. Shared objects: unsafe.
    class [[nodiscard]] Pass {
    public:
        /// Counts nothing.
        Pass() noexcept = default;
        Pass(Pass&& other) noexcept
            : breakers_(std::exchange(other.breakers_, nullptr)),
              model_(other.model_),
              provider_permit_(std::move(other.provider_permit_)),
              line_(std::move(other.line_)),
              model_permit_(std::move(other.model_permit_)) {}
        Pass& operator=(Pass&& other) noexcept;
        ~Pass() {
            if (breakers_ != nullptr) drop();
        }

        /// Whether the attempt decides that a breaker closes or opens again.
        [[nodiscard]] bool is_probe() const noexcept {
            return provider_permit_.is_probe() || model_permit_.is_probe();
        }

        /// How the attempt ended, at `now`; only the first report counts. `end.probe` is filled in
        /// here. \return judge()'s verdict.
        core::Verdict report(core::AttemptEnd end, base::TimePoint now);

    private:
        friend class Breakers;

        Pass(Breakers& breakers, std::string_view model, core::BreakerPermit permit) noexcept
            : breakers_(&breakers), model_(model), provider_permit_(std::move(permit)) {}
        void drop() noexcept;

        Breakers* breakers_ = nullptr;  ///< null: nothing to report any more
        std::string_view model_;
        core::BreakerPermit provider_permit_;
        std::shared_ptr<Line> line_;  ///< the model's; null: it had none
        core::BreakerPermit model_permit_;
    };

    /// \param provider for messages
    /// \param settings valid; of each of the breakers
    /// \param origin, seed as of core::Breaker
    Breakers(std::string provider, const core::BreakerSettings& settings, base::TimePoint origin,
             std::uint64_t seed, Listener listener = {});
    ~Breakers();
    Breakers(const Breakers&) = delete;
    Breakers& operator=(const Breakers&) = delete;

    /// May an attempt be made? An empty model has the provider's breaker only.
    /// \return the pass, or Code::unavailable, not sent and retryable: which breaker is open, why,
    /// and for how long. Scope::provider if it is the provider's, else Scope::request.
    [[nodiscard]] Result<Pass> admit(std::string_view model, base::TimePoint now);

    /// For an attempt that is made in spite of the breakers: its report counts nothing.
    [[nodiscard]] static Pass pass_by() noexcept { return {}; }

    /// Whether admit() would, for picks: changes and counts nothing. Two loads if all are closed.
    [[nodiscard]] bool would_admit(std::string_view model, base::TimePoint now) const noexcept {
        return ready_at(model, now) <= now;
    }
    /// Whether what would be admitted is more than a probe.
    [[nodiscard]] bool lets_all_through(std::string_view model) const noexcept {
        if (!provider_.breaker.lets_all_through()) return false;
        const auto models = models_.read();
        const auto* line = models ? find(*models, model) : nullptr;
        return line == nullptr || (*line)->breaker.lets_all_through();
    }
    /// When it would: `now` if it would now, kNoDeadline if only a person can change that.
    [[nodiscard]] base::TimePoint ready_at(std::string_view model,
                                           base::TimePoint now) const noexcept;

    // By hand, from any state; the model's breaker is made if need be. An empty model means the
    // provider's. Code::unavailable if kMostModels have one and none can make room.
    Result<void> force_open(std::string_view model, base::TimePoint now);
    Result<void> force_closed(std::string_view model, base::TimePoint now);
    /// To where it began. An empty model: the provider's and those of all models.
    void reset(std::string_view model, base::TimePoint now);

    /// For a timer: notices probes that never report.
    void tick(base::TimePoint now);

    struct ModelSnapshot {
        std::string model;
        core::BreakerSnapshot breaker;
    };
    struct Snapshot {
        core::BreakerSnapshot provider;
        std::vector<ModelSnapshot> models;  ///< that are not closed or have failures, by name
    };
    [[nodiscard]] Snapshot snapshot(base::TimePoint now) const;

private:
    /// One breaker, and what it takes to tell of its changes in order.
    struct Line {
        Line(std::string_view of, const core::BreakerSettings& settings, base::TimePoint origin,
             std::uint64_t seed)
            : model(of), breaker(settings, origin, seed) {}

        const std::string model;  ///< empty: the provider's
        core::Breaker breaker;
        /// That opened it last; for messages, which may miss the newest.
        std::atomic<std::uint64_t> failures{0};

        // Guarded by events_mutex_.
        std::uint64_t next_sequence = 2;
        std::map<std::uint64_t, core::BreakerEvent> early;  ///< whose predecessors are on their way
        bool retired = false;  ///< it made room, and tells nothing any more
    };
    using Lines = std::vector<std::shared_ptr<Line>>;  // sorted by model
    struct Delivery {
        std::string model;
        core::BreakerEvent event;
    };

    void report(Pass& pass, core::Outcome outcome, bool blames_model, base::TimePoint now);

    [[nodiscard]] static const std::shared_ptr<Line>* find(const Lines& lines,
                                                           std::string_view model) noexcept;
    [[nodiscard]] std::shared_ptr<Line> find(std::string_view model) const noexcept;
    /// \return null if there is no room.
    [[nodiscard]] std::shared_ptr<Line> find_or_make(std::string_view model, base::TimePoint now);
    [[nodiscard]] Result<std::shared_ptr<Line>> by_hand(std::string_view model,
                                                        base::TimePoint now);
    [[nodiscard]] Lines all_models() const;
    /// If the line may make room: whoever still holds it is not heard. \return whether it may.
    [[nodiscard]] bool retire(Line& line, base::TimePoint now);
    [[nodiscard]] static bool is_idle(const core::BreakerSnapshot& breaker) noexcept;
    [[nodiscard]] Error rejection(const Line& line, base::Duration retry_after,
                                  base::TimePoint now) const;

    /// May be given events of one breaker in any order.
    void deliver(Line& line, const std::optional<core::BreakerEvent>& event);

    const std::string name_;
    const core::BreakerSettings settings_;
    const base::TimePoint origin_;
    const std::uint64_t seed_;
    const Listener listener_;

    Line provider_;
    Published<Lines> models_;
    std::mutex models_mutex_;  ///< held by whoever replaces models_

    std::mutex events_mutex_;
    std::deque<Delivery> deliveries_;
    bool delivering_ = false;
};

}  // namespace tenon::provider
