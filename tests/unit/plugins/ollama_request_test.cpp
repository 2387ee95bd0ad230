#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

#include "chat_request.hpp"
#include "json.hpp"

namespace {

using namespace tenon;          // NOLINT: a test file
using namespace tenon::ollama;  // NOLINT

/// The body for a request with these further members, or the error as "code: message".
std::string body_for(std::string_view members, const Settings& settings = {}) {
    const auto body = chat_body("{" + std::string(members) + "}", "m", settings);
    if (!body) return std::string(to_string(body.error().code)) + ": " + body.error().message;
    return *body;
}

/// What stands at `pointer` of the body, as JSON text; "none" if there is nothing.
std::string at(std::string_view body, std::string_view pointer) {
    rapidjson::Document tree;
    BOOST_REQUIRE_MESSAGE(parse_json(tree, body), body);
    const Json* value = &tree;
    for (std::string_view rest = pointer; !rest.empty() && value != nullptr;) {
        rest.remove_prefix(1);
        const std::string_view step = rest.substr(0, rest.find('/'));
        rest.remove_prefix(step.size());
        if (value->IsArray()) {
            const auto index = static_cast<rapidjson::SizeType>(std::stoul(std::string(step)));
            value = index < value->Size() ? &(*value)[index] : nullptr;
        } else {
            value = member(*value, step);
        }
    }
    return value == nullptr ? "none" : to_text(*value);
}

/// The first message of the body for a request with this message alone.
std::string message_for(std::string_view message) {
    const std::string body = body_for(R"("messages":[)" + std::string(message) + "]");
    return body.starts_with('{') ? at(body, "/messages/0") : body;
}

/// What stands at `pointer` of the body for a request with these members beside the messages.
std::string translated(std::string_view members, std::string_view pointer,
                       const Settings& settings = {}) {
    const std::string body = body_for(R"("messages":[],)" + std::string(members), settings);
    return body.starts_with('{') ? at(body, pointer) : body;
}

std::string with_content(std::string_view content) {
    return message_for(R"({"role":"user","content":)" + std::string(content) + "}");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ollama_request)

BOOST_AUTO_TEST_CASE(a_plain_request_has_model_messages_and_asks_for_a_stream) {
    const std::string body =
        body_for(R"("model":"other","stream":false,"messages":[{"role":"user","content":"Hi"}])");
    BOOST_TEST(
        body ==
        R"({"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}],"options":{}})");
}

BOOST_AUTO_TEST_CASE(members_that_ollama_does_not_know_are_left_out) {
    const std::string body =
        body_for(R"("messages":[],"logit_bias":{"1":2},"user":"u","logprobs":true,"metadata":{})");
    BOOST_TEST(body == R"({"model":"m","stream":true,"messages":[],"options":{}})");
}

BOOST_AUTO_TEST_CASE(text_of_every_script_stays_as_it_is_byte_for_byte) {
    const std::string_view texts[] = {
        "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB \xE2\x9D\xA4\xEF\xB8\x8F",          // emoji
        "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C",                               // Chinese
        "\xE2\x80\x8F\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xD8\xB3\xD9\x84\xD8\xA7\xD9\x85",  // RTL
    };
    for (const auto text : texts) {
        const std::string quoted = '"' + std::string(text) + '"';
        BOOST_TEST(with_content(quoted) == R"({"role":"user","content":)" + quoted + "}");
    }
}

BOOST_AUTO_TEST_CASE(escaped_surrogates_and_control_characters_mean_the_same_afterwards) {
    BOOST_TEST(with_content(R"("\ud83d\ude00\u0000\n\u00e9")") ==
               "{\"role\":\"user\",\"content\":\"\xF0\x9F\x98\x80\\u0000\\n\xC3\xA9\"}");
}

BOOST_AUTO_TEST_CASE(half_a_surrogate_pair_is_no_request) {
    BOOST_TEST(with_content(R"("\ud83d")").starts_with("invalid: "));
}

BOOST_AUTO_TEST_CASE(text_parts_become_one_text) {
    BOOST_TEST(with_content(R"([{"type":"text","text":"a "},{"type":"text","text":"b"}])") ==
               R"({"role":"user","content":"a b"})");
}

BOOST_AUTO_TEST_CASE(images_as_data_uris_become_a_list_without_their_heads) {
    BOOST_TEST(with_content(R"([{"type":"text","text":"what?"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAA=","detail":"low"}},
        {"type":"image_url","image_url":"DATA:;BASE64,BBBB"}])") ==
               R"({"role":"user","content":"what?","images":["AAA=","BBBB"]})");
}

