#include "router/hold_back.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

#include "router_support.hpp"

namespace tenon::router::test {
namespace {

Delta of_kind(std::uint32_t kind, std::string_view data = {}) {
    return {.kind = kind, .data = data};
}

struct Rigged {
    Recorder sink;
    provider::CancelSignal cancel;
    HoldBack hold{sink, cancel};
};

BOOST_AUTO_TEST_SUITE(hold_back)

BOOST_AUTO_TEST_CASE(what_a_stream_begins_with_waits_for_output) {
    Rigged test;
    test.hold.on_deltas(batch({role()}));
    test.hold.on_deltas(batch({text(""), of_kind(TENON_DELTA_META, "{}")}));
    BOOST_TEST(test.sink.got == "");
    BOOST_TEST(!test.hold.committed());
    test.hold.on_deltas(batch({text("Hel"), text("lo")}));
    BOOST_TEST(test.sink.got == "role-{}Hello|");
    BOOST_TEST(test.hold.committed());
    test.hold.on_deltas(batch({role()}));
    BOOST_TEST(test.sink.got == "role-{}Hello|role|");
}

BOOST_AUTO_TEST_CASE(output_at_the_beginning_passes_at_once) {
    Rigged test;
    test.hold.on_deltas(batch({role(), text("Hi")}));
    BOOST_TEST(test.sink.got == "roleHi|");
    BOOST_TEST(test.hold.committed());
}

BOOST_AUTO_TEST_CASE(whatever_is_part_of_the_answer_is_output) {
    const Delta outputs[] = {
        text("a"),
        of_kind(TENON_DELTA_REASONING, "a"),
        of_kind(TENON_DELTA_TOOL_CALL, "{"),
        {.kind = TENON_DELTA_TOOL_CALL, .tool_call_id = "1"},
        {.kind = TENON_DELTA_TOOL_CALL, .tool_name = "f"},
        of_kind(77, "of a newer plugin"),
    };
    for (const Delta& output : outputs) {
        Rigged test;
        test.hold.on_deltas(batch({output}));
        BOOST_TEST(test.hold.committed());
    }
    const Delta others[] = {role(),
                            of_kind(TENON_DELTA_TEXT),
                            of_kind(TENON_DELTA_REASONING),
                            of_kind(TENON_DELTA_TOOL_CALL),
                            of_kind(TENON_DELTA_USAGE, "{}"),
                            of_kind(TENON_DELTA_META, "{}"),
                            of_kind(77)};
    for (const Delta& other : others) {
        Rigged test;
        test.hold.on_deltas(batch({other}));
        BOOST_TEST(!test.hold.committed());
    }
}

BOOST_AUTO_TEST_CASE(what_is_dropped_never_comes) {
    Rigged test;
    test.hold.on_deltas(batch({role()}));
    test.hold.drop();
    test.hold.on_deltas(batch({of_kind(TENON_DELTA_META, "mine"), text("Hi")}));
    test.hold.deliver();
    BOOST_TEST(test.sink.got == "mineHi|");
}

BOOST_AUTO_TEST_CASE(what_is_delivered_comes_once) {
    Rigged test;
    test.hold.on_deltas(batch({role()}));
    test.hold.deliver();
    test.hold.deliver();
    BOOST_TEST(test.sink.got == "role|");
    BOOST_TEST(test.hold.committed());
}

BOOST_AUTO_TEST_CASE(without_anything_to_deliver_nobody_is_called) {
    Rigged test;
    test.hold.deliver();
    BOOST_TEST(test.sink.got == "");
    BOOST_TEST(!test.hold.committed());
}

BOOST_AUTO_TEST_CASE(no_more_than_so_many_deltas_are_kept) {
    Rigged test;
    for (std::size_t i = 0; i < HoldBack::kMostDeltas; ++i) test.hold.on_deltas(batch({text("")}));
    BOOST_TEST(!test.hold.committed());
    test.hold.on_deltas(batch({text("")}));
    BOOST_TEST(test.sink.got == std::string(HoldBack::kMostDeltas + 1, '-') + '|');
}

BOOST_AUTO_TEST_CASE(the_count_begins_anew_with_the_next_attempt) {
    Rigged test;
    for (int attempt = 0; attempt < 3; ++attempt) {
        for (std::size_t i = 0; i < HoldBack::kMostDeltas; ++i) {
            test.hold.on_deltas(batch({text("")}));
        }
        test.hold.drop();
    }
    BOOST_TEST(!test.hold.committed());
}

BOOST_AUTO_TEST_CASE(no_more_than_so_many_bytes_are_kept) {
    Rigged test;
    const std::string half(HoldBack::kMostBytes / 2, 'x');
    test.hold.on_deltas(batch({of_kind(TENON_DELTA_META, half)}));
    BOOST_TEST(!test.hold.committed());
    test.hold.on_deltas(batch({of_kind(TENON_DELTA_META, half)}));
    BOOST_TEST(test.hold.committed());
    BOOST_TEST(test.sink.got.size() == 2 * half.size() + 1);
}

BOOST_AUTO_TEST_CASE(whether_there_is_room_is_the_sink_s_to_say) {
    Rigged test;
    BOOST_TEST(test.hold.ready(nullptr));
    test.sink.has_room = false;
    BOOST_TEST(!test.hold.ready(nullptr));
}

BOOST_AUTO_TEST_CASE(a_sink_that_throws_cancels_the_request_and_gets_nothing_more) {
    Rigged test;
    test.sink.throws = true;
    test.hold.on_deltas(batch({text("Hi")}));
    BOOST_TEST(test.cancel.cancelled());
    BOOST_TEST_REQUIRE(test.hold.problem().has_value());
    BOOST_TEST(test.hold.problem()->code == Code::internal);
    BOOST_TEST(test.hold.problem()->message ==
               "What takes the stream has failed: the pipe is broken.");
    BOOST_TEST(test.hold.committed());
    test.sink.throws = false;
    test.hold.on_deltas(batch({text("Hi")}));
    test.hold.on_deltas(batch({role()}));
    test.hold.deliver();
    BOOST_TEST(test.sink.got == "");
}

BOOST_AUTO_TEST_CASE(a_sink_that_throws_when_it_is_asked_for_room_ends_the_request_too) {
    Rigged test;
    test.sink.throws = true;
    BOOST_TEST(test.hold.ready(nullptr));  // the provider must not wait for it
    BOOST_TEST(test.cancel.cancelled());
    BOOST_TEST(test.hold.problem().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test
