#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/histogram.hpp"
#include "gateway/telemetry/metrics.hpp"

/// For the files that fill metric families; nobody else.
namespace tenon::gateway {

using FamilyList = std::vector<prometheus::MetricFamily>;
using LabelView = std::pair<std::string_view, std::string_view>;

/// Upper bounds in microseconds.
using Bounds = std::span<const std::int64_t>;

/// Appends series to a family. All of them have the labels that it was made with.
class SeriesWriter {
public:
    SeriesWriter(prometheus::MetricFamily& family, std::initializer_list<LabelView> labels)
        : family_(family), labels_(labels) {}

    void value(double number, std::initializer_list<LabelView> more = {});
    void value(std::uint64_t number, std::initializer_list<LabelView> more = {}) {
        value(static_cast<double>(number), more);
    }
    /// 1 for the state that it is in, 0 for all others.
    void one_of(std::string_view label, std::string_view state,
                std::initializer_list<std::string_view> states);
    void histogram(const core::HistogramSnapshot& snapshot, Bounds bounds);

private:
    prometheus::ClientMetric& append(std::initializer_list<LabelView> more);

    prometheus::MetricFamily& family_;
    std::vector<LabelView> labels_;
};

/// Name, type and help; how it is filled for one `Source`.
template <class Source>
struct FamilySpec {
    const char* name;
    prometheus::MetricType type;
    const char* help;
    void (*fill)(SeriesWriter& out, const Source& source);
};

template <class Source>
[[nodiscard]] FamilyList empty_families(std::span<const FamilySpec<Source>> specs) {
    FamilyList families;
    families.reserve(specs.size());
    for (const auto& spec : specs) families.push_back({spec.name, spec.help, spec.type, {}});
    return families;
}

template <class Source>
void fill_families(FamilyList& families, std::span<const FamilySpec<Source>> specs,
                   const Source& source, std::initializer_list<LabelView> labels) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
        SeriesWriter out(families[i], labels);
        specs[i].fill(out, source);
    }
}

// What each file collects.
[[nodiscard]] FamilyList collect_providers(const MetricsSources& sources);
[[nodiscard]] FamilyList collect_routes(const std::vector<const RouteMetrics*>& routes);
[[nodiscard]] FamilyList collect_daemon(const MetricsSources& sources,
                                        std::span<const std::uint64_t> key_rejections);
[[nodiscard]] FamilyList collect_process();

}  // namespace tenon::gateway
