#pragma once

#include <optional>

#include "base/clock.hpp"
#include "core/random.hpp"
#include "scenario.hpp"

namespace tenon::simulation {

/// A span of time in which nothing comes back.
struct BlackHole {
    base::TimePoint begins = base::kNoDeadline;
    base::TimePoint ends = base::kNoDeadline;

    /// Whether what was under way from `from` to `to` is lost. What is sent into the hole stays
    /// lost when it ends.
    [[nodiscard]] bool swallows(base::TimePoint from, base::TimePoint to) const noexcept {
        return from < ends && to >= begins;
    }
};

/// The other side of the wire: what a provider would do.
class Remote {
public:
    Remote(const RemoteSettings& settings, const BlackHole& hole, core::Random random) noexcept
        : settings_(settings), hole_(hole), random_(random) {}

    struct Answer {
        base::Duration after{};
        bool failed = false;
    };
    /// To a call that is sent now; nullopt = it will hang.
    [[nodiscard]] std::optional<Answer> call(base::TimePoint now) noexcept;

    /// How long a dial takes; nullopt = it will hang.
    [[nodiscard]] std::optional<base::Duration> dial(base::TimePoint now) noexcept;

    /// How long a health check takes, which does not fail like calls; nullopt = it will hang.
    [[nodiscard]] std::optional<base::Duration> check(base::TimePoint now) noexcept;

private:
    [[nodiscard]] base::Duration between(double least_ms, double most_ms) noexcept;
    [[nodiscard]] std::optional<base::Duration> unless_lost(base::TimePoint now,
                                                            base::Duration takes) const noexcept;

    RemoteSettings settings_;
    BlackHole hole_;
    core::Random random_;
};

}  // namespace tenon::simulation
