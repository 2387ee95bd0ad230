#include "fault.hpp"

#include <algorithm>
#include <string>

#include "hash.hpp"

namespace tenon::mock {
namespace {

constexpr std::string_view kModelPrefix = "fault-";

bool same_name(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return (x == '-' ? '_' : x) == (y == '-' ? '_' : y); });
}

}  // namespace

std::optional<Fault> fault_from_name(std::string_view name) noexcept {
    using Kind = Fault::Kind;
    constexpr struct {
        std::string_view name;
        Kind kind;
    } kWords[] = {{"silent", Kind::silent},
                  {"midstream", Kind::midstream},
                  {"stall", Kind::stall},
                  {"drop", Kind::drop},
                  {"throw", Kind::exception}};
    for (const auto& word : kWords) {
        if (same_name(name, word.name)) return Fault{.kind = word.kind};
    }
    for (int value = TENON_E_OVERLOADED; value < TENON_OK; ++value) {
        const auto code = static_cast<Code>(value);
        if (same_name(name, to_string(code))) return Fault{.kind = Kind::error, .code = code};
    }
    return std::nullopt;
}

Fault fault_of_model(std::string_view model) noexcept {
    if (!model.starts_with(kModelPrefix)) return {};
    return fault_from_name(model.substr(kModelPrefix.size())).value_or(Fault{});
}

Error fault_error(const Fault& fault) {
    if (fault.kind == Fault::Kind::midstream) {
        return Error(Code::protocol, "the mock broke off in the middle of its answer, as asked");
    }
    Error error(fault.code, "the mock failed as asked: " + std::string(to_string(fault.code)));
    constexpr std::int64_t kRetryAfterMs = 7000;
    if (fault.code == Code::throttled) {
        error.http_status = 429;
        error.retry_after_ms = kRetryAfterMs;
    }
    return error;
}

Fault without_deltas(const Fault& fault) noexcept {
    switch (fault.kind) {
        case Fault::Kind::midstream: return {.kind = Fault::Kind::error, .code = Code::protocol};
        case Fault::Kind::stall: return {.kind = Fault::Kind::silent};
        default: return fault;
    }
}

Fault planned_fault(const FaultPlan& plan, std::uint64_t number) noexcept {
    if (!still_applies(plan.times, number)) return {};
    if (plan.every != 0 && number % plan.every == 0) return plan.fault;
    return chance(plan.seed, number) < plan.rate ? plan.fault : Fault{};
}

double chance(std::uint64_t seed, std::uint64_t number) noexcept {
    constexpr double kTwoToThe53 = 9007199254740992.0;
    return static_cast<double>(mix(mix(seed) ^ number) >> 11) / kTwoToThe53;
}

std::chrono::nanoseconds delay_of(std::chrono::nanoseconds latency, std::chrono::nanoseconds jitter,
                                  std::uint64_t seed, std::uint64_t number) noexcept {
    // Another stream of numbers than the one that chooses failures.
    const double share = chance(~seed, number);
    return latency + std::chrono::nanoseconds(
                         static_cast<std::int64_t>(share * static_cast<double>(jitter.count())));
}

}  // namespace tenon::mock
