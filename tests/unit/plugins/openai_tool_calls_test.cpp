#include <boost/test/unit_test.hpp>

#include "openai_stream.hpp"

namespace {

using namespace tenon;        // NOLINT: a test file
using namespace tenon::test;  // NOLINT

/// A stream of chunks that hold these elements of "tool_calls".
OpenAiAnswer read_calls(const std::vector<std::string>& elements) {
    std::vector<std::string> data;
    for (const std::string& element : elements) {
        data.push_back(chunk(R"({"tool_calls":[)" + element + "]}"));
    }
    data.push_back(chunk("{}", R"("tool_calls")"));
    return read_answer(events(data));
}

/// "id name arguments" of a call, all fragments joined.
std::string call(const OpenAiAnswer& answer, std::uint32_t index) {
    std::string id;
    std::string name;
    for (const auto& delta : answer.deltas) {
        if (delta.kind != TENON_DELTA_TOOL_CALL || delta.index != index) continue;
        id += delta.id;
        name += delta.name;
    }
    return id + " " + name + " " + answer.arguments(index);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(openai_tool_calls)

BOOST_AUTO_TEST_CASE(fragments_are_joined_by_index) {
    const OpenAiAnswer answer = read_calls({
        R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})",
        R"({"index":0,"function":{"arguments":"{\"x\""}})",
        R"({"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{}"}})",
        R"({"index":0,"function":{"arguments":":1}"}})",
    });
    BOOST_TEST(call(answer, 0) == R"(a f {"x":1})");
    BOOST_TEST(call(answer, 1) == "b g {}");
}

BOOST_AUTO_TEST_CASE(id_and_name_are_told_once) {
    const OpenAiAnswer answer =
        read_calls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})",
                    R"({"index":0,"id":"a","function":{"name":"f","arguments":"}"}})"});
    BOOST_TEST(call(answer, 0) == "a f {}");
}

BOOST_AUTO_TEST_CASE(whole_calls_at_once_are_kept_apart) {
    const OpenAiAnswer answer =
        read_calls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},)"
                    R"({"index":1,"id":"b","function":{"name":"f","arguments":"[]"}})"});
    BOOST_TEST(call(answer, 0) == "a f {}");
    BOOST_TEST(call(answer, 1) == "b f []");
    BOOST_REQUIRE(answer.deltas.size() == 3);
    BOOST_TEST(answer.deltas[1].same_chunk);
}

BOOST_AUTO_TEST_CASE(without_an_index_a_new_id_begins_a_call_and_no_id_goes_on) {
    const OpenAiAnswer answer = read_calls({
        R"({"id":"a","function":{"name":"f","arguments":"{"}})",
        R"({"function":{"arguments":"}"}})",
        R"({"id":"b","function":{"name":"g","arguments":"["}})",
        R"({"id":"b","function":{"arguments":"]"}})",
        R"({"id":"a","function":{"arguments":" "}})",
    });
    BOOST_TEST(call(answer, 0) == "a f {} ");
    BOOST_TEST(call(answer, 1) == "b g []");
}

BOOST_AUTO_TEST_CASE(without_index_and_id_a_name_begins_a_call) {
    const OpenAiAnswer answer = read_calls({
        R"({"function":{"name":"f","arguments":"{"}})",
        R"({"function":{"arguments":"}"}})",
        R"({"id":"","function":{"name":"f","arguments":"[]"}})",
    });
    BOOST_TEST(call(answer, 0) == "call_0 f {}");
    BOOST_TEST(call(answer, 1) == "call_1 f []");
}

BOOST_AUTO_TEST_CASE(an_id_that_comes_later_than_the_one_given_is_not_told) {
    const OpenAiAnswer answer = read_calls({
        R"({"index":0,"function":{"name":"f","arguments":"{"}})",
        R"({"index":0,"id":"a","function":{"arguments":"}"}})",
    });
    BOOST_TEST(call(answer, 0) == "call_0 f {}");
}

BOOST_AUTO_TEST_CASE(calls_that_all_have_the_index_0_are_told_apart_by_id_and_name) {
    const OpenAiAnswer answer =
        read_calls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})",
                    R"({"index":0,"id":"b","function":{"name":"g","arguments":"["}})",
                    R"({"index":0,"function":{"arguments":"]"}})"});
    BOOST_TEST(call(answer, 0) == "a f {}");
    BOOST_TEST(call(answer, 1) == "b g []");
}

BOOST_AUTO_TEST_CASE(a_new_id_in_every_fragment_of_a_call_is_no_new_call) {
    const OpenAiAnswer answer =
        read_calls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})",
                    R"({"index":0,"id":"b","function":{"name":null,"arguments":"}"}})"});
    BOOST_TEST(call(answer, 0) == "a f {}");
    BOOST_TEST(call(answer, 1) == "  ");
}

BOOST_AUTO_TEST_CASE(indices_with_gaps_become_numbers_without) {
    const OpenAiAnswer answer =
        read_calls({R"({"index":5,"id":"a","function":{"name":"f","arguments":"{}"}})",
                    R"({"index":9,"id":"b","function":{"name":"g","arguments":"[]"}})"});
    BOOST_TEST(call(answer, 0) == "a f {}");
    BOOST_TEST(call(answer, 1) == "b g []");
}

BOOST_AUTO_TEST_CASE(arguments_that_are_an_object_become_its_text) {
    const OpenAiAnswer answer = read_calls(
        {R"({"index":0,"id":"a","function":{"name":"f","arguments": { "x" : "}\"" } }})"});
    BOOST_TEST(call(answer, 0) == R"(a f { "x" : "}\"" })");
}

BOOST_AUTO_TEST_CASE(a_fragment_that_tells_nothing_has_no_type) {
    const OpenAiAnswer answer =
        read_calls({R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})",
                    R"({"index":0,"function":{"arguments":""}})"});
    BOOST_REQUIRE(answer.deltas.size() == 3);
    BOOST_TEST(answer.deltas[1].kind == std::uint32_t{TENON_DELTA_NONE});
}

BOOST_AUTO_TEST_CASE(choices_number_their_calls_apart) {
    const auto in_choice = [](const std::string& index, const std::string& id) {
        return R"({"choices":[{"index":)" + index + R"(,"delta":{"tool_calls":[{"id":")" + id +
               R"(","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}]})";
    };
    const OpenAiAnswer answer = read_answer(events({in_choice("0", "a"), in_choice("1", "b")}));
    BOOST_REQUIRE(answer.deltas.size() == 2);
    BOOST_TEST(answer.deltas[1].choice == 1u);
    BOOST_TEST(answer.deltas[1].index == 0u);
    BOOST_TEST(answer.deltas[1].id == "b");
}

BOOST_AUTO_TEST_SUITE_END()
