#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <barrier>
#include <memory>
#include <thread>

#include "breaker_support.hpp"
#include "core/random.hpp"

namespace tenon::core {
namespace {

using namespace breaker_tests;

/// Runs `work(index)` on `count` threads that begin together.
template <class Work>
void together(int count, Work work) {
    std::barrier start(count);
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
            start.arrive_and_wait();
            work(i);
        });
    }
    for (auto& thread : threads) thread.join();
}

BOOST_AUTO_TEST_SUITE(breaker_threads)

// B1
BOOST_AUTO_TEST_CASE(sixty_four_failures_at_once_open_it_exactly_once) {
    for (int round = 0; round < 20; ++round) {
        Breaker breaker(exact(), kStart, 1);
        std::atomic<int> events{0};
        std::array<BreakerPermit, 64> permits;
        for (auto& permit : permits) permit = breaker.admit(kStart).permit;
        together(64, [&](int i) {
            // Half of the threads are already in the next bucket.
            const auto now = at(milliseconds(i % 2 == 0 ? 4'999 : 5'001));
            const auto event =
                breaker.record(std::move(permits.at(std::size_t(i))), Outcome::failure, now);
            if (event) events += event->sequence == 2 ? 1 : 100;
        });
        BOOST_TEST_REQUIRE(events == 1);
        const auto look = breaker.snapshot(kStart);
        BOOST_TEST_REQUIRE(look.state == BreakerState::open);
        BOOST_TEST_REQUIRE(look.trips == 1U);
    }
}

// B1: the last of five must see the other four, whichever bucket they are in.
BOOST_AUTO_TEST_CASE(five_failures_at_once_always_open_it) {
    for (int round = 0; round < 200; ++round) {
        Breaker breaker(exact(), kStart, 1);
        std::array<BreakerPermit, 5> permits;
        for (auto& permit : permits) permit = breaker.admit(kStart).permit;
        together(5, [&](int i) {
            const auto now = at(i * 5 * kSecond);
            (void)breaker.record(std::move(permits.at(std::size_t(i))), Outcome::failure, now);
        });
        BOOST_TEST_REQUIRE(breaker.snapshot(kStart).state == BreakerState::open);
    }
}

// B4
BOOST_AUTO_TEST_CASE(of_many_admissions_at_the_end_of_recovery_exactly_one_is_a_probe) {
    for (int round = 0; round < 200; ++round) {
        Subject subject;
        subject.trip();
        const auto now = at(30 * kSecond);
        std::atomic<int> probes{0};
        std::atomic<int> events{0};
        std::atomic<int> bad{0};
        together(8, [&](int) {
            const Admission admission = subject.breaker.admit(now);
            if (admission.event) ++events;
            if (admission.permit.is_probe()) ++probes;
            if (!admission && admission.retry_after <= base::Duration::zero()) ++bad;
        });
        BOOST_TEST_REQUIRE(probes == 1);
        BOOST_TEST_REQUIRE(events == 1);
        BOOST_TEST_REQUIRE(bad == 0);
    }
}

BOOST_AUTO_TEST_CASE(of_many_that_notice_an_expired_lease_exactly_one_opens) {
    for (int round = 0; round < 200; ++round) {
        Subject subject;
        const auto lost = subject.probe();
        const auto now = subject.now + seconds(35);
        std::atomic<int> events{0};
        std::atomic<int> admitted{0};
        together(8, [&](int i) {
            if (i % 2 == 0) {
                if (subject.breaker.tick(now)) ++events;
                return;
            }
            const Admission admission = subject.breaker.admit(now);
            if (admission.event) ++events;
            if (admission) ++admitted;
        });
        BOOST_TEST_REQUIRE(events == 1);
        BOOST_TEST_REQUIRE(admitted == 0);
        BOOST_TEST_REQUIRE(lost.is_probe());
    }
}

/// Threads that do everything at once, at a clock that runs on while they do.
class Storm {
public:
    static constexpr int kThreads = 6;
    static constexpr int kCalls = 6'000;

