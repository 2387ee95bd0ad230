// Many threads, few connections: who waits for how long? docs/benchmarks.md.
//
//     tenon_fairness [SECONDS] [THREADS] [CONNECTIONS]

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <numeric>
#include <semaphore>
#include <thread>
#include <vector>

#include "core/pool.hpp"
#include "core/random.hpp"
#include "naive_pool.hpp"

namespace tenon::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kHold = 1ms;

struct Load {
    int seconds = 5;
    int threads = 200;
    int connections = 5;
};

/// One thread's part.
struct Share {
    std::vector<double> waits_ms;
};

/// core::Pool behind a mutex; each waiter sleeps on a semaphore of its own.
class FairPool {
public:
    FairPool(std::uint32_t connections, std::uint32_t waiters)
        : pool_(settings(connections, waiters), core::Random(1)) {
        core::PoolActions actions;
        pool_.ready(Clock::now(), actions);
        for (std::uint32_t i = 1; i <= connections; ++i) {
            if (pool_.adopt(i, Clock::now(), actions) == core::kNoConn) std::abort();
        }
    }

    core::Ticket borrow() {
        Waiter waiter;
        core::PoolActions actions;
        core::Pool::Acquired acquired{};
        {
            const std::lock_guard lock(mutex_);
            const auto now = Clock::now();
            const auto tag = reinterpret_cast<core::WaiterTag>(&waiter);
            acquired = pool_.acquire(tag, now + 1min, now, actions);
        }
        if (acquired.outcome == core::Pool::Outcome::rejected) std::abort();
        if (acquired.outcome == core::Pool::Outcome::queued) waiter.delivered.acquire();
        return acquired.lease;
    }

    void give_back(core::Ticket lease) {
        core::PoolActions actions;
        {
            const std::lock_guard lock(mutex_);
            pool_.release(lease, core::Disposition::reusable, Clock::now(), actions);
        }
        for (const core::PoolAction& action : actions) {
            if (action.kind != core::PoolAction::Kind::deliver) continue;
            reinterpret_cast<Waiter*>(action.tag)->delivered.release();
        }
    }

private:
    struct Waiter {
        std::binary_semaphore delivered{0};
    };

    static core::PoolSettings settings(std::uint32_t connections, std::uint32_t waiters) {
        core::PoolSettings settings;
        settings.max_connections = connections;
        settings.max_waiting = waiters;
        settings.acquire_timeout = 60s;
        return settings;
    }

    std::mutex mutex_;
    core::Pool pool_;
};

template <class Pool, class GiveBack>
std::vector<Share> run(const Load& load, Pool& pool, const GiveBack& give_back) {
    std::vector<Share> shares(static_cast<std::size_t>(load.threads));
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (Share& share : shares) {
        threads.emplace_back([&] {
            while (!stop.load(std::memory_order_relaxed)) {
                const auto asked = Clock::now();
                const auto lease = pool.borrow();
                const std::chrono::duration<double, std::milli> waited = Clock::now() - asked;
                share.waits_ms.push_back(waited.count());
                std::this_thread::sleep_for(kHold);
                give_back(pool, lease);
            }
        });
    }
    std::this_thread::sleep_for(std::chrono::seconds(load.seconds));
    stop = true;
    for (auto& thread : threads) thread.join();
    return shares;
}

void print(const char* name, const Load& load, const std::vector<Share>& shares) {
    double sum = 0;
    double squares = 0;
    std::vector<double> waits;
    for (const Share& share : shares) {
        const auto ops = static_cast<double>(share.waits_ms.size());
        sum += ops;
        squares += ops * ops;
        waits.insert(waits.end(), share.waits_ms.begin(), share.waits_ms.end());
    }
    std::sort(waits.begin(), waits.end());
    const double mean =
        std::accumulate(waits.begin(), waits.end(), 0.0) / static_cast<double>(waits.size());
    const double p99 = waits[waits.size() * 99 / 100];
    std::printf("%-8s %8.0f %8.3f %10.1f %10.1f %10.1f %9.1f %9.1f\n", name, sum / load.seconds,
                sum * sum / (static_cast<double>(shares.size()) * squares), mean, p99, waits.back(),
                p99 / mean, waits.back() / mean);
}

int number(int argc, char** argv, int index, int otherwise) {
    const int value = index < argc ? std::atoi(argv[index]) : otherwise;
    return value > 0 ? value : otherwise;
}

}  // namespace
}  // namespace tenon::bench

int main(int argc, char** argv) {
    using namespace tenon::bench;
    Load load;
    load.seconds = number(argc, argv, 1, load.seconds);
    load.threads = number(argc, argv, 2, load.threads);
    load.connections = number(argc, argv, 3, load.connections);
    std::printf("%d threads, %d connections, each held for 1 ms, %d s\n\n", load.threads,
                load.connections, load.seconds);
    std::printf("%-8s %8s %8s %10s %10s %10s %9s %9s\n", "", "ops/s", "Jain", "mean ms", "p99 ms",
                "max ms", "p99/mean", "max/mean");

    NaivePool naive(static_cast<std::size_t>(load.connections));
    print("naive", load, run(load, naive, [](NaivePool& pool, NaivePool::Connection connection) {
              pool.give_back(connection, Clock::now());
          }));
    FairPool fair(static_cast<std::uint32_t>(load.connections),
                  static_cast<std::uint32_t>(load.threads));
    print("tenon", load, run(load, fair, [](FairPool& pool, tenon::core::Ticket lease) {
              pool.give_back(lease);
          }));
    return 0;
}
