#include "config/timeouts.hpp"

namespace tenon::config {

using core::OperationClass;
using core::Phase;

core::DeadlineSettings to_deadlines(const Timeouts& timeouts) {
    core::DeadlineSettings out;
    out.all[Phase::queue] = timeouts.queue;
    out.all[Phase::connect] = timeouts.connect;
    out.all[Phase::first_byte] = timeouts.first_byte;
    out.all[Phase::idle] = timeouts.idle;
    out.all[Phase::total] = timeouts.request;
    out[OperationClass::stream][Phase::total] = timeouts.stream;
    out[OperationClass::health][Phase::total] = timeouts.health_check;
    out[OperationClass::connect][Phase::total] = timeouts.connect;
    // No request waits for the end of a connection: the time is core's own.
    out[OperationClass::disconnect][Phase::total] =
        core::default_limits(OperationClass::disconnect)[Phase::total];
    for (std::size_t operation = 0; operation < core::kOperationClasses; ++operation) {
        for (std::size_t phase = 0; phase < core::kPhases; ++phase) {
            const auto& own = timeouts.operations.of[operation].of[phase];
            if (own) out.by_operation[operation].of[phase] = own;
        }
    }
    return out;
}

core::Limits limits_of(const Timeouts& timeouts, core::OperationClass operation) {
    const core::DeadlineSettings deadlines = to_deadlines(timeouts);
    return core::resolve_limits(operation, {&deadlines});
}

}  // namespace tenon::config