    Storm() : breaker_(settings(), kStart, 5) {}

    void run() {
        together(kThreads + 1, [this](int i) {
            if (i == kThreads) return watch();
            work(static_cast<std::uint64_t>(i));
            --working_;
        });
        check_events();
        BOOST_TEST(too_many_probes_ == 0);
        BOOST_TEST(odd_snapshots_ == 0);
    }

private:
    static BreakerSettings settings() {
        BreakerSettings settings = exact();
        settings.recovery = milliseconds(20);
        settings.attempt_timeout = milliseconds(30);
        settings.lease_grace = milliseconds(10);
        settings.probes = 2;
        settings.successes_to_close = 2;
        return settings;
    }

    base::TimePoint now() { return at(milliseconds(clock_.fetch_add(1) / 8)); }

    void work(std::uint64_t index) {
        Random random(index);
        auto& events = events_.at(index);
        const auto note = [&](const std::optional<BreakerEvent>& event) {
            if (event) events.push_back(*event);
        };
        for (int i = 0; i < kCalls; ++i) {
            if (random.below(400) == 0) note(breaker_.reset(now()));
            if (random.below(50) == 0) note(breaker_.tick(now()));
            Admission admission = breaker_.admit(now());
            note(admission.event);
            if (!admission) continue;
            // Each generation's probes, which begin and end within it.
            auto& probes = probes_.at(admission.permit.generation() % probes_.size());
            const bool probe = admission.permit.is_probe();
            if (probe && probes.fetch_add(1) >= 2) ++too_many_probes_;
            const auto outcome = static_cast<Outcome>(random.below(3));
            const bool lost = probe && random.below(8) == 0;
            if (lost) continue;
            if (random.below(4) == 0) std::this_thread::yield();
            if (probe) probes.fetch_sub(1);
            note(breaker_.record(std::move(admission.permit), outcome, now()));
        }
    }

    // B18
    void watch() {
        std::uint64_t generation = 0;
        while (working_ > 0) {
            const auto before = now();
            const BreakerSnapshot look = breaker_.snapshot(before);
            const auto passed = now() - before;  // it may have opened after `before`
            const bool open = look.state == BreakerState::open;
            const bool half_open = look.state == BreakerState::half_open;
            const bool odd = look.generation < generation || (open && look.reopens > 255) ||
                             (open && look.retry_after > milliseconds(20) + passed) ||
                             (!half_open && look.probe_successes != 0) ||
                             look.probes_in_flight > (half_open ? 2 : 0) ||
                             (!half_open && !open && look.retry_after.count() != 0) ||
                             ((half_open || open) && look.counts.total() != 0);
            if (odd) ++odd_snapshots_;
            generation = look.generation;
        }
    }

    /// Every change was told exactly once, and each begins where the one before ended.
    void check_events() {
        std::vector<BreakerEvent> all;
        for (const auto& events : events_) all.insert(all.end(), events.begin(), events.end());
        std::sort(all.begin(), all.end(),
                  [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
        BOOST_TEST_REQUIRE(all.size() > 50U);
        BreakerState state = BreakerState::closed;
        std::uint64_t sequence = 1;
        for (const BreakerEvent& event : all) {
            BOOST_TEST_REQUIRE(event.sequence == ++sequence);
            BOOST_TEST_REQUIRE(event.from == state);
            state = event.to;
        }
        const auto look = breaker_.snapshot(now());
        BOOST_TEST(look.generation == sequence);
        BOOST_TEST(look.state == state);
    }

    Breaker breaker_;
    std::atomic<std::int64_t> clock_{0};
    std::atomic<int> working_{kThreads};
    std::atomic<int> too_many_probes_{0};
    std::atomic<int> odd_snapshots_{0};
    std::array<std::vector<BreakerEvent>, kThreads> events_;
    std::array<std::atomic<int>, 65'536> probes_{};
};

BOOST_AUTO_TEST_CASE(in_a_storm_every_change_is_told_once_and_probes_stay_within_their_number) {
    std::make_unique<Storm>()->run();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
