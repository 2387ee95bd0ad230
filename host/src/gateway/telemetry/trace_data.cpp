#include "gateway/telemetry/trace_data.hpp"

namespace tenon::gateway {

std::size_t Trace::footprint() const noexcept {
    std::size_t taken = sizeof(Trace) + attempts.capacity() * sizeof(TraceAttempt) +
                        waits.capacity() * sizeof(TraceWait);
    for (const std::string* text :
         {&start.request_id, &start.dialect, &start.operation, &start.model, &start.key,
          &start.client, &error, &provider, &provider_model, &finish_reason}) {
        taken += text->capacity();
    }
    for (const auto& attempt : attempts) {
        taken +=
            attempt.provider.capacity() + attempt.model.capacity() + attempt.message.capacity();
    }
    return taken;
}

std::string_view to_string(core::Stop stop) noexcept {
    switch (stop) {
        case core::Stop::none: return "none";
        case core::Stop::caller_cancelled: return "caller_cancelled";
        case core::Stop::caller_deadline: return "caller_deadline";
        case core::Stop::attempt_timeout: return "attempt_timeout";
        case core::Stop::not_admitted: return "not_admitted";
        case core::Stop::hedge_lost: return "hedge_lost";
        case core::Stop::shutting_down: break;
    }
    return "shutting_down";
}

}  // namespace tenon::gateway
