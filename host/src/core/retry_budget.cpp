#include "core/retry_budget.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/setting_range.hpp"

namespace tenon::core {
namespace {

constexpr std::int32_t kToken = 1'000;   // millitokens
constexpr int kMostTokens = 1'000;       // gRPC A6
constexpr double kLeastRefill = 0.001;   // the finest that is counted
constexpr int kMostReserve = 1'000'000;  // fits kGrantedBits

constexpr int kGrantedBits = 20;
constexpr std::uint64_t kGrantedMask = (std::uint64_t{1} << kGrantedBits) - 1;

}  // namespace

Result<void> RetryBudgetSettings::validate() const {
    return first_failure(
        check_range("max_tokens", std::int64_t{max_tokens}, 1, kMostTokens),
        check_range("refill", refill, kLeastRefill, double{kMostTokens}),
        check_range("reserve_per_second", std::int64_t{reserve_per_second}, 0, kMostReserve));
}

RetryBudget::RetryBudget(const RetryBudgetSettings& settings) noexcept
    : enabled_(settings.enabled),
      most_(settings.max_tokens * kToken),
      refill_(static_cast<std::int32_t>(std::lround(settings.refill * kToken))),
      reserve_(static_cast<std::uint32_t>(settings.reserve_per_second)),
      tokens_(most_) {}

void RetryBudget::on_success() noexcept {
    add(refill_);
}

void RetryBudget::on_failure() noexcept {
    add(-kToken);
}

// Relaxed: the tokens guard no other memory.
void RetryBudget::add(std::int32_t millitokens) noexcept {
    std::int32_t old = tokens_.load(std::memory_order_relaxed);
    std::int32_t changed = 0;
    do {
        changed = std::clamp(old + millitokens, 0, most_);
        if (changed == old) return;  // a full bucket, as it is most of the time, is only read
    } while (!tokens_.compare_exchange_weak(old, changed, std::memory_order_relaxed));
}

bool RetryBudget::is_healthy() const noexcept {
    return !enabled_ || tokens_.load(std::memory_order_relaxed) > most_ / 2;
}

bool RetryBudget::try_retry(base::TimePoint now) noexcept {
    return is_healthy() || take_from_reserve(now);
}

bool RetryBudget::take_from_reserve(base::TimePoint now) noexcept {
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const auto second = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
    std::uint64_t old = reserved_.load(std::memory_order_relaxed);
    std::uint64_t changed = 0;
    do {
        // A thread that has read the clock earlier takes from the newest second.
        const std::uint64_t current = std::max(second, old >> kGrantedBits);
        const std::uint64_t granted = old >> kGrantedBits == current ? old & kGrantedMask : 0;
        if (granted >= reserve_) return false;
        changed = current << kGrantedBits | (granted + 1);
    } while (!reserved_.compare_exchange_weak(old, changed, std::memory_order_relaxed));
    return true;
}

double RetryBudget::tokens() const noexcept {
    return static_cast<double>(tokens_.load(std::memory_order_relaxed)) / kToken;
}

}  // namespace tenon::core
