#include "gateway/telemetry/metrics_families.hpp"

namespace tenon::gateway {
namespace {

using prometheus::MetricType;
using Server = transport::HttpServer::Counts;

struct Daemon {
    const MetricsSources& sources;
    std::span<const std::uint64_t> key_rejections;
};

constexpr const char* kRejectionNames[] = {"missing", "unknown",     "model", "requests",
                                           "tokens",  "concurrency", "admin"};
static_assert(std::size(kRejectionNames) == kKeyRejections);

constexpr FamilySpec<Daemon> kDaemon[] = {
    {"tenon_build_info", MetricType::Gauge, "1; which release it is.",
     [](SeriesWriter& out, const Daemon& d) {
         out.value(1.0, {{"version", d.sources.version}});
     }},
    {"tenon_gateway_key_rejections_total", MetricType::Counter,
     "Requests that a client's key did not let through, by reason.",
     [](SeriesWriter& out, const Daemon& d) {
         for (std::size_t i = 0; i < kKeyRejections; ++i) {
             out.value(d.key_rejections[i], {{"reason", kRejectionNames[i]}});
         }
     }},
    {"tenon_traces_kept", MetricType::Gauge, "Traces of requests that can be looked at.",
     [](SeriesWriter& out, const Daemon& d) {
         if (d.sources.traces) out.value(std::uint64_t{d.sources.traces()});
     }},
    {"tenon_offline_queued", MetricType::Gauge,
     "Requests that are kept on disk until a provider can be asked.",
     [](SeriesWriter& out, const Daemon& d) {
         if (d.sources.offline_queued) out.value(std::uint64_t{d.sources.offline_queued()});
     }},
};

constexpr FamilySpec<OtlpExporter::Counts> kOtlp[] = {
    {"tenon_otlp_spans_total", MetricType::Counter, "Spans for the collector, by result.",
     [](SeriesWriter& out, const OtlpExporter::Counts& counts) {
         out.value(counts.exported, {{"result", "exported"}});
         out.value(counts.dropped, {{"result", "dropped"}});
     }},
    {"tenon_otlp_spans_queued", MetricType::Gauge, "Spans that wait for their export.",
     [](SeriesWriter& out, const OtlpExporter::Counts& counts) {
         out.value(std::uint64_t{counts.queued});
     }},
    {"tenon_otlp_posts_total", MetricType::Counter, "Exports that were tried.",
     [](SeriesWriter& out, const OtlpExporter::Counts& counts) { out.value(counts.posts); }},
};

constexpr FamilySpec<Server> kServer[] = {
    {"tenon_http_connections", MetricType::Gauge, "Open connections of clients.",
     [](SeriesWriter& out, const Server& counts) { out.value(std::uint64_t{counts.open}); }},
    {"tenon_http_connections_total", MetricType::Counter, "Connections that were accepted.",
     [](SeriesWriter& out, const Server& counts) { out.value(counts.accepted); }},
    {"tenon_http_connections_turned_away_total", MetricType::Counter,
     "Connections that were one too many.",
     [](SeriesWriter& out, const Server& counts) { out.value(counts.turned_away); }},
    {"tenon_http_requests_total", MetricType::Counter, "Requests that were well-formed.",
     [](SeriesWriter& out, const Server& counts) { out.value(counts.requests); }},
    {"tenon_http_requests_refused_total", MetricType::Counter,
     "Requests that the server refused for their form or size.",
     [](SeriesWriter& out, const Server& counts) { out.value(counts.refused); }},
    {"tenon_http_timeouts_total", MetricType::Counter, "Clients that were too slow.",
     [](SeriesWriter& out, const Server& counts) { out.value(counts.timed_out); }},
    {"tenon_http_clients_gone_total", MetricType::Counter,
     "Clients that left while their request was handled.",
     [](SeriesWriter& out, const Server& counts) { out.value(counts.clients_gone); }},
};

void append(FamilyList& to, FamilyList from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

FamilyList collect_daemon(const MetricsSources& sources,
                          std::span<const std::uint64_t> key_rejections) {
    const std::span<const FamilySpec<Daemon>> daemon(kDaemon);
    FamilyList out = empty_families(daemon);
    fill_families(out, daemon, Daemon{sources, key_rejections}, {});

    const std::span<const FamilySpec<Server>> server(kServer);
    FamilyList servers = empty_families(server);
    if (sources.servers) {
        for (const auto& one : sources.servers()) {
            fill_families(servers, server, one.counts, {{"server", one.name}});
        }
    }
    append(out, std::move(servers));

    const std::span<const FamilySpec<OtlpExporter::Counts>> otlp(kOtlp);
    FamilyList exports = empty_families(otlp);
    if (sources.otlp) fill_families(exports, otlp, sources.otlp(), {});
    append(out, std::move(exports));
    return out;
}

}  // namespace tenon::gateway