BOOST_AUTO_TEST_CASE(an_image_by_address_is_refused_with_a_way_out) {
    const std::string error =
        with_content(R"([{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}])");
    BOOST_TEST(error.starts_with("unsupported: "));
    BOOST_TEST(error.find("base64") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_data_uri_without_base64_is_invalid) {
    for (const auto* url : {"data:image/png,abc", "data:", "data:;base64", "data:base64,AAAA"}) {
        const std::string error =
            with_content(R"([{"type":"image_url","image_url":")" + std::string(url) + "\"}]");
        BOOST_TEST(error.starts_with("invalid: "), url << " -> " << error);
    }
}

BOOST_AUTO_TEST_CASE(sound_is_refused_by_its_name) {
    const std::string error =
        with_content(R"([{"type":"input_audio","input_audio":{"data":"","format":"wav"}}])");
    BOOST_TEST(error.starts_with("unsupported: "));
    BOOST_TEST(error.find("input_audio") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(malformed_messages_are_invalid) {
    for (const auto* message : {R"({"content":"no role"})", R"({"role":"user","content":7})", "7",
                                R"({"role":"user","content":[{"text":"no type"}]})",
                                R"({"role":"assistant","tool_calls":{}})"}) {
        const std::string error = message_for(message);
        BOOST_TEST(error.starts_with("invalid: "), message << " -> " << error);
    }
}

BOOST_AUTO_TEST_CASE(arguments_of_tool_calls_become_objects_and_keep_every_character) {
    const std::string body = body_for(R"("messages":[{"role":"assistant","content":null,
        "tool_calls":[{"id":"c1","type":"function","function":{"name":"add",
        "arguments":" {\"a\": 1.10, \"b\": 12345678901234567890123} "}}]}])");
    BOOST_TEST(body.find(R"("content":"","tool_calls":[{"id":"c1","function":{"name":"add",)"
                         R"("arguments":{"a": 1.10, "b": 12345678901234567890123}}}])") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_tool_call_without_arguments_has_an_empty_object) {
    for (const auto* arguments :
         {R"(,"arguments":"")", "", R"(,"arguments":" \n")", R"(,"arguments":{})"}) {
        BOOST_TEST(message_for(R"({"role":"assistant","tool_calls":[{"function":{"name":"f")" +
                               std::string(arguments) + "}}]}") ==
                   R"({"role":"assistant","content":"","tool_calls":[{"function":)"
                   R"({"name":"f","arguments":{}}}]})");
    }
}

BOOST_AUTO_TEST_CASE(arguments_that_are_no_object_are_invalid_and_the_error_names_the_tool) {
    for (const auto* arguments : {"[1]", "{\\\"a\\\":", "{}{}", "null"}) {
        const std::string error = message_for(
            R"({"role":"assistant","tool_calls":[{"function":{"name":"weather","arguments":")" +
            std::string(arguments) + R"("}}]})");
        BOOST_TEST(error.starts_with("invalid: "), error);
        BOOST_TEST(error.find("\"weather\"") != std::string::npos, error);
    }
}

BOOST_AUTO_TEST_CASE(a_tool_result_names_its_tool_by_the_latest_call_of_that_id) {
    const std::string body = body_for(R"("messages":[
        {"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"old"}}]},
        {"role":"assistant","tool_calls":[{"id":"c1","function":{"name":"new"}},
                                          {"id":"c2","function":{"name":"other"}}]},
        {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"42"}]}])");
    BOOST_TEST(at(body, "/messages/2") ==
               R"({"role":"tool","content":"42","tool_name":"new","tool_call_id":"c1"})");
}

BOOST_AUTO_TEST_CASE(a_tool_result_with_a_name_or_without_a_known_call_stands_for_itself) {
    BOOST_TEST(message_for(R"({"role":"function","name":"f","content":"1"})") ==
               R"({"role":"tool","content":"1","tool_name":"f"})");
    BOOST_TEST(message_for(R"({"role":"tool","tool_call_id":"gone","content":"1"})") ==
               R"({"role":"tool","content":"1","tool_call_id":"gone"})");
}

BOOST_AUTO_TEST_CASE(reasoning_goes_back_as_thinking_under_both_of_its_names) {
    for (const auto* name : {"reasoning_content", "reasoning"}) {
        BOOST_TEST(message_for(R"({"role":"assistant","content":"4",")" + std::string(name) +
                               R"(":"2+2"})") ==
                   R"({"role":"assistant","content":"4","thinking":"2+2"})");
    }
}

BOOST_AUTO_TEST_CASE(a_developer_is_the_system_here) {
    BOOST_TEST(message_for(R"({"role":"developer","content":"be kind"})") ==
               R"({"role":"system","content":"be kind"})");
}

BOOST_AUTO_TEST_CASE(tools_are_passed_on_unless_the_request_forbids_them) {
    const std::string tools = R"([{"type":"function","function":{"name":"f"}}])";
    const std::string members = R"("tools":)" + tools;
    BOOST_TEST(translated(members, "/tools") == tools);
    BOOST_TEST(translated(members + R"(,"tool_choice":"auto")", "/tools") == tools);
    BOOST_TEST(translated(members + R"(,"tool_choice":"none")", "/tools") == "none");
}

