#include "core/deadline.hpp"

#include <algorithm>
#include <cassert>

#include "base/duration.hpp"
#include "core/setting_range.hpp"

namespace tenon::core {
namespace {

using base::Duration;
using base::TimePoint;
using std::chrono::milliseconds;

constexpr milliseconds kShortest{1};

constexpr std::array kAllPhases = {Phase::queue, Phase::connect, Phase::first_byte, Phase::idle,
                                   Phase::total};

/// `began + limit`, or kNoDeadline if that is beyond the end of time.
TimePoint after(TimePoint began, milliseconds limit) noexcept {
    // From here on it would not fit nanoseconds.
    if (limit > base::kLongestDuration) return base::kNoDeadline;
    const Duration length = limit;
    return began > base::kNoDeadline - length ? base::kNoDeadline : began + length;
}

/// A phase that does not occur in an operation keeps kNoLimit unless it is set for that operation.
void apply(Limits& limits, const PhaseLimits& set, bool also_unused) noexcept {
    for (const Phase phase : kAllPhases) {
        if (set[phase] && (also_unused || limits[phase] != kNoLimit)) limits[phase] = *set[phase];
    }
}

milliseconds default_total(OperationClass operation) noexcept {
    switch (operation) {
        case OperationClass::chat:
        case OperationClass::embed:
        case OperationClass::rerank:
        case OperationClass::list_models: break;
        case OperationClass::stream: return milliseconds(600'000);
        case OperationClass::connect: return milliseconds(10'000);
        case OperationClass::health:
        case OperationClass::disconnect: return milliseconds(5'000);
    }
    return milliseconds(30'000);
}

}  // namespace

std::string_view to_string(Phase phase) noexcept {
    switch (phase) {
        case Phase::queue: return "queue";
        case Phase::connect: return "connect";
        case Phase::first_byte: return "first_byte";
        case Phase::idle: return "idle";
        case Phase::total: break;
    }
    return "total";
}

std::string_view to_string(OperationClass operation) noexcept {
    switch (operation) {
        case OperationClass::chat: return "chat";
        case OperationClass::stream: return "stream";
        case OperationClass::embed: return "embed";
        case OperationClass::rerank: return "rerank";
        case OperationClass::list_models: return "list_models";
        case OperationClass::health: return "health";
        case OperationClass::connect: return "connect";
        case OperationClass::disconnect: break;
    }
    return "disconnect";
}

Result<void> PhaseLimits::validate() const {
    for (const Phase phase : kAllPhases) {
        const auto& limit = (*this)[phase];
        if (!limit) continue;
        if (auto checked = check_range(to_string(phase), *limit, kShortest); !checked) {
            return checked;
        }
    }
    return {};
}

Result<void> DeadlineSettings::validate() const {
    if (auto checked = all.validate(); !checked) return checked;
    for (std::size_t i = 0; i < kOperationClasses; ++i) {
        if (auto checked = by_operation[i].validate(); !checked) {
            Error error = checked.error();
            error.message =
                std::string(to_string(static_cast<OperationClass>(i))) + "." + error.message;
            return error;
        }
    }
    return {};
}

Limits default_limits(OperationClass operation) noexcept {
    Limits limits;
    limits[Phase::queue] = milliseconds(5'000);
    limits[Phase::connect] = milliseconds(10'000);
    const bool in_parts = operation == OperationClass::stream;
    limits[Phase::first_byte] = in_parts ? milliseconds(30'000) : kNoLimit;
    limits[Phase::idle] = in_parts ? milliseconds(60'000) : kNoLimit;
    limits[Phase::total] = limits.configured_total = default_total(operation);
    return limits;
}

Limits resolve_limits(OperationClass operation,
                      std::initializer_list<const DeadlineSettings*> levels,
                      const PhaseLimits& request) noexcept {
    Limits limits = default_limits(operation);
    for (const DeadlineSettings* level : levels) {
        if (level == nullptr) continue;
        apply(limits, level->all, false);
        apply(limits, (*level)[operation], true);
    }
    limits.configured_total = limits[Phase::total];
    apply(limits, request, true);
    return limits;
}

Deadline::Deadline(const Limits& limits, TimePoint started) noexcept
    : limits_(limits), total_(after(started, limits[Phase::total])) {}

Duration Deadline::remaining(TimePoint now) const noexcept {
    return std::max(total_ - now, Duration::zero());
}

TimePoint Deadline::phase_deadline(Phase phase, TimePoint began) const noexcept {
    if (phase == Phase::total) return total_;
    return std::min(after(began, limits_[phase]), total_);
}

std::optional<Phase> Deadline::expired_phase(Phase phase, TimePoint began,
                                             TimePoint now) const noexcept {
    if (now < phase_deadline(phase, began)) return std::nullopt;
    return after(began, limits_[phase]) <= total_ ? phase : Phase::total;
}

Stop Deadline::stop_of(Phase expired, Phase during, TimePoint began, TimePoint now) const noexcept {
    switch (expired) {
        case Phase::queue: return Stop::not_admitted;
        case Phase::connect:
        case Phase::first_byte:
        case Phase::idle: return Stop::attempt_timeout;
        case Phase::total: break;
    }
    const bool answerless = during == Phase::connect || during == Phase::first_byte;
    const bool shortened = limits_[Phase::total] < limits_.configured_total;
    const bool had_its_time = now - began >= Duration(limits_.configured_total) / 2;
    return answerless && !shortened && had_its_time ? Stop::attempt_timeout : Stop::caller_deadline;
}

Error Deadline::error_of(Phase expired) const {
    assert(limits_[expired] != kNoLimit);
    const std::string limit = base::format_duration(limits_[expired]);
    const auto error = [&](Code code, Scope scope, const char* before, const char* after) {
        Error made(code, before + limit + after);
        made.scope = scope;
        made.retryable = expired != Phase::total;
        made.not_sent = expired == Phase::queue || expired == Phase::connect;
        return made;
    };
    switch (expired) {
        case Phase::queue:
            return error(Code::overloaded, Scope::request,
                         "No permit or connection became free in ", ": all of them are busy.");
        case Phase::connect:
            return error(Code::deadline, Scope::connection, "Connecting took more than ", ".");
        case Phase::first_byte:
            return error(Code::deadline, Scope::connection, "The answer did not begin within ",
                         ".");
        case Phase::idle:
            return error(Code::deadline, Scope::connection, "The answer paused for more than ",
                         ".");
        case Phase::total: break;
    }
    return error(Code::deadline, Scope::request, "The request was not finished within ",
                 "; allow more time or ask for less.");
}

}  // namespace tenon::core
