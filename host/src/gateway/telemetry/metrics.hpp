#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/counters.hpp"
#include "gateway/telemetry/otlp_exporter.hpp"
#include "gateway/telemetry/route_metrics.hpp"
#include "tenon/host/status.hpp"
#include "transport/http_server.hpp"

namespace tenon::gateway {

/// Why a client's key let nothing through.
enum class KeyRejection : std::uint8_t {
    missing,
    unknown,
    model,        ///< it may not ask for that one
    requests,     ///< too many in a minute
    tokens,       ///< likewise
    concurrency,  ///< too many at once
    admin,        ///< it is no admin key
};
inline constexpr std::size_t kKeyRejections = 7;

/// What is counted elsewhere, asked for at each scrape. Empty functions stand for what there is
/// not.
///
/// \par Thread-safety
/// Called on whatever thread renders.
struct MetricsSources {
    using Provider =
        std::function<void(const host::ProviderStatus&, const core::ProviderSnapshot&)>;
    struct Server {
        std::string name;  ///< "public", "control"
        transport::HttpServer::Counts counts;
    };

    /// Calls back for every provider, in place.
    std::function<void(const Provider&)> providers = {};
    std::function<std::vector<Server>()> servers = {};
    std::function<OtlpExporter::Counts()> otlp = {};
    std::function<std::size_t()> traces = {};          ///< that are kept
    std::function<std::size_t()> offline_queued = {};  ///< requests
    std::string version = {};
};

/// The metrics of the daemon, in Prometheus' text format. docs/telemetry.md lists them.
///
/// Labels come from the configuration and the program, never from clients, so that there are no
/// more series than providers, dialects and codes.
///
/// \par Thread-safety
/// Any thread.
class Metrics {
public:
    explicit Metrics(MetricsSources sources);
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;
    ~Metrics();

    /// Takes a lock for a new one only. At most kMostRoutes, beyond that all share one.
    /// \par Object lifetimes
    /// Lives as long as this.
    [[nodiscard]] RouteMetrics& route(std::string_view dialect, std::string_view operation);
    static constexpr std::size_t kMostRoutes = 64;

    void key_rejected(KeyRejection why) noexcept;

    /// Takes about a millisecond, and more with thousands of open files.
    [[nodiscard]] std::string render() const;

    static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::gateway
