#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/health.hpp"
#include "virtual_time.hpp"

namespace tenon::core {

/// How a server answers a check.
struct CheckReply {
    base::Duration after{0};
    std::optional<Error> error = {};
    bool hangs = false;
};

/// A monitor, its timer and a server, in virtual time.
class HealthRig {
public:
    struct Started {
        base::Duration at;
        CheckStart check;
    };
    struct Changed {
        base::Duration at;
        HealthState to;
        friend bool operator==(const Changed&, const Changed&) = default;
    };
    using Server = std::function<CheckReply(base::Duration)>;

    explicit HealthRig(const HealthSettings& settings = {}, std::uint64_t seed = 1)
        : monitor(settings, seed) {}

    void start() { apply(monitor.start(now)); }

    /// Does the steps.
    HealthSteps apply(const HealthSteps& steps) {
        if (steps.abandoned != 0) reply_.reset();
        if (steps.verdict != HealthVerdict::undecided) verdicts.push_back(steps.verdict);
        if (steps.transition) changes.push_back({since_start(), steps.transition->to});
        if (steps.check) {
            started.push_back({since_start(), *steps.check});
            CheckReply reply = server(since_start());
            if (!reply.hangs) reply_ = Pending{now + reply.after, steps.check->id, reply.error};
        }
        return steps;
    }

    /// Everything that happens up to and including `time`.
    void run_until(base::Duration time) {
        const base::TimePoint end = at(time);
        for (int events = 0;; ++events) {
            // Instead of an endless loop.
            if (events > 100'000) throw std::logic_error("The timer fires and nothing happens.");
            const base::TimePoint wake = monitor.next_wake();
            if (reply_ && reply_->at <= std::min(wake, end)) {
                const Pending reply = *std::exchange(reply_, std::nullopt);
                now = std::max(now, reply.at);
                apply(monitor.check_done(reply.id, {.error = reply.error ? &*reply.error : nullptr},
                                         now));
            } else if (wake <= end) {
                now = std::max(now, wake);
                apply(monitor.tick(now));
            } else {
                break;
            }
        }
        now = std::max(now, end);
    }

    [[nodiscard]] base::Duration since_start() const { return now - at(base::Duration(0)); }
    /// When the monitor last became `state`.
    [[nodiscard]] std::optional<base::Duration> became(HealthState state) const {
        std::optional<base::Duration> found;
        for (const Changed& change : changes) {
            if (change.to == state) found = change.at;
        }
        return found;
    }

    HealthMonitor monitor;
    base::TimePoint now = at(base::Duration(0));
    Server server = [](base::Duration) { return CheckReply{}; };
    std::vector<Started> started;
    std::vector<Changed> changes;
    std::vector<HealthVerdict> verdicts;

private:
    struct Pending {
        base::TimePoint at;
        std::uint64_t id;
        std::optional<Error> error;
    };
    std::optional<Pending> reply_;
};

/// Checks at exact times: the first at 0.
inline HealthSettings exact() {
    HealthSettings settings;
    settings.jitter = 0;
    settings.first_within = std::chrono::milliseconds(0);
    return settings;
}

inline Error refused_connection() {
    return {Code::unavailable, "Cannot connect to the server."};
}

inline Error answered(Code code, int status) {
    Error error(code, "The server answered " + std::to_string(status) + ".");
    error.http_status = status;
    return error;
}

}  // namespace tenon::core
