#include "core/job_queue.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "virtual_time.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;

JobQueueSettings settings(std::uint32_t concurrency = 1) {
    JobQueueSettings settings;
    settings.concurrency = concurrency;
    settings.backoff.jitter = Jitter::none;
    return settings;
}

const TryReport kOver{TryEnd::over};
const TryReport kFailed{TryEnd::failed};
const TryReport kNobody{TryEnd::nobody};
const TryReport kCancelled{TryEnd::cancelled};

struct Queue : JobQueue {
    explicit Queue(const JobQueueSettings& settings) : JobQueue(settings, 1) {}
    explicit Queue(std::uint32_t concurrency = 1) : Queue(settings(concurrency)) {}

    /// The jobs that start now, each of which ends at once.
    std::vector<Key> run_all(base::TimePoint now, const TryReport& end = kOver) {
        std::vector<Key> started;
        while (const auto key = next(now)) {
            started.push_back(*key);
            static_cast<void>(finished(*key, end, now));
        }
        return started;
    }
};

Error host_refuses(Code code) {
    Error error(code, "nobody can be asked");
    error.scope = Scope::request;
    error.retryable = true;
    error.not_sent = true;
    return error;
}

BOOST_AUTO_TEST_SUITE(job_queue)

BOOST_AUTO_TEST_CASE(higher_priorities_go_first_and_equals_in_the_order_of_arrival) {
    Queue queue;
    const auto a = queue.add(0, "x");
    const auto b = queue.add(5, "y");
    const auto c = queue.add(0, "y");
    const auto d = queue.add(5, "x");
    const auto e = queue.add(-3, "z");
    BOOST_TEST(queue.run_all(at(0s)) == (std::vector{b, d, a, c, e}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_more_run_at_once_than_are_allowed) {
    Queue queue(2);
    for (int i = 0; i < 3; ++i) queue.add(0, "x");
    const auto first = queue.next(at(0s));
    BOOST_TEST(first.has_value());
    BOOST_TEST(queue.next(at(0s)).has_value());
    BOOST_TEST(!queue.next(at(0s)).has_value());
    BOOST_TEST((queue.next_look() == base::kNoDeadline));
    BOOST_TEST(queue.finished(*first, kOver, at(0s)));
    BOOST_TEST(queue.next(at(0s)).has_value());
}

BOOST_AUTO_TEST_CASE(a_failed_try_is_repeated_after_a_growing_pause_until_there_were_enough) {
    Queue queue;
    const auto key = queue.add(0, "x");
    BOOST_TEST((queue.next(at(0s)) == key));
    BOOST_TEST(!queue.finished(key, kFailed, at(0s)));
    BOOST_TEST(queue.counts().delayed == 1u);
    BOOST_TEST((queue.next_look() == at(1s)));
    BOOST_TEST(!queue.next(at(999ms)).has_value());
    BOOST_TEST((queue.next(at(1s)) == key));
    BOOST_TEST(!queue.finished(key, kFailed, at(1s)));
    BOOST_TEST((queue.next_look() == at(3s)));
    BOOST_TEST((queue.next(at(3s)) == key));
    BOOST_TEST(queue.tries(key) == 3u);
    BOOST_TEST(queue.finished(key, kFailed, at(3s)));
    BOOST_TEST(queue.counts().waiting() == 0u);
}

BOOST_AUTO_TEST_CASE(a_provider_that_says_when_to_come_back_is_heeded) {
    Queue queue;
    const auto key = queue.add(0, "x");
    BOOST_TEST((queue.next(at(0s)) == key));
    BOOST_TEST(!queue.finished(key, {TryEnd::failed, Pressure::throttled, 600s}, at(0s)));
    BOOST_TEST((queue.next_look() == at(600s)));
}

BOOST_AUTO_TEST_CASE(a_job_that_waits_for_its_next_try_lets_others_pass) {
    Queue queue;
    const auto first = queue.add(0, "x");
    const auto second = queue.add(0, "x");
    BOOST_TEST((queue.next(at(0s)) == first));
    BOOST_TEST(!queue.finished(first, kFailed, at(0s)));
    BOOST_TEST((queue.next(at(0s)) == second));
}

BOOST_AUTO_TEST_CASE(while_nobody_can_be_asked_no_job_is_used_up) {
    Queue queue(4);
    std::vector<JobQueue::Key> keys;
    for (int i = 0; i < 10; ++i) keys.push_back(queue.add(0, "x"));
    base::TimePoint now = at(0s);
    std::size_t starts = 0;
    while (now < at(3600s)) {
        starts += queue.run_all(now, kNobody).size();
        BOOST_REQUIRE((queue.next_look() > now));
        now = queue.next_look();
    }
    BOOST_TEST(starts < 200u);  // one each 30 s, after shorter pauses
    BOOST_TEST(queue.counts().held == 10u);
    BOOST_TEST(queue.tries(keys.front()) == 0u);
    // The order is as it was.
    BOOST_TEST(queue.run_all(now) == keys, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_job_goes_ahead_and_the_others_follow_when_it_was_answered) {
    Queue queue(3);
    for (int i = 0; i < 4; ++i) queue.add(0, "x");
    const auto first = queue.next(at(0s));
    BOOST_TEST(!queue.finished(*first, kNobody, at(0s)));
    BOOST_TEST(!queue.next(at(999ms)).has_value());
    BOOST_TEST((queue.next(at(1s)) == first));
    BOOST_TEST(!queue.next(at(1s)).has_value());
    BOOST_TEST(queue.counts().held == 3u);
    BOOST_TEST(queue.finished(*first, kOver, at(1s)));
    BOOST_TEST(queue.run_all(at(1s)).size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_trial_that_fails_costs_no_try_and_another_job_goes_ahead_next) {
    Queue queue(3);
    const auto a = queue.add(0, "x");
    const auto b = queue.add(0, "x");
    BOOST_TEST((queue.next(at(0s)) == a));
    BOOST_TEST(!queue.finished(a, kNobody, at(0s)));
    BOOST_TEST((queue.next(at(1s)) == a));
    BOOST_TEST(!queue.finished(a, kFailed, at(1s)));
    BOOST_TEST(queue.tries(a) == 0u);
    BOOST_TEST(!queue.next(at(1s)).has_value());
    BOOST_TEST((queue.next(at(3s)) == b));
}

BOOST_AUTO_TEST_CASE(a_job_that_fails_whenever_it_goes_ahead_is_over_some_time) {
    auto with = settings();
    with.max_tries = 2;
    with.longest_put_off = 5min;
    Queue queue(with);
    const auto poison = queue.add(0, "x");
    BOOST_TEST(queue.run_all(at(0s), kNobody).size() == 1u);
    base::TimePoint now = at(0s);
    bool over = false;
    while (!over) {
        now = std::max(now, queue.next_look());
        BOOST_REQUIRE((now < at(10min)));
        const auto key = queue.next(now);
        BOOST_REQUIRE((key == poison));
        over = queue.finished(poison, kFailed, now);
        BOOST_TEST((now >= at(5min) || !over));
    }
    BOOST_TEST(queue.counts().waiting() == 0u);
    // Whose trouble it was: the lane is as good as new.
    const auto next = queue.add(0, "x");
    BOOST_TEST((queue.next(now) == next));
}

BOOST_AUTO_TEST_CASE(the_others_stay_when_one_has_been_put_off_for_too_long) {
    auto with = settings();
    with.max_tries = 1;
    with.longest_put_off = 1min;
    Queue queue(with);
    const auto poison = queue.add(9, "x");  // always the first to go ahead
    const auto good = queue.add(0, "x");
    BOOST_TEST(queue.run_all(at(0s), kNobody).size() == 1u);
    base::TimePoint now = at(0s);
    for (bool over = false; !over;) {
        now = std::max(now, queue.next_look());
        BOOST_REQUIRE((now < at(5min)));
        BOOST_REQUIRE((queue.next(now) == poison));
        over = queue.finished(poison, kFailed, now);
    }
    BOOST_TEST(queue.counts().held == 1u);
    BOOST_TEST(!queue.next(now).has_value());  // it waits for the next look as before
    now = queue.next_look();
    BOOST_TEST((queue.next(now) == good));
    BOOST_TEST(queue.finished(good, kOver, now));
}

BOOST_AUTO_TEST_CASE(news_opens_a_closed_lane_early_but_not_in_a_tight_circle) {
    Queue queue;
    const auto key = queue.add(0, "x");
    BOOST_TEST((queue.next(at(0s)) == key));
    BOOST_TEST(!queue.finished(key, {TryEnd::nobody, Pressure::transient, 25s}, at(0s)));
    BOOST_TEST((queue.next_look() == at(25s)));
    queue.providers_changed(at(10ms));
    BOOST_TEST((queue.next_look() == at(100ms)));
    BOOST_TEST(!queue.next(at(99ms)).has_value());
    BOOST_TEST((queue.next(at(100ms)) == key));
}

BOOST_AUTO_TEST_CASE(a_closed_lane_holds_up_no_other) {
    Queue queue;
    const auto first = queue.add(9, "sick");
    const auto second = queue.add(0, "well");
    BOOST_TEST((queue.next(at(0s)) == first));
    BOOST_TEST(!queue.finished(first, kNobody, at(0s)));
    BOOST_TEST((queue.next(at(0s)) == second));
}

BOOST_AUTO_TEST_CASE(when_patience_is_over_all_that_wait_fail_at_once) {
    auto with = settings(2);
    with.patience = 5min;
    Queue queue(with);
    for (int i = 0; i < 100; ++i) queue.add(0, "x");
    base::TimePoint now = at(0s);
    while (queue.counts().waiting() == 100) {
        queue.run_all(now, kNobody);
        BOOST_REQUIRE((now < at(10min)));
        now = std::max(now, queue.next_look());
    }
    BOOST_TEST(queue.counts().waiting() == 0u);
    BOOST_TEST((now >= at(5min)));
}

BOOST_AUTO_TEST_CASE(a_cancelled_trial_opens_nothing_and_the_next_job_goes_ahead) {
    Queue queue(3);
    const auto a = queue.add(0, "x");
    const auto b = queue.add(0, "x");
    queue.add(0, "x");
    BOOST_TEST((queue.next(at(0s)) == a));
    BOOST_TEST(!queue.finished(a, kNobody, at(0s)));
    BOOST_TEST((queue.next(at(1s)) == a));
    BOOST_TEST(queue.finished(a, kCancelled, at(1s)));
    BOOST_TEST((queue.next(at(1s)) == b));
    BOOST_TEST(!queue.next(at(1s)).has_value());
    BOOST_TEST(queue.counts().held == 1u);
}

BOOST_AUTO_TEST_CASE(a_job_that_is_cancelled_does_not_renew_the_patience_of_the_others) {
    auto with = settings(2);
    with.patience = 5min;
    Queue queue(with);
    const auto a = queue.add(0, "x");
    const auto b = queue.add(0, "x");
    BOOST_TEST((queue.next(at(0s)) == a));
    BOOST_TEST((queue.next(at(0s)) == b));
    BOOST_TEST(!queue.finished(a, kNobody, at(0s)));
    BOOST_TEST(queue.finished(b, kCancelled, at(1s)));
    BOOST_TEST((queue.next(at(5min)) == a));
    BOOST_TEST(queue.finished(a, kNobody, at(5min)));
}

BOOST_AUTO_TEST_CASE(without_patience_nobody_waits) {
    auto with = settings();
    with.patience = 0ms;
    Queue queue(with);
    queue.add(0, "x");
    queue.add(0, "x");
    BOOST_TEST(queue.run_all(at(0s), kNobody).size() == 2u);
    BOOST_TEST(queue.counts().waiting() == 0u);
}

BOOST_AUTO_TEST_CASE(what_waits_can_be_taken_out_whatever_it_waits_for) {
    Queue queue(8);
    const auto delayed = queue.add(0, "x");
    const auto held = queue.add(0, "y");
    BOOST_TEST((queue.next(at(0s)) == delayed));
    BOOST_TEST((queue.next(at(0s)) == held));
    BOOST_TEST(!queue.finished(delayed, kFailed, at(0s)));
    BOOST_TEST(!queue.finished(held, kNobody, at(0s)));
    const auto ready = queue.add(0, "z");
    const auto running = queue.add(9, "z");
    BOOST_TEST((queue.next(at(0s)) == running));
    BOOST_TEST(!queue.remove(running));
    for (const auto key : {delayed, held, ready}) {
        BOOST_TEST(queue.remove(key));
        BOOST_TEST(!queue.remove(key));
    }
    BOOST_TEST(queue.counts().waiting() == 0u);
    BOOST_TEST(queue.run_all(at(1h)).empty());
}

BOOST_AUTO_TEST_CASE(a_pause_starts_nothing_and_says_that_there_is_nothing_to_look_for) {
    Queue queue;
    queue.add(0, "x");
    queue.set_paused(true);
    BOOST_TEST(!queue.next(at(0s)).has_value());
    BOOST_TEST((queue.next_look() == base::kNoDeadline));
    queue.set_paused(false);
    BOOST_TEST(queue.next(at(0s)).has_value());
}

BOOST_AUTO_TEST_CASE(errors_are_told_apart_by_whether_anything_was_sent_and_may_pass) {
    BOOST_TEST((report_of(host_refuses(Code::unavailable)).end == TryEnd::nobody));
    BOOST_TEST((report_of(host_refuses(Code::overloaded)).end == TryEnd::nobody));
    Error never = host_refuses(Code::unavailable);
    never.retryable = false;  // misconfigured, disabled
    BOOST_TEST((report_of(never).end == TryEnd::over));
    BOOST_TEST((report_of(Error(Code::unavailable, "503")).end == TryEnd::failed));
    BOOST_TEST((report_of(Error(Code::deadline, "late")).end == TryEnd::failed));
    BOOST_TEST((report_of(Error(Code::invalid, "bad")).end == TryEnd::over));
    BOOST_TEST((report_of(Error(Code::cancelled, "by the caller")).end == TryEnd::cancelled));
    Error throttled(Code::throttled, "429");
    throttled.retry_after_ms = 1'500;
    BOOST_TEST((report_of(throttled).pressure == Pressure::throttled));
    BOOST_TEST((report_of(throttled).hint == 1'500ms));
}

/// Random jobs, ends and moments: every job ends once, nothing is left, no lane is forgotten.
BOOST_AUTO_TEST_CASE(whatever_happens_every_job_is_over_once) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        Queue queue(static_cast<std::uint32_t>(1 + random.below(4)));
        base::TimePoint now = at(0s);
        std::vector<JobQueue::Key> running;
        std::size_t added = 0;
        std::size_t over = 0;
        std::vector<JobQueue::Key> all;
        for (int step = 0; step < 600; ++step) {
            const auto what = random.below(10);
            if (what < 2 && step < 300) {
                all.push_back(queue.add(static_cast<int>(random.below(3)),
                                        std::string(1, static_cast<char>('a' + random.below(3)))));
                ++added;
            } else if (what < 5) {
                if (const auto key = queue.next(now)) running.push_back(*key);
            } else if (what < 8 && !running.empty()) {
                const std::size_t i = random.below(running.size());
                const TryReport ends[] = {kOver, kFailed, kNobody};
                over += queue.finished(running[i], ends[random.below(3)], now) ? 1U : 0U;
                running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
            } else if (what == 8 && !all.empty()) {
                over += queue.remove(all[random.below(all.size())]) ? 1U : 0U;
            } else {
                now += std::chrono::milliseconds(random.below(5'000));
                if (random.below(2) == 0) queue.providers_changed(now);
            }
            BOOST_REQUIRE(queue.counts().running == running.size());
            BOOST_REQUIRE(queue.counts().waiting() + running.size() + over == added);
        }
        for (const auto key : running) over += queue.finished(key, kOver, now) ? 1U : 0U;
        while (queue.counts().waiting() > 0) {
            over += queue.run_all(now).size();
            if (queue.counts().waiting() == 0) break;
            BOOST_REQUIRE((queue.next_look() != base::kNoDeadline));
            now = std::max(now, queue.next_look());
        }
        BOOST_TEST(over == added);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
