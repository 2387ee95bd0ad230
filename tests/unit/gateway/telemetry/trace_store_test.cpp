#include "gateway/telemetry/trace_store.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>
#include <vector>

#include "trace_support.hpp"

namespace tenon::gateway {
namespace {

using namespace test;

Trace trace_of(std::string request_id, std::uint64_t high = 0x1111) {
    Trace trace;
    trace.start = trace_start(std::move(request_id));
    trace.start.context.trace_id = {high << 48, 1};
    return trace;
}

Trace refused(std::string request_id) {
    Trace trace = trace_of(std::move(request_id));
    trace.refused = true;
    return trace;
}

/// The request id of what is found, or the error's code.
std::string found(const TraceStore& store, std::string_view id) {
    const auto trace = store.find(id);
    return trace ? (*trace)->start.request_id : std::string(to_string(trace.error().code));
}

BOOST_AUTO_TEST_SUITE(trace_store)

BOOST_AUTO_TEST_CASE(a_trace_is_found_by_either_id_or_the_start_of_one) {
    TraceStore store(10);
    store.add(trace_of("first", 0xaaaa));
    store.add(trace_of("second", 0xbbbb));
    BOOST_TEST(found(store, "aaaa0000000000000000000000000001") == "first");
    BOOST_TEST(found(store, "aaaa") == "first");
    BOOST_TEST(found(store, "second") == "second");
    BOOST_TEST(found(store, "s") == "second");
    BOOST_TEST(found(store, "c") == "not_found");
    BOOST_TEST(found(store, "") == "not_found");
}

BOOST_AUTO_TEST_CASE(a_start_that_fits_several_is_refused_but_a_whole_id_never) {
    TraceStore store(10);
    store.add(trace_of("req-1", 0xaaaa));
    store.add(trace_of("req-10", 0xaaab));
    BOOST_TEST(found(store, "req") == "invalid");
    BOOST_TEST(found(store, "aaa") == "invalid");
    BOOST_TEST(found(store, "req-1") == "req-1");
    BOOST_TEST(found(store, "req-10") == "req-10");
}

BOOST_AUTO_TEST_CASE(of_requests_with_one_id_the_newest_is_found) {
    TraceStore store(10);
    Trace old = trace_of("same");
    old.status = 1;
    Trace last = trace_of("same");
    last.status = 2;
    store.add(std::move(old));
    store.add(std::move(last));
    for (const auto* id : {"same", "sa", "1111"}) {
        const auto trace = store.find(id);
        BOOST_TEST_REQUIRE(trace.has_value());
        BOOST_TEST((*trace)->status == 2);
    }
}

BOOST_AUTO_TEST_CASE(the_newest_are_kept_and_listed_first) {
    TraceStore store(3);
    for (const char* id : {"a", "b", "c", "d"}) store.add(trace_of(id));
    BOOST_TEST(store.size() == 3U);
    const auto list = store.list(2);
    BOOST_TEST_REQUIRE(list.size() == 2U);
    BOOST_TEST(list[0]->start.request_id == "d");
    BOOST_TEST(list[1]->start.request_id == "c");
    BOOST_TEST(store.list(100).size() == 3U);
    const std::string json = traces_to_json(list);
    BOOST_TEST(json_at(json, "/0/request_id") == R"("d")");
    BOOST_TEST(json_at(json, "/0/attempts") == "0");
    BOOST_TEST(json_at(json, "/2") == "none");
}

BOOST_AUTO_TEST_CASE(long_traces_push_out_more_of_the_others) {
    TraceStore store(1'000, 100'000);
    for (int i = 0; i < 100; ++i) {
        Trace trace = trace_of(std::to_string(i));
        trace.error = std::string(10'000, 'x');
        store.add(std::move(trace));
    }
    BOOST_TEST(store.size() >= 5U);
    BOOST_TEST(store.size() <= 10U);
    Trace huge = trace_of("huge");
    huge.error = std::string(200'000, 'x');
    store.add(std::move(huge));
    BOOST_TEST(store.size() == 1U);
}

BOOST_AUTO_TEST_CASE(refused_ones_push_out_each_other_and_nothing_else) {
    TraceStore store(8);
    store.add(trace_of("good"));
    for (int i = 0; i < 20; ++i) store.add(refused("refused-" + std::to_string(i)));
    BOOST_TEST(store.size() == 3U);
    BOOST_TEST(found(store, "good") == "good");
    BOOST_TEST(found(store, "refused-19") == "refused-19");
    BOOST_TEST(found(store, "refused-17") == "not_found");
    for (int i = 0; i < 20; ++i) store.add(trace_of("later-" + std::to_string(i)));
    BOOST_TEST(store.size() == 10U);
    BOOST_TEST(found(store, "refused-18") == "refused-18");
}

BOOST_AUTO_TEST_CASE(a_small_store_has_room_for_a_refused_one) {
    TraceStore store(1);
    store.add(trace_of("good"));
    store.add(refused("refused"));
    BOOST_TEST(store.size() == 2U);
}

BOOST_AUTO_TEST_CASE(refused_ones_are_listed_in_their_turn) {
    TraceStore store(8);
    store.add(trace_of("a"));
    store.add(refused("b"));
    store.add(trace_of("c"));
    store.add(refused("d"));
    std::string order;
    for (const auto& trace : store.list(3)) order += trace->start.request_id;
    BOOST_TEST(order == "dcb");
}

BOOST_AUTO_TEST_CASE(a_refused_one_does_not_hide_an_answered_one_of_the_same_id) {
    TraceStore store(8);
    store.add(trace_of("same"));
    store.add(refused("same"));
    const auto trace = store.find("same");
    BOOST_TEST_REQUIRE(trace.has_value());
    BOOST_TEST(!(*trace)->refused);
}

BOOST_AUTO_TEST_CASE(a_store_without_room_keeps_nothing_but_hands_the_trace_back) {
    TraceStore store(0);
    BOOST_TEST(store.add(trace_of("a"))->start.request_id == "a");
    BOOST_TEST(store.size() == 0U);
    BOOST_TEST(found(store, "a") == "not_found");
}

BOOST_AUTO_TEST_CASE(traces_may_be_added_and_looked_for_at_once) {
    TraceStore store(50);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&store, t] {
            for (int i = 0; i < 500; ++i) {
                store.add(trace_of("id-" + std::to_string(t) + '-' + std::to_string(i)));
                static_cast<void>(store.find("id-0-7"));
                static_cast<void>(store.list(10));
            }
        });
    }
    for (auto& thread : threads) thread.join();
    BOOST_TEST(store.size() == 50U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::gateway
