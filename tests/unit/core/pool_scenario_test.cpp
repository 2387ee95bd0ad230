#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <vector>

#include "pool_fixture.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Kind = PoolAction::Kind;

/// A pool among borrowers, in virtual time: does what the actions say, and ticks when it is told.
class Scenario {
public:
    explicit Scenario(const PoolSettings& settings) : pool_(settings, Random(5)) {
        pool_.ready(at(0ms), actions_);
        execute();
    }

    /// How a dial that begins at `start` ends: after how long, and whether well.
    std::function<std::pair<base::Duration, bool>(base::Duration start)> dial = [](base::Duration) {
        return std::pair(base::Duration(1ms), true);
    };
    /// How long a call lasts.
    std::function<base::Duration()> hold = [] { return base::Duration(1ms); };
    /// A borrower got a connection, or not, `waited` after it had asked.
    std::function<void(WaiterTag, bool served, base::Duration waited)> ended;
    /// A borrower has given its connection back.
    std::function<void(WaiterTag)> returned = [](WaiterTag) {};

    void at_time(base::Duration time, std::function<void()> event) {
        events_.emplace(time, std::move(event));
    }

    void ask(WaiterTag tag) {
        actions_.clear();
        const auto acquired = pool_.acquire(tag, base::kNoDeadline, at(now), actions_);
        execute();
        if (acquired.outcome == Pool::Outcome::granted) use(tag, acquired.lease, 0ms);
        if (acquired.outcome == Pool::Outcome::rejected) ended(tag, false, 0ms);
    }

    void run_until(base::Duration end) {
        for (;;) {
            const auto tick = pool_.next_tick() - at(0ms);
            const auto next = events_.empty() ? end : std::min(end, events_.begin()->first);
            if (tick < next) {
                now = tick;
                actions_.clear();
                pool_.tick(at(now), actions_);
                execute();
            } else if (next >= end) {
                now = end;
                return;
            } else {
                now = next;
                const auto event = std::move(events_.extract(events_.begin()).mapped());
                event();
            }
        }
    }

    [[nodiscard]] const Pool& pool() const { return pool_; }

    base::Duration now = 0ms;
    int dials = 0;

private:
    void use(WaiterTag tag, Ticket lease, base::Duration waited) {
        ended(tag, true, waited);
        at_time(now + hold(), [this, tag, lease] {
            actions_.clear();
            pool_.release(lease, Disposition::reusable, at(now), actions_);
            execute();
            returned(tag);
        });
    }

    void begin_dial(ConnId conn) {
        ++dials;
        const auto [takes, succeeds] = dial(now);
        at_time(now + takes, [this, conn, well = succeeds] {
            actions_.clear();
            if (well) {
                pool_.dial_succeeded(conn, 0, at(now), actions_);
            } else {
                pool_.dial_failed(conn, Error(Code::deadline, "No answer."), at(now), actions_);
            }
            execute();
        });
    }

    void execute() {
        const std::vector<PoolAction> todo(actions_.begin(), actions_.end());
        for (const auto& action : todo) {
            if (action.kind == Kind::dial) begin_dial(action.conn);
            if (action.kind == Kind::deliver) use(action.tag, action.lease, action.waited);
            if (action.kind == Kind::fail) ended(action.tag, false, action.waited);
        }
    }

    Pool pool_;
    PoolActions actions_;
    std::multimap<base::Duration, std::function<void()>> events_;
};

BOOST_AUTO_TEST_SUITE(pool_scenario)

