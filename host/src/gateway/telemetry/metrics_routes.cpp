#include <array>
#include <numeric>

#include "gateway/telemetry/metrics_families.hpp"

namespace tenon::gateway {
namespace {

using prometheus::MetricType;

constexpr std::int64_t kDuration[] = {1'000,       5'000,      10'000,     25'000,     50'000,
                                      100'000,     250'000,    500'000,    1'000'000,  2'500'000,
                                      5'000'000,   10'000'000, 30'000'000, 60'000'000, 120'000'000,
                                      300'000'000, 600'000'000};
constexpr std::int64_t kInterToken[] = {1'000,     2'500,     5'000,     10'000,    20'000,
                                        40'000,    80'000,    160'000,   320'000,   640'000,
                                        1'280'000, 2'560'000, 5'120'000, 10'240'000};
constexpr std::int64_t kOverhead[] = {5,     10,    20,    50,     100,    200,   500,
                                      1'000, 2'000, 5'000, 10'000, 20'000, 50'000};

constexpr const char* kStatusNames[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
static_assert(std::size(kStatusNames) == RouteMetrics::kStatusClasses);

/// Ends first: nothing has ended that has not begun.
std::uint64_t in_flight(const RouteMetrics& route) {
    std::uint64_t ended = 0;
    for (const auto& count : route.ended) ended += count.load(std::memory_order_acquire);
    const std::uint64_t started = route.started.load();
    return started > ended ? started - ended : 0;
}

void by_status(SeriesWriter& out, const RouteMetrics& route) {
    for (std::size_t i = 0; i < RouteMetrics::kStatusClasses; ++i) {
        out.value(route.ended[i].load(), {{"status", kStatusNames[i]}});
    }
}

constexpr FamilySpec<RouteMetrics> kSpecs[] = {
    {"tenon_gateway_requests_total", MetricType::Counter,
     "Requests that have ended, by class of HTTP status; none = the client left before.",
     by_status},
    {"tenon_gateway_requests_in_flight", MetricType::Gauge, "Requests under way.",
     [](SeriesWriter& out, const RouteMetrics& route) { out.value(in_flight(route)); }},
    {"tenon_gateway_request_duration_seconds", MetricType::Histogram,
     "From the request's head to the end of the answer, of requests that were answered.",
     [](SeriesWriter& out, const RouteMetrics& route) {
         out.histogram(route.duration.snapshot(), kDuration);
     }},
    {"tenon_gateway_first_token_seconds", MetricType::Histogram,
     "From the request's head to the first delta of a stream.",
     [](SeriesWriter& out, const RouteMetrics& route) {
         out.histogram(route.first_token.snapshot(), kDuration);
     }},
    {"tenon_gateway_inter_token_seconds", MetricType::Histogram, "Between two deltas of a stream.",
     [](SeriesWriter& out, const RouteMetrics& route) {
         out.histogram(route.inter_token.snapshot(), kInterToken);
     }},
    {"tenon_gateway_overhead_seconds", MetricType::Histogram,
     "The time of a request in which nobody waited for a provider.",
     [](SeriesWriter& out, const RouteMetrics& route) {
         out.histogram(route.overhead.snapshot(), kOverhead);
     }},
    {"tenon_gateway_response_bytes_total", MetricType::Counter, "Bytes of answers, without heads.",
     [](SeriesWriter& out, const RouteMetrics& route) { out.value(route.bytes_out.load()); }},
    {"tenon_gateway_clients_gone_total", MetricType::Counter,
     "Requests whose client left, or stopped reading, before the end of the answer.",
     [](SeriesWriter& out, const RouteMetrics& route) { out.value(route.clients_gone.load()); }},
    {"tenon_gateway_streams_broken_total", MetricType::Counter, "Streams that ended with an error.",
     [](SeriesWriter& out, const RouteMetrics& route) { out.value(route.streams_broken.load()); }},
};

}  // namespace

FamilyList collect_routes(const std::vector<const RouteMetrics*>& routes) {
    const std::span<const FamilySpec<RouteMetrics>> specs(kSpecs);
    FamilyList families = empty_families(specs);
    for (const RouteMetrics* route : routes) {
        fill_families(families, specs, *route,
                      {{"dialect", route->dialect()}, {"operation", route->operation()}});
    }
    return families;
}

}  // namespace tenon::gateway
