#include "core/adaptive_limit.hpp"

#include <algorithm>
#include <cassert>

#include "core/setting_range.hpp"

namespace tenon::core {
namespace {

// All of Netflix concurrency-limits.
constexpr std::uint32_t kWarmUp = 10;   // ExpAvgMeasurement: a plain mean of the first samples
constexpr double kLeastGradient = 0.5;  // never less than half at once
constexpr double kDrift = 2;            // "usual" is that much slower than now: it is outdated
constexpr double kDriftCorrection = 0.95;
constexpr std::uint32_t kMostCalls = 100'000;

}  // namespace

Result<void> AdaptiveLimitSettings::validate() const {
    return first_failure(check_range("least", std::int64_t{least}, 1, kMostCalls),
                         check_range("most", std::int64_t{most}, least, kMostCalls),
                         check_range("initial", std::int64_t{initial}, least, most),
                         check_range("tolerance", tolerance, 1.0, 10.0),
                         check_range("smoothing", smoothing, 0.01, 1.0),
                         check_range("headroom", std::int64_t{headroom}, 1, kMostCalls),
                         check_range("window", std::int64_t{window}, kWarmUp, kMostCalls),
                         check_range("remeasure", remeasure, std::chrono::milliseconds(0)),
                         check_range("decrease", decrease, 0.1, 0.99));
}

AdaptiveLimit::AdaptiveLimit(const AdaptiveLimitSettings& settings) noexcept
    : settings_(settings), limit_(settings.initial) {}

std::uint32_t AdaptiveLimit::limit() const noexcept {
    return static_cast<std::uint32_t>(limit_);
}

void AdaptiveLimit::set(double limit) noexcept {
    limit_ = std::clamp<double>(limit, settings_.least, settings_.most);
}

std::uint32_t AdaptiveLimit::on_sample(LimitSample sample, base::TimePoint started,
                                       base::TimePoint now, std::uint32_t in_flight) noexcept {
    assert(started <= now);
    if (settings_.algorithm == LimitAlgorithm::off || sample == LimitSample::ignored) {
        return limit();
    }
    if (sample == LimitSample::overload) {
        if (decreased_ && started < decreased_at_) return limit();
        decreased_ = true;
        decreased_at_ = now;
        set(limit_ * settings_.decrease);
        limit_after_ *= settings_.decrease;
        return limit();
    }
    if (settings_.algorithm == LimitAlgorithm::gradient) {
        if (measure(started, now, in_flight)) return limit();
        follow_latency(static_cast<double>((now - started).count()), in_flight);
    } else if (in_flight * 2.0 >= limit_) {
        set(limit_ + 1 / limit_);  // one more for each round of `limit` answers
    }
    return limit();
}

bool AdaptiveLimit::measure(base::TimePoint started, base::TimePoint now,
                            std::uint32_t in_flight) noexcept {
    if (settings_.remeasure.count() == 0) return false;
    if (!begun_) {
        begun_ = true;
        measured_at_ = now;
    }
    if (!measuring_) {
        const bool in_use = in_flight >= limit_ / 2;
        if (!in_use || now - measured_at_ < settings_.remeasure) return false;
        measuring_ = true;
        measured_at_ = now;
        measured_ = 0;
        measured_ns_ = 0;
        limit_after_ = limit_;
        set(limit_ / 2);
        return true;
    }
    if (started < measured_at_) return true;  // met the queues of before
    const auto rtt_ns = static_cast<double>((now - started).count());
    ++measured_;
    measured_ns_ += (rtt_ns - measured_ns_) / measured_;
    if (measured_ < std::max(kWarmUp, limit())) return true;
    measuring_ = false;
    measured_at_ = now;
    usual_ns_ = std::max(measured_ns_, 1.0);
    set(limit_after_);
    return true;
}

// Gradient2Limit.
void AdaptiveLimit::follow_latency(double rtt_ns, std::uint32_t in_flight) noexcept {
    rtt_ns = std::max(rtt_ns, 1.0);
    if (samples_ < kWarmUp) {
        ++samples_;
        usual_ns_ += (rtt_ns - usual_ns_) / samples_;
    } else {
        usual_ns_ += (rtt_ns - usual_ns_) * 2 / (settings_.window + 1);
    }
    if (usual_ns_ / rtt_ns > kDrift) usual_ns_ *= kDriftCorrection;

    // What is not used cannot be judged.
    if (in_flight < limit_ / 2) return;

    const double gradient =
        std::clamp(settings_.tolerance * usual_ns_ / rtt_ns, kLeastGradient, 1.0);
    const double proposal = limit_ * gradient + settings_.headroom;
    set(limit_ * (1 - settings_.smoothing) + proposal * settings_.smoothing);
}

}  // namespace tenon::core
