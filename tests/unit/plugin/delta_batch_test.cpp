#include "plugin/delta_batch.hpp"

#include <boost/test/unit_test.hpp>

namespace tenon::plugin {
namespace {

tenon_delta text(std::string_view data) {
    tenon_delta delta{};
    delta.struct_size = sizeof delta;
    delta.kind = TENON_DELTA_TEXT;
    delta.data = to_abi(data);
    return delta;
}

BOOST_AUTO_TEST_SUITE(delta_batch)

BOOST_AUTO_TEST_CASE(a_delta_comes_out_as_it_went_in) {
    tenon_delta in{};
    in.struct_size = sizeof in;
    in.kind = TENON_DELTA_TOOL_CALL;
    in.index = 2;
    in.choice = 1;
    in.flags = TENON_DELTA_SAME_CHUNK;
    in.data = to_abi("{\"a\":");
    in.tool_call_id = to_abi("call_7");
    in.tool_name = to_abi("add");
    in.raw = to_abi("{\"raw\":1}");
    DeltaBatch batch;
    batch.push(in);
    int seen = 0;
    batch.for_each([&](const Delta& out) {
        ++seen;
        BOOST_TEST(out.kind == static_cast<std::uint32_t>(TENON_DELTA_TOOL_CALL));
        BOOST_TEST(out.index == 2U);
        BOOST_TEST(out.choice == 1U);
        BOOST_TEST(out.same_chunk);
        BOOST_TEST(out.data == "{\"a\":");
        BOOST_TEST(out.tool_call_id == "call_7");
        BOOST_TEST(out.tool_name == "add");
        BOOST_TEST(out.raw == "{\"raw\":1}");
    });
    BOOST_TEST(seen == 1);
}

BOOST_AUTO_TEST_CASE(deltas_keep_their_order_and_their_bounds) {
    DeltaBatch batch;
    for (const char* part : {"one", "", "two", "three"}) batch.push(text(part));
    std::string joined;
    batch.for_each([&](const Delta& delta) { joined += std::string(delta.data) + "|"; });
    BOOST_TEST(joined == "one||two|three|");
}

BOOST_AUTO_TEST_CASE(the_batch_owns_its_text) {
    DeltaBatch batch;
    {
        std::string temporary = "short-lived";
        batch.push(text(temporary));
        temporary.assign(temporary.size(), 'x');
    }
    batch.for_each([](const Delta& delta) { BOOST_TEST(delta.data == "short-lived"); });
}

BOOST_AUTO_TEST_CASE(empty_deltas_take_room_too) {
    DeltaBatch batch;
    BOOST_TEST(batch.bytes() == 0U);
    for (int i = 0; i < 1000; ++i) batch.push(text(""));
    BOOST_TEST(batch.bytes() >= 1000U);
}

BOOST_AUTO_TEST_CASE(clearing_empties_it) {
    DeltaBatch batch;
    batch.push(text("x"));
    batch.clear();
    BOOST_TEST(batch.empty());
    BOOST_TEST(batch.bytes() == 0U);
    batch.push(text("y"));
    batch.for_each([](const Delta& delta) { BOOST_TEST(delta.data == "y"); });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::plugin
