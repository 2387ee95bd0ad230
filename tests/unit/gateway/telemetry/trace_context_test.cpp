#include "gateway/telemetry/trace_context.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

namespace tenon::gateway {
namespace {

const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSpan = "00f067aa0ba902b7";
const std::string kHeader = "00-" + kTrace + '-' + kSpan + "-01";

BOOST_AUTO_TEST_SUITE(trace_context)

BOOST_AUTO_TEST_CASE(a_traceparent_is_read_and_written_as_it_was) {
    const auto context = TraceContext::parse(kHeader);
    BOOST_TEST_REQUIRE(context.has_value());
    BOOST_TEST(context->trace_id_hex() == kTrace);
    BOOST_TEST(context->span_id_hex() == kSpan);
    BOOST_TEST(context->sampled);
    BOOST_TEST(context->format() == kHeader);
    const std::string unsampled = "00-" + kTrace + '-' + kSpan + "-00";
    BOOST_TEST(TraceContext::parse(unsampled)->format() == unsampled);
}

BOOST_AUTO_TEST_CASE(flags_that_nobody_knows_are_not_sent_on) {
    const auto context = TraceContext::parse("00-" + kTrace + '-' + kSpan + "-ff");
    BOOST_TEST_REQUIRE(context.has_value());
    BOOST_TEST(context->format() == kHeader);
}

BOOST_AUTO_TEST_CASE(of_a_later_version_the_first_four_fields_count) {
    for (const std::string rest : {"", "-", "-what-the-future-holds"}) {
        const auto context = TraceContext::parse("cc-" + kTrace + '-' + kSpan + "-01" + rest);
        BOOST_TEST_REQUIRE(context.has_value());
        BOOST_TEST(context->format() == kHeader);
    }
}

BOOST_AUTO_TEST_CASE(what_the_specification_calls_invalid_is_refused) {
    const std::string zeros(32, '0');
    const std::vector<std::string> bad = {
        "",
        "00",
        "ff-" + kTrace + '-' + kSpan + "-01",                    // version
        "0-" + kTrace + '-' + kSpan + "-01",                     // short version
        "0G-" + kTrace + '-' + kSpan + "-01",                    // not hex
        "CC-" + kTrace + '-' + kSpan + "-01",                    // capitals
        "00-" + zeros + '-' + kSpan + "-01",                     // trace of zeros
        "00-" + kTrace + "-0000000000000000-01",                 // span of zeros
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kSpan + "-01",  // capitals
        "00-" + kTrace + '-' + kSpan + "-0",                     // short flags
        "00-" + kTrace + '-' + kSpan + "-0x",                    // not hex
        "00-" + kTrace + '-' + kSpan + "-01-",                   // too long for 00
        "00-" + kTrace + '-' + kSpan + "-01-more",               // likewise
        "01-" + kTrace + '-' + kSpan + "-01more",                // no field begins
        "00_" + kTrace + '-' + kSpan + "-01",                    // separators
        "00-" + kTrace + '_' + kSpan + "-01",
        "00-" + kTrace + '-' + kSpan + "_01",
        ' ' + kHeader,
        "00-+bf92f3577b34da6a3ce929d0e0e4736-" + kSpan + "-01",  // no sign either
    };
    for (const auto& header : bad) {
        BOOST_TEST(!TraceContext::parse(header).has_value(), header);
    }
}

BOOST_AUTO_TEST_CASE(a_trace_may_have_zeros_in_one_half_of_its_id) {
    const std::string half(16, '0');
    BOOST_TEST(TraceContext::parse("00-" + half + kSpan + '-' + kSpan + "-01").has_value());
    BOOST_TEST(TraceContext::parse("00-" + kSpan + half + '-' + kSpan + "-01").has_value());
}

BOOST_AUTO_TEST_CASE(a_child_is_another_span_of_the_same_trace) {
    TraceIds ids({1, 2});
    const auto parent = *TraceContext::parse("00-" + kTrace + '-' + kSpan + "-00");
    const TraceContext child = ids.child(parent);
    BOOST_TEST(child.trace_id_hex() == kTrace);
    BOOST_TEST(child.span_id_hex() != kSpan);
    BOOST_TEST(!child.sampled);
}

BOOST_AUTO_TEST_CASE(ids_do_not_repeat_and_depend_on_the_seed_alone) {
    TraceIds ids({1, 2});
    TraceIds same({1, 2});
    TraceIds other({3, 4});
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) {
        const TraceContext root = ids.root();
        BOOST_TEST(root.format() == same.root().format());
        seen.insert(root.trace_id_hex());
        seen.insert(root.span_id_hex());
        seen.insert(other.root().trace_id_hex());
    }
    BOOST_TEST(seen.size() == 3'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::gateway
