#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace tenon::bench {

/// Heap allocations that this thread has made, by whatever code: operator new, malloc and the like.
[[nodiscard]] std::uint64_t allocations() noexcept;

/// Reports the allocations of one iteration as the counter "allocs", from construction to
/// destruction: put it right before the loop.
///
/// \par Thread-safety
/// The thread that runs the loop.
class AllocationCount {
public:
    explicit AllocationCount(benchmark::State& state) noexcept
        : state_(state), before_(allocations()) {}
    AllocationCount(const AllocationCount&) = delete;
    AllocationCount& operator=(const AllocationCount&) = delete;
    ~AllocationCount() {
        const auto made = static_cast<double>(allocations() - before_);
        state_.counters["allocs"] = benchmark::Counter(made, benchmark::Counter::kAvgIterations);
    }

private:
    benchmark::State& state_;
    std::uint64_t before_;
};

}  // namespace tenon::bench
