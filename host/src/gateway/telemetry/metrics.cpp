#include "gateway/telemetry/metrics.hpp"

#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <iterator>
#include <mutex>
#include <utility>

#include "gateway/telemetry/metrics_families.hpp"

namespace tenon::gateway {

void SeriesWriter::value(double number, std::initializer_list<LabelView> more) {
    prometheus::ClientMetric& metric = append(more);
    metric.counter.value = number;  // the type says which of them counts
    metric.gauge.value = number;
}

void SeriesWriter::one_of(std::string_view label, std::string_view state,
                          std::initializer_list<std::string_view> states) {
    for (const auto name : states) value(name == state ? 1.0 : 0.0, {{label, name}});
}

void SeriesWriter::histogram(const core::HistogramSnapshot& snapshot, Bounds bounds) {
    auto& histogram = append({}).histogram;
    histogram.sample_count = snapshot.count;
    histogram.sample_sum = static_cast<double>(snapshot.sum_us) / 1e6;
    for (const std::int64_t us : bounds) {
        histogram.bucket.push_back(
            {snapshot.count_up_to(std::chrono::microseconds(us)), static_cast<double>(us) / 1e6});
    }
}

prometheus::ClientMetric& SeriesWriter::append(std::initializer_list<LabelView> more) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    for (const auto& [name, text] : labels_) {
        metric.label.push_back({std::string(name), std::string(text)});
    }
    for (const auto& [name, text] : more) {
        metric.label.push_back({std::string(name), std::string(text)});
    }
    return metric;
}

/// What is counted here, and the sources of the rest.
struct Metrics::Impl final : prometheus::Collectable {
    explicit Impl(MetricsSources from) : sources(std::move(from)) {}

    std::vector<prometheus::MetricFamily> Collect() const override {
        std::vector<const RouteMetrics*> known;
        {
            const std::lock_guard lock(mutex);
            for (const auto& route : routes) known.push_back(route.get());
        }
        std::array<std::uint64_t, kKeyRejections> rejected{};
        for (std::size_t i = 0; i < kKeyRejections; ++i) rejected[i] = key_rejections[i].load();
        FamilyList all = collect_routes(known);
        for (FamilyList part :
             {collect_daemon(sources, rejected), collect_providers(sources), collect_process()}) {
            std::move(part.begin(), part.end(), std::back_inserter(all));
        }
        return all;
    }

    const MetricsSources sources;
    std::array<std::atomic<std::uint64_t>, kKeyRejections> key_rejections{};
    /// Of those that are known, without the lock.
    [[nodiscard]] RouteMetrics* find(std::string_view dialect,
                                     std::string_view operation) const noexcept {
        for (const auto& place : places) {
            RouteMetrics* const route = place.load(std::memory_order_acquire);
            if (route == nullptr) break;
            if (route->dialect() == dialect && route->operation() == operation) return route;
        }
        return nullptr;
    }

    mutable std::mutex mutex;
    std::vector<std::unique_ptr<RouteMetrics>> routes;             ///< none ever goes
    std::array<std::atomic<RouteMetrics*>, kMostRoutes> places{};  ///< the same, in order
};

Metrics::Metrics(MetricsSources sources) : impl_(std::make_unique<Impl>(std::move(sources))) {}

Metrics::~Metrics() = default;

RouteMetrics& Metrics::route(std::string_view dialect, std::string_view operation) {
    if (RouteMetrics* const known = impl_->find(dialect, operation)) return *known;
    const std::lock_guard lock(impl_->mutex);
    auto& routes = impl_->routes;
    if (RouteMetrics* const known = impl_->find(dialect, operation)) return *known;
    if (routes.size() >= kMostRoutes) return *routes.back();
    const bool last = routes.size() + 1 == kMostRoutes;
    routes.push_back(std::make_unique<RouteMetrics>(last ? "other" : dialect,  //
                                                    last ? "other" : operation));
    impl_->places[routes.size() - 1].store(routes.back().get(), std::memory_order_release);
    return *routes.back();
}

void Metrics::key_rejected(KeyRejection why) noexcept {
    impl_->key_rejections[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
}

std::string Metrics::render() const {
    return prometheus::TextSerializer().Serialize(impl_->Collect());
}

}  // namespace tenon::gateway
