#include "gateway/admin/event_ring.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

namespace tenon::gateway {
namespace {

host::Event event(std::uint64_t sequence) {
    host::Event out;
    out.sequence = sequence;
    out.kind = "health";
    out.provider = "p";
    out.to = "healthy";
    return out;
}

void push(EventRing& ring, std::uint64_t first, std::uint64_t last) {
    for (; first <= last; ++first) ring.push(event(first));
}

/// "2 3 (4 lost) 8": what a listener takes until there is no more.
std::string all_of(EventRing::Listener& listener) {
    std::string out;
    for (;;) {
        const auto batch = listener.take();
        if (batch.entries.empty()) return out;
        for (const auto& entry : batch.entries) {
            if (!out.empty()) out += ' ';
            if (entry.lost_before > 0) out += '(' + std::to_string(entry.lost_before) + " lost) ";
            out += entry.text->substr(4, entry.text->find('\n') - 4);
        }
    }
}

void nobody() {}

}  // namespace

BOOST_AUTO_TEST_SUITE(event_ring)

BOOST_AUTO_TEST_CASE(a_listener_gets_what_happens_after_it_began) {
    EventRing ring;
    push(ring, 1, 2);
    const auto listener = ring.listen({}, nobody);
    BOOST_TEST(listener->began_at() == 2U);
    BOOST_TEST(all_of(*listener).empty());
    push(ring, 3, 4);
    BOOST_TEST(all_of(*listener) == "3 4");
    BOOST_TEST(all_of(*listener).empty());
}

BOOST_AUTO_TEST_CASE(past_and_present_join_without_a_seam) {
    EventRing ring;
    push(ring, 1, 5);
    const auto listener = ring.listen(3, nobody);
    push(ring, 6, 7);
    BOOST_TEST(listener->began_at() == 5U);
    BOOST_TEST(all_of(*listener) == "4 5 6 7");
}

BOOST_AUTO_TEST_CASE(what_the_ring_has_dropped_is_counted_for_those_who_asked_for_it) {
    EventRing ring(3);
    push(ring, 1, 6);
    BOOST_TEST(all_of(*ring.listen(0, nobody)) == "(3 lost) 4 5 6");
    BOOST_TEST(all_of(*ring.listen(3, nobody)) == "4 5 6");
    BOOST_TEST(all_of(*ring.listen(6, nobody)).empty());
}

BOOST_AUTO_TEST_CASE(a_slow_listener_loses_events_and_learns_how_many) {
    EventRing ring(3);
    const auto slow = ring.listen({}, nobody);
    const auto quick = ring.listen({}, nobody);
    push(ring, 1, 2);
    BOOST_TEST(all_of(*quick) == "1 2");
    push(ring, 3, 5);
    BOOST_TEST(all_of(*quick) == "3 4 5");
    BOOST_TEST(all_of(*slow) == "(2 lost) 3 4 5");
}

BOOST_AUTO_TEST_CASE(events_that_were_lost_before_the_ring_are_counted_too) {
    EventRing ring;
    ring.begin_after(10);
    const auto listener = ring.listen({}, nobody);
    BOOST_TEST(listener->began_at() == 10U);
    push(ring, 11, 11);
    push(ring, 14, 14);
    BOOST_TEST(all_of(*listener) == "11 (2 lost) 14");
}

BOOST_AUTO_TEST_CASE(a_start_that_is_learned_late_does_not_turn_the_clock_back) {
    EventRing ring;
    push(ring, 11, 12);
    ring.begin_after(10);
    BOOST_TEST(ring.listen({}, nobody)->began_at() == 12U);
}

BOOST_AUTO_TEST_CASE(a_number_from_before_a_restart_brings_everything) {
    EventRing ring;
    push(ring, 1, 3);
    BOOST_TEST(all_of(*ring.listen(500, nobody)) == "1 2 3");
}

BOOST_AUTO_TEST_CASE(a_batch_has_no_more_than_is_asked_for) {
    EventRing ring;
    push(ring, 1, 5);
    const auto listener = ring.listen(0, nobody);
    BOOST_TEST(listener->take(2).entries.size() == 2U);
    BOOST_TEST(all_of(*listener) == "3 4 5");
}

BOOST_AUTO_TEST_CASE(a_listener_is_woken_once_for_each_time_that_it_found_nothing) {
    EventRing ring;
    int woken = 0;
    const auto listener = ring.listen({}, [&] { ++woken; });
    push(ring, 1, 1);
    BOOST_TEST(woken == 0);  // it has not looked yet
    BOOST_TEST(all_of(*listener) == "1");
    push(ring, 2, 4);
    BOOST_TEST(woken == 1);
    BOOST_TEST(all_of(*listener) == "2 3 4");
    ring.close();
    BOOST_TEST(woken == 2);
}

BOOST_AUTO_TEST_CASE(a_closed_ring_gives_what_it_has_and_ends) {
    EventRing ring;
    const auto listener = ring.listen({}, nobody);
    push(ring, 1, 1);
    ring.close();
    auto batch = listener->take();
    BOOST_TEST((batch.entries.size() == 1U && batch.closed));
    batch = listener->take();
    BOOST_TEST((batch.entries.empty() && batch.closed));
    BOOST_TEST(ring.listen({}, nobody)->take().closed);
}

BOOST_AUTO_TEST_CASE(an_event_reads_as_a_server_sent_event) {
    EventRing ring;
    host::Event one = event(7);
    one.provider = "a";
    one.from = "unknown";
    one.reason = "line\nend";
    one.time = host::Time(std::chrono::milliseconds(5));
    ring.push(one);
    const auto batch = ring.listen(0, nobody)->take();
    BOOST_TEST(*batch.entries.front().text ==
               "id: 7\nevent: health\ndata: "
               R"({"sequence":7,"kind":"health","provider":"a","from":"unknown","to":"healthy",)"
               R"("reason":"line\nend","time":"1970-01-01T00:00:00.005Z"})"
               "\n\n");
}

BOOST_AUTO_TEST_CASE(listeners_that_come_and_go_meanwhile_miss_nothing_and_get_nothing_twice) {
    constexpr std::uint64_t kLast = 5'000;
    EventRing ring(kLast);
    std::atomic<bool> wrong = false;
    const auto listen = [&] {
        for (bool at_end = false; !at_end;) {
            const auto listener = ring.listen({}, nobody);
            std::uint64_t next = listener->began_at() + 1;
            for (int takes = 0; takes < 5; ++takes) {
                for (const auto& entry : listener->take().entries) {
                    const std::string text = "id: " + std::to_string(next++) + '\n';
                    if (entry.lost_before != 0 || !entry.text->starts_with(text)) wrong = true;
                }
            }
            at_end = next > kLast;
        }
    };
    std::thread first(listen);
    std::thread second(listen);
    push(ring, 1, kLast);
    first.join();
    second.join();
    BOOST_TEST(!wrong);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway
