#include "gateway/telemetry/metrics_families.hpp"
#include "gateway/telemetry/process_figures.hpp"

namespace tenon::gateway {
namespace {

using prometheus::MetricType;

template <auto member>
void figure(SeriesWriter& out, const ProcessFigures& figures) {
    if (figures.*member) out.value(*(figures.*member));
}

// The names that all Prometheus clients use, so that dashboards for processes fit.
constexpr FamilySpec<ProcessFigures> kSpecs[] = {
    {"process_cpu_seconds_total", MetricType::Counter, "Processor time of the process.",
     figure<&ProcessFigures::cpu_seconds>},
    {"process_start_time_seconds", MetricType::Gauge, "When the process began, since 1970.",
     figure<&ProcessFigures::start_time>},
    {"process_resident_memory_bytes", MetricType::Gauge, "Memory that the process has in RAM.",
     figure<&ProcessFigures::resident_bytes>},
    {"process_virtual_memory_bytes", MetricType::Gauge, "Address space of the process.",
     figure<&ProcessFigures::virtual_bytes>},
    {"process_open_fds", MetricType::Gauge, "Open file descriptors.",
     figure<&ProcessFigures::open_fds>},
    {"process_max_fds", MetricType::Gauge, "File descriptors that it may have open.",
     figure<&ProcessFigures::max_fds>},
    {"process_threads", MetricType::Gauge, "Threads of the process.",
     figure<&ProcessFigures::threads>},
};

}  // namespace

FamilyList collect_process() {
    const std::span<const FamilySpec<ProcessFigures>> specs(kSpecs);
    FamilyList families = empty_families(specs);
    fill_families(families, specs, process_figures(), {});
    return families;
}

}  // namespace tenon::gateway