// P4, D3, D6: the numbers of mongo-ruby's report.
BOOST_AUTO_TEST_CASE(two_hundred_borrowers_of_five_connections_are_served_alike) {
    constexpr std::size_t kBorrowers = 200;
    PoolSettings settings;
    settings.max_waiting = kBorrowers;
    Scenario scenario(settings);
    Random random(1);
    scenario.hold = [&] {
        return base::Duration(500us) + std::chrono::microseconds(random.below(1000));
    };
    std::vector<double> served(kBorrowers);
    std::vector<double> waits;
    scenario.ended = [&](WaiterTag tag, bool well, base::Duration waited) {
        BOOST_TEST_REQUIRE(well);
        ++served[tag];
        waits.push_back(static_cast<double>(waited.count()));
    };
    scenario.returned = [&](WaiterTag tag) { scenario.ask(tag); };
    for (WaiterTag tag = 0; tag < kBorrowers; ++tag) scenario.ask(tag);
    scenario.run_until(5s);

    const double sum = std::accumulate(served.begin(), served.end(), 0.0);
    const double squares = std::inner_product(served.begin(), served.end(), served.begin(), 0.0);
    BOOST_TEST(sum > 20'000);
    BOOST_TEST(sum * sum / (kBorrowers * squares) >= 0.99);  // Jain's index
    std::sort(waits.begin(), waits.end());
    const double mean = std::accumulate(waits.begin(), waits.end(), 0.0) / sum;
    BOOST_TEST(waits[waits.size() * 99 / 100] <= 3 * mean);
    BOOST_TEST(waits.back() <= 5 * mean);
}

// P6: HikariCP's spike: 50 requests, one connection, dials of 150 ms, calls of 2 ms.
BOOST_AUTO_TEST_CASE(a_spike_is_over_before_the_first_dial_and_leaves_few_connections) {
    PoolSettings settings;
    settings.max_connections = 50;
    settings.min_idle = 1;
    Scenario scenario(settings);
    scenario.run_until(10ms);
    scenario.dial = [](base::Duration) { return std::pair(base::Duration(150ms), true); };
    scenario.hold = [] { return base::Duration(2ms); };
    int served = 0;
    base::Duration last = 0ms;
    scenario.ended = [&](WaiterTag, bool well, base::Duration) { served += well ? 1 : 0; };
    scenario.returned = [&](WaiterTag) { last = scenario.now; };
    for (WaiterTag tag = 0; tag < 50; ++tag) scenario.ask(tag);
    scenario.run_until(1s);
    BOOST_TEST(served == 50);
    BOOST_TEST((last == 10ms + 50 * 2ms));
    BOOST_TEST(scenario.pool().report().total() <= 3U);
    BOOST_TEST(scenario.dials == 3);
}

// P12: HikariCP's DbDownTest.
BOOST_AUTO_TEST_CASE(a_black_hole_costs_each_borrower_its_timeout_and_ends_with_the_next_dial) {
    Scenario scenario(PoolSettings{});
    scenario.dial = [](base::Duration start) {
        return start < 300s ? std::pair(base::Duration(10s), false)
                            : std::pair(base::Duration(50ms), true);
    };
    base::Duration first_served = base::Duration::max();
    int ended = 0;
    scenario.ended = [&](WaiterTag, bool served, base::Duration waited) {
        ++ended;
        BOOST_TEST((waited <= 5s));
        if (served) first_served = std::min(first_served, scenario.now);
    };
    constexpr int kBorrowers = 200;
    for (WaiterTag tag = 0; tag < kBorrowers; ++tag) {
        scenario.at_time(tag * 2s, [&scenario, tag] { scenario.ask(tag); });
    }
    scenario.run_until(500s);
    BOOST_TEST(ended == kBorrowers);
    // Two dials were under way when it came back; the next one after them succeeds.
    BOOST_TEST((first_served >= 300s));
    BOOST_TEST((first_served <= 300s + 10s + 50ms));
}

// The provider refuses at once: no storm of dials, and back in service soon after it returns.
BOOST_AUTO_TEST_CASE(a_provider_that_refuses_is_dialled_at_growing_distances) {
    Scenario scenario(PoolSettings{});
    scenario.dial = [](base::Duration start) {
        return std::pair(base::Duration(1ms), start >= 60s);
    };
    int served = 0;
    base::Duration first_served = base::Duration::max();
    scenario.ended = [&](WaiterTag, bool well, base::Duration) {
        served += well ? 1 : 0;
        if (well) first_served = std::min(first_served, scenario.now);
    };
    for (WaiterTag tag = 0; tag < 700; ++tag) {
        scenario.at_time(tag * 100ms, [&scenario, tag] { scenario.ask(tag); });
    }
    scenario.run_until(59s);
    BOOST_TEST(scenario.dials < 2 * (9 + 59 / 4 + 1));  // 5 s * 0.8 apart after nine steps
    scenario.run_until(100s);
    BOOST_TEST((first_served <= 60s + 6s + 1ms));
    BOOST_TEST(served > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
