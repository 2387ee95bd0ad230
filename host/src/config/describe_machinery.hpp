#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "config/config.hpp"
#include "config/describe_forms.hpp"

/// The settings of core as parts of the configuration. Bounds are within those of each struct's
/// validate(), which also knows the rules between members. What derive() sets is left out.
namespace tenon::config {

inline constexpr std::array<Choice<ConnectWhen>, 3> kConnectWhen = {
    {{"on_demand", ConnectWhen::on_demand},
     {"at_start", ConnectWhen::at_start},
     {"manual", ConnectWhen::manual}}};

inline constexpr std::array<Choice<core::Jitter>, 4> kJitters = {
    {{"none", core::Jitter::none},
     {"full", core::Jitter::full},
     {"equal", core::Jitter::equal},
     {"decorrelated", core::Jitter::decorrelated}}};

inline constexpr std::array<Choice<core::LimitAlgorithm>, 3> kLimitAlgorithms = {
    {{"off", core::LimitAlgorithm::off},
     {"gradient", core::LimitAlgorithm::gradient},
     {"aimd", core::LimitAlgorithm::aimd}}};

inline constexpr std::array<Choice<core::BalancePolicy>, 5> kBalancePolicies = {
    {{"weighted", core::BalancePolicy::weighted},
     {"round_robin", core::BalancePolicy::round_robin},
     {"least_in_flight", core::BalancePolicy::least_in_flight},
     {"peak_ewma", core::BalancePolicy::peak_ewma},
     {"health_weighted", core::BalancePolicy::health_weighted}}};

[[nodiscard]] constexpr std::span<const Choice<ConnectWhen>> choices(ConnectWhen) noexcept {
    return kConnectWhen;
}
[[nodiscard]] constexpr std::span<const Choice<core::Jitter>> choices(core::Jitter) noexcept {
    return kJitters;
}
[[nodiscard]] constexpr std::span<const Choice<core::LimitAlgorithm>> choices(
    core::LimitAlgorithm) noexcept {
    return kLimitAlgorithms;
}
[[nodiscard]] constexpr std::span<const Choice<core::BalancePolicy>> choices(
    core::BalancePolicy) noexcept {
    return kBalancePolicies;
}

// --- Timeouts ---

template <class Visitor>
void describe(Visitor& v, like<core::PhaseLimits> auto& c) {
    using core::Phase;
    v.duration("queue", c[Phase::queue], kLongWait, "Waiting for a permit and a connection.");
    v.duration("connect", c[Phase::connect], kWait, "Opening a connection to the provider.");
    v.duration("first_byte", c[Phase::first_byte], kLongWait,
               "From the request to the first byte of the answer.");
    v.duration("idle", c[Phase::idle], kLongWait, "Silence between two parts of an answer.");
    v.duration("total", c[Phase::total], kLongWait, "Everything, with all retries.");
}

template <class Visitor>
void describe(Visitor& v, like<OperationTimeouts> auto& c) {
    using core::OperationClass;
    v.object("chat", c[OperationClass::chat], "Completions whose answer comes as a whole.");
    v.object("stream", c[OperationClass::stream], "Completions whose answer comes in parts.");
    v.object("embed", c[OperationClass::embed], "Embeddings.");
    v.object("rerank", c[OperationClass::rerank], "Rankings of documents.");
    v.object("list_models", c[OperationClass::list_models], "Lists of models.");
    v.object("health", c[OperationClass::health], "Health checks.");
    v.object("connect", c[OperationClass::connect], "Making a connection.");
    v.object("disconnect", c[OperationClass::disconnect], "Ending a connection.");
}

template <class Visitor>
void describe(Visitor& v, like<Timeouts> auto& c) {
    v.duration("queue", c.queue, kLongWait,
               "Waiting for a permit and a connection, when all are in use.");
    v.duration("connect", c.connect, kWait, "Opening a connection to the provider.");
    v.duration("first_byte", c.first_byte, kLongWait,
               "From the request to the first byte of the answer.");
    v.duration("idle", c.idle, kLongWait, "Silence between two parts of an answer.");
    v.duration("health_check", c.health_check, kWait, "One health check.");
    v.duration("request", c.request, kLongWait,
               "A whole request that is not streamed, with all its retries.");
    v.duration("stream", c.stream, kLongWait, "A whole streamed request, with all its retries.");
    v.object("operations", c.operations,
             "What differs for single operations; null = as said for all.");
}

// --- One provider ---

template <class Visitor>
void describe(Visitor& v, like<ConnectionConfig> auto& c) {
    v.choice("connect", c.connect,
             "When it is connected: by the first request, at the start, or by hand alone.");
    v.flag("auto_recovery", c.auto_recovery,
           "Whether a lost connection is made again without being asked for.");
    v.integer(
        "reconnect_attempts", c.reconnect_attempts, Range<int>{1, 1000},
        "Attempts to connect in a row; the next row begins when a health check would be due.");
    v.duration("reconnect_delay", c.reconnect_delay, kWaitOrNone,
               "From the end of one attempt to the next.");
    v.flag("admit_when_unhealthy", c.admit_when_unhealthy,
           "Whether requests are sent to it all the same while it is unhealthy.");
    v.duration("drain_grace", c.drain_grace, kWaitOrNone,
               "How long requests in flight may go on when it is disconnected.");
}

template <class Visitor>
void describe(Visitor& v, like<core::PoolSettings> auto& c) {
    using Count = Range<std::uint32_t>;
    v.flag("pooling", c.pooling,
           "Whether connections are kept; if not, each carries one call, and \"min_idle\" and "
           "\"preconnect\" count as 0.");
    v.integer("max_connections", c.max_connections, Count{1, 10'000},
              "The most connections at once.");
    v.integer("min_idle", c.min_idle, Count{0, 10'000},
              "Connections that are kept although they are idle.");
    v.integer("preconnect", c.preconnect, Count{0, 10'000},
              "Connections that are made when the provider becomes ready.");
    v.integer("max_connecting", c.max_connecting, Count{1, 10'000},
              "Connections that are being made at once.");
    v.integer("max_waiting", c.max_waiting, Count{1, 1'000'000},
              "Calls that wait for a connection at once.");
    v.duration("idle_timeout", c.idle_timeout, kLongWaitOrNone,
               "How long an idle connection is kept; 0s = for ever.");
    v.duration("max_lifetime", c.max_lifetime, kLongWaitOrNone,
               "How long a connection is used at all; 0s = for ever.");
    v.duration("keepalive_interval", c.keepalive_interval, kLongWaitOrNone,
               "How often an idle connection is asked whether it is alive; 0s = never.");
    v.duration("dial_backoff", c.dial_backoff, kWait,
               "Between two attempts to connect when the first has failed.");
    v.duration("dial_backoff_max", c.dial_backoff_max, kWait, "What that grows to.");
    v.duration("surplus_dial_grace", c.surplus_dial_grace, kWait,
               "How long an attempt to connect may outlive the demand for it.");
}

template <class Visitor>
void describe(Visitor& v, like<core::OverloadSettings> auto& c) {
    v.flag("enabled", c.enabled, "Whether long queues are served newest first, with short waits.");
    v.duration("interval", c.interval, kWait, "How long a queue has not been empty by then.");
    v.duration("queue_timeout", c.queue_timeout, kWait, "The longest wait of who comes then.");
}

template <class Visitor>
void describe(Visitor& v, like<core::PermitSettings> auto& c) {
    v.integer("limit", c.permits, Range<std::uint32_t>{1, 100'000},
              "The most calls at once; where \"adaptive_limit\" begins.");
    v.integer("queue", c.queue, Range<std::uint32_t>{0, 1'000'000},
              "The most calls that wait for their turn.");
    v.flag("predict_wait", c.predict_wait,
           "Whether a call is refused at once that would wait longer than it may.");
    v.object("overload", c.overload, "What happens when the queue does not empty.");
}

template <class Visitor>
void describe(Visitor& v, like<core::AdaptiveLimitSettings> auto& c) {
    using Count = Range<std::uint32_t>;
    v.choice("algorithm", c.algorithm,
             "What the limit follows: nothing, the latency, or refusals and time-outs.");
    v.integer("least", c.least, Count{1, 100'000}, "The limit never falls below.");
    v.integer("most", c.most, Count{1, 100'000}, "The limit never rises above.");
    v.number("tolerance", c.tolerance, Range<double>{1, 10},
             "How many times the usual latency is still usual.");
    v.number("smoothing", c.smoothing, Range<double>{0.01, 1},
             "How much the newest measurement weighs.");
    v.integer("headroom", c.headroom, Count{1, 100'000},
              "Calls that may stand in the provider's own queue.");
    v.integer("window", c.window, Count{10, 100'000},
              "Calls over which the usual latency is a mean.");
    v.duration("remeasure", c.remeasure, kLongWaitOrNone,
               "How often the limit is halved for a moment, to see the latency without queues; "
               "0s = never.");
    v.number("decrease", c.decrease, Range<double>{0.1, 0.99},
             "What the limit is multiplied by after a refusal.");
}

template <class Visitor>
void describe(Visitor& v, like<core::BreakerSettings> auto& c) {
    v.flag("enabled", c.enabled, "Whether it rejects calls; if not, it only counts.");
    v.integer("failure_threshold", c.failure_threshold, Range<int>{1, 10'000},
              "Failures within the window that open it ...");
    v.integer("min_throughput", c.min_throughput, Range<int>{1, 10'000},
              "... if there were so many calls ...");
    v.number("min_failure_ratio", c.min_failure_ratio, Range<double>{0, 1},
             "... and so large a part of them failed; 0 = any.");
    v.duration("window", c.window, DurationRange{std::chrono::seconds(1), std::chrono::hours(24)},
               "How far back calls count.");
    v.duration("recovery", c.recovery, kLongWait, "How long it stays open.");
    v.number("recovery_growth", c.recovery_growth, Range<double>{1, 10},
             "How many times longer it stays open after each probe that failed.");
    v.duration("max_recovery", c.max_recovery, kLongWait, "What that grows to.");
    v.number("recovery_jitter", c.recovery_jitter, Range<double>{0, 0.5},
             "By how much of it the time varies, up and down.");
    v.integer("probes", c.probes, Range<int>{1, core::kMaxProbes},
              "Calls at once that find out whether the provider is back.");
    v.integer("successes_to_close", c.successes_to_close, Range<int>{1, 100},
              "Successes of such calls that close it.");
    v.duration("lease_grace", c.lease_grace, kLongWaitOrNone,
               "How long after the longest timeout such a call counts as failed.");
}

template <class Visitor>
void describe(Visitor& v, like<core::BackoffSettings> auto& c) {
    v.duration("base", c.base, kLongWait, "The first wait.");
    v.duration("throttle_base", c.throttle_base, kLongWait,
               "The first wait if the provider has too much to do.");
    v.number("growth", c.growth, Range<double>{1, 10},
             "How many times longer each wait is than the one before.");
    v.duration("cap", c.cap, kLongWait,
               "The longest wait, also of those that a provider asks for.");
    v.choice("jitter", c.jitter, "How waits are spread by chance.");
}

template <class Visitor>
void describe(Visitor& v, like<core::RetryStrategy> auto& c) {
    v.integer("max_retries", c.max_retries, Range<int>{0, 100},
              "Retries at one provider; null = as many as \"max_attempts\" leaves.");
    v.object("backoff", c.backoff, "The waits between them.");
}

template <class Visitor>
void describe(Visitor& v, like<core::RetrySettings> auto& c) {
    v.integer("max_attempts", c.max_attempts, Range<int>{1, 100},
              "Attempts in all, the first and those at other providers included; 1 = no retry.");
    v.object("request", c.request, "When the request was sent, or may have been.");
    v.object("connection", c.connection, "When nothing was sent.");
}

template <class Visitor>
void describe(Visitor& v, like<core::RetryBudgetSettings> auto& c) {
    v.flag("enabled", c.enabled, "Whether there is a budget; if not, every retry is granted.");
    v.integer("max_tokens", c.max_tokens, Range<int>{1, 1000},
              "A failure takes one token; there are retries while more than half is left.");
    v.number("refill", c.refill, Range<double>{0.001, 1000}, "Tokens that a success brings back.");
    v.integer("reserve_per_second", c.reserve_per_second, Range<int>{0, 1'000'000},
              "Retries in each second that need no token.");
}

template <class Visitor>
void describe(Visitor& v, like<core::HealthSettings> auto& c) {
    v.flag("active", c.active, "Whether there are checks; if not, the provider counts as healthy.");
    v.duration("interval", c.interval, kLongWait, "From check to check.");
    v.number("jitter", c.jitter, Range<double>{0, 0.5},
             "By how much of it the interval varies, up and down.");
    v.duration("recheck", c.recheck, kLongWait, "To the next check after a first failure.");
    v.integer("unhealthy_after", c.unhealthy_after, Range<int>{1, 1000},
              "Failures in a row that make it unhealthy.");
    v.integer("healthy_after", c.healthy_after, Range<int>{1, 1000},
              "Successes in a row that make it healthy again.");
    v.duration("first_within", c.first_within, kWaitOrNone,
               "The first check comes within this time.");
    v.duration("min_gap", c.min_gap, kWait, "The least time from check to check.");
    v.flag("passive_replaces", c.passive_replaces,
           "Whether a successful request stands in for a check.");
    v.duration("cool_down", c.cool_down, kLongWaitOrNone,
               "How long a provider is left alone that limits the rate and does not say for how "
               "long.");
    v.duration("longest_cool_down", c.longest_cool_down, kLongWaitOrNone,
               "How long it is left alone at most if it does.");
}

template <class Visitor>
void describe(Visitor& v, like<core::EwmaSettings> auto& c) {
    v.duration("tau", c.tau, DurationRange{std::chrono::milliseconds(100), std::chrono::minutes(1)},
               "In this time what was measured loses 63 % of its weight.");
    v.duration("failure_floor", c.failure_floor, kLongWaitOrNone,
               "What a failure costs at least, as if it were a wait.");
}

// --- Between providers ---

template <class Visitor>
void describe(Visitor& v, like<core::FailoverSettings> auto& c) {
    v.flag("repeat", c.repeat,
           "Whether providers that may work again are asked again when no other is left.");
    v.flag("connect_on_demand", c.connect_on_demand,
           "Whether a request connects a provider rather than skip it.");
    v.duration("wait_when_down", c.wait_when_down, kWaitOrNone,
               "How long to wait for the first to come back if nobody can be asked; 0s = not.");
    v.flag("last_resort", c.last_resort,
           "Whether the least bad provider is asked then in spite of its state.");
}

template <class Visitor>
void describe(Visitor& v, like<core::BalancerSettings> auto& c) {
    v.choice("policy", c.policy, "How the providers of one tier share the requests.");
    v.flag("session_affinity", c.session_affinity,
           "Whether requests of one session go to the same provider.");
    v.duration("slow_start", c.slow_start, kLongWaitOrNone,
               "In this time the share of a provider that came back grows; 0s = at once.");
    v.number("slow_start_floor", c.slow_start_floor, Range<double>{0.01, 1},
             "The part of its share that it begins with.");
    v.number("ailing_below", c.ailing_below, Range<double>{0, 1},
             "A provider whose health is below is not preferred for having little to do.");
}

template <class Visitor>
void describe(Visitor& v, like<core::TargetSpec> auto& c) {
    v.text("provider", c.provider, TextForm::required_name, "Which provider.");
    v.text("model", c.model, TextForm::any,
           "The model's name there, in which '*' stands for what that of the route matched; if "
           "empty, the name that was asked for.");
    v.number("weight", c.weight, Range<double>{0, 1e6},
             "Its share within the tier; 0 = it gets nothing new.");
}

template <class Visitor>
void describe(Visitor& v, like<Fallbacks> auto& c) {
    const auto chain = [&](core::Cause cause, std::string_view meaning) {
        v.list(to_string(cause), c[static_cast<std::size_t>(cause)], TextForm::not_empty, meaning);
    };
    chain(core::Cause::unavailable, "If no provider of the model can be asked, or all failed.");
    chain(core::Cause::deadline, "If an attempt took too long; if empty, as \"unavailable\".");
    chain(core::Cause::throttled, "If rates are limited; if empty, as \"unavailable\".");
    chain(core::Cause::context_window, "If the request is too large for the model.");
    chain(core::Cause::content_filter, "If the content is refused.");
}

template <class Visitor>
void describe(Visitor& v, like<core::RouteSpec> auto& c) {
    v.text("model", c.model, TextForm::required,
           "A name, \"prefix*\", or \"*\" for every name that no other route has.");
    v.list("aliases", c.aliases, TextForm::not_empty, "Further names.");
    v.objects(
        "tiers", c.tiers,
        "The providers that have it, in one tier or more: a tier is asked if none above it can "
        "answer.");
    v.object("fallbacks", c.fallbacks, "The models to go on to, by cause, one after the other.");
}

}  // namespace tenon::config
