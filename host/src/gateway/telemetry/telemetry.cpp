#include "gateway/telemetry/telemetry.hpp"

#include <random>
#include <utility>

#include "gateway/dialect/dialect.hpp"
#include "runtime/host_impl.hpp"
#include "tenon/abi/version.h"

namespace tenon::gateway {
namespace {

std::array<std::uint64_t, 2> random_seed() {
    std::random_device device;
    const auto word = [&] { return std::uint64_t{device()} << 32 | device(); };
    return {word(), word()};
}

std::string_view to_string(Operation operation) {
    switch (operation) {
        case Operation::embed: return "embed";
        case Operation::rerank: return "rerank";
        case Operation::complete: break;
    }
    return "complete";
}

OtlpOptions otlp_options(const config::OtlpConfig& config) {
    OtlpOptions options;
    options.endpoint = config.endpoint;
    options.interval = config.interval;
    options.resource.service_version = TENON_VERSION_STRING;
    options.resource.instance_id = to_hex(random_seed()[0]);
    for (const auto& [name, value] : config.headers) {
        options.headers.push_back({name, std::string(value.reveal())});
    }
    return options;
}

}  // namespace

/// One request's trace, metrics and line in the log.
class Telemetry::Follower final : public RequestFollower {
public:
    Follower(Telemetry& telemetry, const RequestStart& start, RouteMetrics& route)
        : telemetry_(telemetry),
          start_(start),
          recorder_(telemetry.trace_start(start), telemetry.ids_),
          metrics_(route, start.time),
          trace_parent_(recorder_.start().context.format()) {}

    router::RequestObserver* observer() noexcept override { return &recorder_; }
    std::string_view trace_parent() const noexcept override { return trace_parent_; }

    void delta(base::TimePoint now) noexcept override {
        recorder_.delta(now);
        metrics_.delta(now);
    }
    void sent(std::size_t bytes, base::TimePoint now) noexcept override {
        recorder_.sent(bytes, now);
        metrics_.sent(bytes);
    }
    void ended(const RequestSummary& summary) noexcept override {
        RequestOutcome outcome;
        outcome.status = summary.status == kClientGone ? 0 : summary.status;
        outcome.overhead = summary.overhead;
        outcome.client_gone = summary.status == kClientGone;
        outcome.broken = summary.error != nullptr && summary.status < 400;
        metrics_.finish(outcome, summary.time);
        try {
            Trace trace = recorder_.finish(summary.status, summary.error, summary.time);
            trace.refused = summary.refused;
            auto kept = telemetry_.traces_.add(std::move(trace));
            if (telemetry_.exporter_) telemetry_.exporter_->add(std::move(kept));
        } catch (...) {  // no memory for a trace
        }
        if (telemetry_.access_log_) telemetry_.access_log_->write(start_, summary);
    }

private:
    Telemetry& telemetry_;
    const RequestStart start_;
    TraceRecorder recorder_;
    RequestMetrics metrics_;
    const std::string trace_parent_;
};

Telemetry::Telemetry(runtime::HostImpl& host, const config::TelemetryConfig& config)
    : ids_(random_seed()), traces_(static_cast<std::size_t>(config.traces)) {
    if (config.otlp.endpoint.empty()) return;
    for (const auto& [name, value] : config.otlp.headers) {
        host.log().redactor().add(value.reveal());
    }
    exporter_.emplace(host.io().context(0), base::steady_clock(), host.log(),
                      otlp_options(config.otlp));
}

Telemetry::~Telemetry() = default;

Result<std::unique_ptr<Telemetry>> Telemetry::open(runtime::HostImpl& host,
                                                   const config::TelemetryConfig& config,
                                                   MetricsSources sources) {
    std::unique_ptr<Telemetry> telemetry(new Telemetry(host, config));
    if (!config.access_log.empty()) {
        auto log = AccessLog::open(config.access_log);
        if (!log) return std::move(log).error();
        telemetry->access_log_ = *std::move(log);
    }
    sources.version = TENON_VERSION_STRING;
    sources.traces = [all = &telemetry->traces_] { return all->size(); };
    if (telemetry->exporter_) {
        sources.otlp = [exporter = &*telemetry->exporter_] { return exporter->counts(); };
    }
    telemetry->metrics_ = std::make_unique<Metrics>(std::move(sources));
    return telemetry;
}

RouteMetrics& Telemetry::route(std::string_view dialect, Operation operation) {
    return metrics_->route(dialect, to_string(operation));
}

TraceStart Telemetry::trace_start(const RequestStart& start) {
    TraceStart out;
    if (const auto parent = TraceContext::parse(start.trace_parent)) {
        out.context = ids_.child(*parent);
        out.parent_span = parent->span_id;
    } else {
        out.context = ids_.root();
    }
    out.request_id = start.id;
    out.dialect = start.dialect;
    out.operation = to_string(start.operation);
    out.model = start.model;
    out.key = start.key;
    out.client = start.peer;
    out.stream = start.stream;
    out.started = start.wall_time;
    out.time = start.time;
    return out;
}

std::unique_ptr<RequestFollower> Telemetry::follow(const RequestStart& start) {
    return std::make_unique<Follower>(*this, start, route(start.dialect, start.operation));
}

void Telemetry::key_rejected(KeyRejection why) noexcept {
    metrics_->key_rejected(why);
}

void Telemetry::reloaded() noexcept {
    if (access_log_) access_log_->reopen();
}

void Telemetry::stop(std::chrono::milliseconds grace) {
    if (exporter_) exporter_->stop(grace);
}

}  // namespace tenon::gateway
