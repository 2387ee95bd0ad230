#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "gateway/telemetry/trace_data.hpp"

namespace tenon::gateway {

/// Who reports.
struct OtlpResource {
    std::string service_name = "tenon";
    std::string service_version;
    std::string instance_id;  ///< another one for each run
};

/// One for the request and one for each attempt.
[[nodiscard]] inline std::size_t span_count(const Trace& trace) noexcept {
    return 1 + trace.attempts.size();
}

/// The body of an OTLP/HTTP export (ExportTraceServiceRequest, JSON): a SERVER span for each
/// request with its waits as events, a CLIENT span for each attempt below it. Attributes follow the
/// gen_ai and http conventions; what those do not know begins with "tenon.".
[[nodiscard]] std::string to_otlp(const OtlpResource& resource,
                                  std::span<const std::shared_ptr<const Trace>> traces);

}  // namespace tenon::gateway
