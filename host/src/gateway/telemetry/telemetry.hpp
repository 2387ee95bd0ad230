#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "config/gateway_config.hpp"
#include "gateway/api/request_summary.hpp"
#include "gateway/telemetry/access_log.hpp"
#include "gateway/telemetry/metrics.hpp"
#include "gateway/telemetry/otlp_exporter.hpp"
#include "gateway/telemetry/trace.hpp"

namespace tenon::runtime {
class HostImpl;
}

namespace tenon::gateway {

/// All that follows the gateway's requests: traces, metrics, access log, export.
///
/// \par Thread-safety
/// Any thread; the constructor and stop(): one, none of the I/O threads.
/// \par Object lifetimes
/// The host outlives it; it outlives its followers.
class Telemetry final : public RequestFollowers {
public:
    /// Errors: the access log cannot be opened.
    [[nodiscard]] static Result<std::unique_ptr<Telemetry>> open(
        runtime::HostImpl& host, const config::TelemetryConfig& config, MetricsSources sources);
    ~Telemetry();

    std::unique_ptr<RequestFollower> follow(const RequestStart& start) override;
    void key_rejected(KeyRejection why) noexcept override;

    [[nodiscard]] const TraceStore& traces() const noexcept { return traces_; }
    [[nodiscard]] const Metrics& metrics() const noexcept { return *metrics_; }

    /// Logs are opened again.
    void reloaded() noexcept;
    /// Exports what waits, for up to `grace`. Idempotent.
    void stop(std::chrono::milliseconds grace);

private:
    class Follower;
    Telemetry(runtime::HostImpl& host, const config::TelemetryConfig& config);
    [[nodiscard]] RouteMetrics& route(std::string_view dialect, Operation operation);
    [[nodiscard]] TraceStart trace_start(const RequestStart& start);

    TraceIds ids_;
    TraceStore traces_;
    std::unique_ptr<Metrics> metrics_;
    std::unique_ptr<AccessLog> access_log_;
    std::optional<OtlpExporter> exporter_;
};

}  // namespace tenon::gateway