BOOST_AUTO_TEST_CASE(a_response_format_becomes_json_or_its_schema) {
    BOOST_TEST(translated(R"("response_format":{"type":"text"})", "/format") == "none");
    BOOST_TEST(translated(R"("response_format":{"type":"json_object"})", "/format") == R"("json")");
    BOOST_TEST(translated(R"("response_format":{"type":"json_schema","json_schema":
        {"name":"n","schema":{"type":"object"}}})",
                          "/format") == R"({"type":"object"})");
}

BOOST_AUTO_TEST_CASE(a_response_format_without_schema_or_of_unknown_type_is_an_error) {
    BOOST_TEST(translated(R"("response_format":{"type":"json_schema"})", "/format")
                   .starts_with("invalid: "));
    BOOST_TEST(translated(R"("response_format":{"type":"grammar"})", "/format")
                   .starts_with("unsupported: "));
}

BOOST_AUTO_TEST_CASE(reasoning_effort_becomes_think) {
    const std::string_view efforts[][2] = {
        {"none", "false"},    {"minimal", "\"low\""}, {"low", "\"low\""}, {"medium", "\"medium\""},
        {"high", "\"high\""}, {"xhigh", "\"high\""},  {"max", "\"max\""}, {"", "none"}};
    for (const auto& [effort, think] : efforts) {
        BOOST_TEST(translated(R"("reasoning_effort":")" + std::string(effort) + "\"", "/think") ==
                   think);
    }
}

BOOST_AUTO_TEST_CASE(sampling_members_become_options) {
    BOOST_TEST(translated(R"("temperature":0.7,"top_p":0.9,"top_k":40,"min_p":0.05,"seed":7,
        "stop":["a","b"],"frequency_penalty":0.5,"presence_penalty":-0.5,"max_tokens":100)",
                          "/options") ==
               R"({"temperature":0.7,"top_p":0.9,"top_k":40,"min_p":0.05,"seed":7,)"
               R"("stop":["a","b"],"frequency_penalty":0.5,"presence_penalty":-0.5,)"
               R"("num_predict":100})");
}

BOOST_AUTO_TEST_CASE(one_stop_word_becomes_a_list) {
    BOOST_TEST(translated(R"("stop":"END")", "/options/stop") == R"(["END"])");
}

BOOST_AUTO_TEST_CASE(members_that_are_null_are_as_good_as_absent) {
    BOOST_TEST(translated(R"("temperature":null,"stop":null,"max_tokens":null,"tools":null)",
                          "/options") == "{}");
}

BOOST_AUTO_TEST_CASE(max_completion_tokens_goes_before_its_older_name) {
    BOOST_TEST(translated(R"("max_tokens":100,"max_completion_tokens":50)", "/options") ==
               R"({"num_predict":50})");
}

BOOST_AUTO_TEST_CASE(the_configurations_options_yield_to_those_of_the_request) {
    Settings settings;
    settings.options = {{"num_ctx", "8192"}, {"temperature", "0"}, {"num_predict", "10"}};
    BOOST_TEST(translated(R"("temperature":1,"max_tokens":20)", "/options", settings) ==
               R"({"temperature":1,"num_predict":20,"num_ctx":8192})");
}

BOOST_AUTO_TEST_CASE(keep_alive_is_sent_as_it_was_configured) {
    Settings settings;
    BOOST_TEST(translated(R"("n":1)", "/keep_alive", settings) == "none");
    settings.keep_alive = "-1";
    BOOST_TEST(translated(R"("n":1)", "/keep_alive", settings) == "-1");
    settings.keep_alive = "\"10m\"";
    BOOST_TEST(translated(R"("n":1)", "/keep_alive", settings) == "\"10m\"");
}

BOOST_AUTO_TEST_CASE(more_than_one_answer_is_refused) {
    BOOST_TEST(translated(R"("n":2)", "").starts_with("unsupported: "));
}

BOOST_AUTO_TEST_CASE(what_is_no_chat_request_is_invalid) {
    const Settings settings;
    for (const auto* request :
         {"", "{", "[]", "7", "{}", R"({"messages":"hi"})", R"({"messages":[]} trailing)"}) {
        const auto body = chat_body(request, "m", settings);
        BOOST_REQUIRE(!body);
        BOOST_TEST((body.error().code == Code::invalid));
    }
    const auto nameless = chat_body(R"({"messages":[]})", "", settings);
    BOOST_REQUIRE(!nameless);
    BOOST_TEST(nameless.error().message == "the request names no model");
}

BOOST_AUTO_TEST_CASE(no_nesting_exhausts_the_stack) {
    const std::size_t depth = 1'000'000;
    const std::string deep = std::string(depth, '[') + std::string(depth, ']');
    BOOST_TEST(translated(R"("tools":)" + deep, "").starts_with("invalid: "));
}

BOOST_AUTO_TEST_SUITE_END()
