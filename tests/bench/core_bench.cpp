// The decisions that each call passes, beside what one writes first: a lock around plain data. All
// are given the time; machines that their owner guards by a mutex are measured with it.

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "allocations.hpp"
#include "core/balancer.hpp"
#include "core/breaker.hpp"
#include "core/counters.hpp"
#include "core/ewma.hpp"
#include "core/histogram.hpp"
#include "core/in_flight.hpp"
#include "core/permits.hpp"
#include "core/pool.hpp"
#include "core/random.hpp"
#include "core/retry_budget.hpp"
#include "naive_balancer.hpp"
#include "naive_breaker.hpp"
#include "naive_counters.hpp"
#include "naive_pool.hpp"
#include "ratio_reporter.hpp"

namespace tenon::bench {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint kStart{1'000h};
constexpr auto kStep = 1ms;  // 1,000 calls a second

/// The C library takes no locks until there is a second thread, and a host always has one.
void be_multithreaded() {
    [[maybe_unused]] static const bool once = (std::thread([] {}).join(), true);
}

/// Runs `call(now)` as one iteration, at times that go on. One thread is given the time; of two,
/// each reads the clock, or they would live in different times.
template <class Call>
void measure(benchmark::State& state, const Call& call) {
    be_multithreaded();
    if (state.threads() == 1) {
        static base::TimePoint now = kStart;  // it must not go back from run to run
        for (int i = 0; i < 100'000; ++i) call(now += kStep);  // windows are full
        const AllocationCount count(state);
        for (auto _ : state) call(now += kStep);
    } else {
        const AllocationCount count(state);
        for (auto _ : state) call(std::chrono::steady_clock::now());
    }
}

template <class Call>
void measure_naive(benchmark::State& state, const Call& call) {
    state.SetLabel(kBaseline);
    measure(state, call);
}

/// `name`/naive and `name`/tenon; and the same by two threads at one object.
#define TENON_BENCH_PAIR(name)                     \
    BENCHMARK(naive_##name)->Name(#name "/naive"); \
    BENCHMARK(name)->Name(#name "/tenon")
#define TENON_BENCH_PAIR_BY_TWO(name)                                 \
    BENCHMARK(naive_##name)->Name(#name "_by_two/naive")->Threads(2); \
    BENCHMARK(name)->Name(#name "_by_two/tenon")->Threads(2)

// --- Breaker: admit and record -------------------------------------------------------------------

/// As many calls in its window as the default has at 1,000 calls a second, when two threads call as
/// fast as they can.
core::BreakerSettings short_window() {
    core::BreakerSettings settings;
    settings.window = 12ms;
    return settings;
}

void naive_breaker(benchmark::State& state) {
    static NaiveBreaker alone({});
    static NaiveBreaker shared(short_window());
    NaiveBreaker& breaker = state.threads() == 1 ? alone : shared;
    measure_naive(state, [&](base::TimePoint now) {
        bool admitted = breaker.admit(now);
        benchmark::DoNotOptimize(admitted);
        breaker.record(true, now);
    });
}

void breaker(benchmark::State& state) {
    static core::Breaker alone({}, kStart, 1);
    static core::Breaker shared(short_window(), std::chrono::steady_clock::now(), 1);
    core::Breaker& breaker = state.threads() == 1 ? alone : shared;
    measure(state, [&](base::TimePoint now) {
        auto admission = breaker.admit(now);
        benchmark::DoNotOptimize(admission.permit);
        auto event = breaker.record(std::move(admission.permit), core::Outcome::success, now);
        benchmark::DoNotOptimize(event);
    });
}
TENON_BENCH_PAIR(breaker);
TENON_BENCH_PAIR_BY_TWO(breaker);

// A failure that does not open: the threshold is out of reach.
core::BreakerSettings never_opens() {
    core::BreakerSettings settings;
    settings.failure_threshold = 1'000'000;
    return settings;
}

void naive_breaker_failure(benchmark::State& state) {
    static NaiveBreaker breaker(never_opens());
    measure_naive(state, [](base::TimePoint now) {
        bool admitted = breaker.admit(now);
        benchmark::DoNotOptimize(admitted);
        breaker.record(false, now);
    });
}

void breaker_failure(benchmark::State& state) {
    static core::Breaker breaker(never_opens(), kStart, 1);
    measure(state, [](base::TimePoint now) {
        auto admission = breaker.admit(now);
        auto event = breaker.record(std::move(admission.permit), core::Outcome::failure, now);
        benchmark::DoNotOptimize(event);
    });
}
TENON_BENCH_PAIR(breaker_failure);

/// After the failures that open it, it is asked again and again.
void naive_breaker_open(benchmark::State& state) {
    static NaiveBreaker breaker({});
    for (int i = 0; i < 5; ++i) breaker.record(false, kStart);
    measure_naive(state, [](base::TimePoint) {
        bool admitted = breaker.admit(kStart + 1s);
        benchmark::DoNotOptimize(admitted);
    });
}

void breaker_open(benchmark::State& state) {
    static core::Breaker breaker({}, kStart, 1);
    for (int i = 0; i < 5; ++i) {
        auto admission = breaker.admit(kStart);
        auto event = breaker.record(std::move(admission.permit), core::Outcome::failure, kStart);
        benchmark::DoNotOptimize(event);
    }
    measure(state, [](base::TimePoint) {
        auto admission = breaker.admit(kStart + 1s);
        benchmark::DoNotOptimize(admission.retry_after);
    });
}
TENON_BENCH_PAIR(breaker_open);
TENON_BENCH_PAIR_BY_TWO(breaker_open);

// --- Permits and pool: take and give back --------------------------------------------------------

void naive_permits(benchmark::State& state) {
    static NaivePermits permits(10);
    measure_naive(state, [](base::TimePoint) {
        permits.acquire();
        permits.release();
    });
}

void permits(benchmark::State& state) {
    static std::mutex mutex;
    static core::Permits permits({});
    measure(state, [](base::TimePoint now) {
        core::Ticket ticket = core::kNoTicket;
        {
            core::PermitActions actions;
            const std::lock_guard lock(mutex);
            ticket = permits.acquire(1, now + 30s, now, actions).permit;
        }
        core::PermitActions actions;
        const std::lock_guard lock(mutex);
        benchmark::DoNotOptimize(permits.release(ticket, now, actions));
    });
}
TENON_BENCH_PAIR(permits);

void naive_pool(benchmark::State& state) {
    static NaivePool pool(5);
    measure_naive(state, [](base::TimePoint now) {
        auto connection = pool.borrow();
        benchmark::DoNotOptimize(connection);
        pool.give_back(connection, now);
    });
}

core::Pool connected_pool(std::uint32_t connections) {
    core::PoolSettings settings;
    settings.max_connections = connections;
    core::Pool pool(settings, core::Random(1));
    core::PoolActions actions;
    pool.ready(kStart, actions);
    for (std::uint32_t i = 1; i <= connections; ++i) {
        actions.clear();
        benchmark::DoNotOptimize(pool.adopt(i, kStart, actions));
    }
    return pool;
}

void pool(benchmark::State& state) {
    static std::mutex mutex;
    static core::Pool pool = connected_pool(5);
    measure(state, [](base::TimePoint now) {
        core::Ticket lease = core::kNoTicket;
        {
            core::PoolActions actions;
            const std::lock_guard lock(mutex);
            auto acquired = pool.acquire(1, now + 30s, now, actions);
            benchmark::DoNotOptimize(acquired.handle);
            lease = acquired.lease;
        }
        core::PoolActions actions;
        const std::lock_guard lock(mutex);
        benchmark::DoNotOptimize(pool.release(lease, core::Disposition::reusable, now, actions));
    });
}
TENON_BENCH_PAIR(pool);

// --- Balancer: one of eight ----------------------------------------------------------------------

constexpr std::size_t kMembers = 8;

void naive_balancer(benchmark::State& state) {
    static NaiveBalancer balancer(kMembers);
    measure_naive(state, [](base::TimePoint) {
        auto member = balancer.pick();
        benchmark::DoNotOptimize(member);
        balancer.done(member, 100);
    });
}
BENCHMARK(naive_balancer)->Name("balancer/naive");

std::vector<core::Member> members() {
    std::vector<core::Member> members(kMembers);
    for (std::size_t i = 0; i < kMembers; ++i) {
        members[i].id = i + 1;
        members[i].capacity = 10;
        members[i].cost_ms = 100 + static_cast<double>(i);
    }
    return members;
}

/// The pick alone, from what is known of the members.
void balancer_pick(benchmark::State& state, core::BalancePolicy policy, std::size_t count) {
    core::Balancer balancer({.policy = policy}, kMembers);
    core::Random random(1);
    const auto known = members();
    measure(state, [&](base::TimePoint now) {
        auto pick = balancer.pick({known.data(), count}, {}, now, random);
        benchmark::DoNotOptimize(pick);
    });
}
BENCHMARK_CAPTURE(balancer_pick, ewma, core::BalancePolicy::peak_ewma, kMembers)
    ->Name("balancer/peak_ewma");
BENCHMARK_CAPTURE(balancer_pick, ewma_4, core::BalancePolicy::peak_ewma, 4)
    ->Name("balancer/peak_ewma_of_4");
BENCHMARK_CAPTURE(balancer_pick, least, core::BalancePolicy::least_in_flight, kMembers)
    ->Name("balancer/least_in_flight");
BENCHMARK_CAPTURE(balancer_pick, turns, core::BalancePolicy::round_robin, kMembers)
    ->Name("balancer/round_robin");
BENCHMARK_CAPTURE(balancer_pick, chance, core::BalancePolicy::weighted, kMembers)
    ->Name("balancer/weighted");

/// With all around it: reads every member's atomics, picks, counts the request and its end.
void balancer_whole(benchmark::State& state) {
    struct Provider {
        core::InFlight in_flight;
        core::PeakEwma cost;
    };
    static std::vector<Provider> providers(kMembers);
    core::Balancer balancer({}, kMembers);
    core::Random random(1);
    const core::EwmaSettings settings;
    auto known = members();
    measure(state, [&](base::TimePoint now) {
        for (std::size_t i = 0; i < kMembers; ++i) {
            known[i].in_flight = providers[i].in_flight.count();
            known[i].cost_ms = providers[i].cost.cost_ms(now, settings);
        }
        const auto pick = balancer.pick(known, {}, now, random);
        auto lease = providers[pick.index].in_flight.take();
        benchmark::DoNotOptimize(lease);
        providers[pick.index].cost.succeeded(100ms, now, settings);
    });
}
BENCHMARK(balancer_whole)->Name("balancer/peak_ewma_whole");

// --- Budget and statistics -----------------------------------------------------------------------

void naive_budget(benchmark::State& state) {
    static NaiveRetryBudget budget;
    measure_naive(state, [](base::TimePoint) { budget.on_success(); });
}

void budget(benchmark::State& state) {
    static core::RetryBudget budget({});
    measure(state, [](base::TimePoint) { budget.on_success(); });
}
TENON_BENCH_PAIR(budget);
TENON_BENCH_PAIR_BY_TWO(budget);

void naive_budget_spent(benchmark::State& state) {
    static NaiveRetryBudget budget;
    measure_naive(state, [](base::TimePoint) {
        budget.on_failure();
        bool granted = budget.try_retry();
        benchmark::DoNotOptimize(granted);
        for (int i = 0; i < 10; ++i) budget.on_success();
    });
}

/// A failure, whether to retry, and the ten successes that pay for it.
void budget_spent(benchmark::State& state) {
    static core::RetryBudget budget({});
    measure(state, [](base::TimePoint now) {
        budget.on_failure();
        bool granted = budget.try_retry(now);
        benchmark::DoNotOptimize(granted);
        for (int i = 0; i < 10; ++i) budget.on_success();
    });
}
TENON_BENCH_PAIR(budget_spent);

void naive_histogram(benchmark::State& state) {
    static NaiveHistogram histogram;
    measure_naive(state, [](base::TimePoint now) {
        histogram.record(std::chrono::duration<double>((now - kStart) % 2s).count());
    });
}

void histogram(benchmark::State& state) {
    static core::Histogram histogram;
    measure(state, [](base::TimePoint now) { histogram.record((now - kStart) % 2s); });
}
TENON_BENCH_PAIR(histogram);
TENON_BENCH_PAIR_BY_TWO(histogram);

void naive_counters(benchmark::State& state) {
    static NaiveCounters counters;
    measure_naive(state, [](base::TimePoint) {
        counters.start();
        counters.succeeded();
    });
}

void counters(benchmark::State& state) {
    static core::CallCounters counters;
    measure(state, [](base::TimePoint) {
        counters.start();
        counters.end(core::Ending::succeeded);
    });
}
TENON_BENCH_PAIR(counters);
TENON_BENCH_PAIR_BY_TWO(counters);

}  // namespace
}  // namespace tenon::bench
