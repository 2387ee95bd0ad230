#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "json.hpp"
#include "tenon/testing/fake_host.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::testing;  // NOLINT
using tenon::ollama::JsonText;

const std::string kPrompt =
    R"({"model":"llama3","messages":[{"role":"user","content":"Hello"}],"stream":true})";
const std::string kAnswer =
    "{\"message\":{\"content\":\"\",\"thinking\":\"hm\"},\"done\":false}\n"
    "{\"message\":{\"content\":\"Hel\"},\"done\":false}\n"
    "{\"message\":{\"content\":\"lo \xF0\x9F\x98\x80\"},\"done\":false}\n";
const std::string kDone =
    "{\"message\":{\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\","
    "\"prompt_eval_count\":12,\"eval_count\":3}\n";

/// One provider on a fake host; what breaks the ABI's contract fails the test.
struct Server {
    FakeHost host;
    std::optional<FakeProvider> provider;

    Server() { configure("{}"); }
    void configure(std::string_view config) {
        provider.reset();
        provider.emplace(host, *tenon_plugin_entry_v1(TENON_ABI_CURRENT), "ollama", config);
    }
    void teardown() {
        provider.reset();
        for (const std::string& violation : host.violations()) BOOST_ERROR(violation);
    }

    Outcome answer_to_prompt(HttpReply reply, const CallOptions& options = {}) {
        host.http().respond(std::move(reply));
        return provider->complete(kPrompt, options);
    }
};

bool says(const Outcome& outcome, std::string_view words) {
    return outcome.error && outcome.error->message.find(words) != std::string::npos;
}

/// Starts an operation and cancels it after 0, 1, 2, ... steps, until it ends before that.
template <class Start>
void cancel_in_every_phase(const HttpReply& reply, Start start) {
    for (int steps = 0;; ++steps) {
        Server server;
        server.host.http().respond(reply);
        FakeCall call = start(*server.provider);
        int done = 0;
        while (done < steps && server.host.step()) ++done;
        const bool ended = call.finished();
        call.cancel();
        server.host.run_until_idle();
        BOOST_TEST(call.finished());
        const Outcome outcome = call.outcome();
        // A stream's last line may have arrived before the end of its exchange.
        const bool whole = ended || outcome.finish_reason == "stop";
        BOOST_TEST((outcome.code() == (whole ? Code::ok : Code::cancelled)));
        server.teardown();
        if (ended) {
            BOOST_TEST(steps > 1);
            return;
        }
    }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ollama_provider, Server)

BOOST_AUTO_TEST_CASE(a_prompt_is_sent_to_the_chat_address_and_its_answer_streamed) {
    const Outcome outcome = answer_to_prompt({.body = kAnswer + kDone});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
    BOOST_TEST(outcome.reasoning() == "hm");
    BOOST_TEST(outcome.finish_reason == "stop");
    BOOST_TEST(outcome.input_tokens.value_or(0) == 12u);
    BOOST_TEST(outcome.output_tokens.value_or(0) == 3u);

    const SentRequest sent = host.http().last();
    BOOST_TEST(sent.method == "POST");
    BOOST_TEST(sent.url == "http://127.0.0.1:11434/api/chat");
    BOOST_TEST(sent.header("content-type").value_or("") == "application/json");
    BOOST_TEST(sent.body == R"({"model":"llama3","stream":true,"messages":[{"role":"user",)"
                            R"("content":"Hello"}],"options":{}})");
}

BOOST_AUTO_TEST_CASE(the_key_is_attached_by_name_if_there_is_one) {
    static_cast<void>(answer_to_prompt({.body = kDone}));
    const SentRequest sent = host.http().last();
    BOOST_TEST(sent.credential == "api_key");
    BOOST_TEST(sent.credential_optional);
    BOOST_TEST(sent.credential_header == "authorization");
    BOOST_TEST(sent.credential_prefix == "Bearer ");
}

BOOST_AUTO_TEST_CASE(the_configuration_says_where_and_how) {
    configure(R"({"base_url":"https://ollama.com/","keep_alive":"1h","options":{"num_ctx":4096}})");
    BOOST_TEST(answer_to_prompt({.body = kDone}).ok());
    const SentRequest sent = host.http().last();
    const JsonText body(sent.body);
    BOOST_TEST(sent.url == "https://ollama.com/api/chat");
    BOOST_TEST(body.find("/keep_alive").value_or("") == "1h");
    BOOST_TEST(body.find("/options/num_ctx").value_or("") == "4096");
}

BOOST_AUTO_TEST_CASE(a_configuration_without_a_usable_address_makes_no_provider) {
    configure(R"({"base_url":"localhost:11434"})");
    BOOST_TEST(!provider->ok());
    BOOST_REQUIRE(provider->error());
    BOOST_TEST((provider->error()->code == Code::invalid));
    BOOST_TEST(provider->error()->message.find("base_url") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_byte_may_come_alone) {
    const Outcome outcome = answer_to_prompt({.body = kAnswer + kDone, .chunk_size = 1});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
}

BOOST_AUTO_TEST_CASE(who_does_not_want_a_stream_gets_the_same_deltas) {
    const Outcome outcome = answer_to_prompt({.body = kAnswer + kDone}, {.stream = false});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
    BOOST_TEST(JsonText(host.http().last().body).find("/stream").value_or("") == "true");
}

BOOST_AUTO_TEST_CASE(tool_calls_get_an_id_that_no_other_answer_has) {
    const HttpReply reply{
        .body = R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]}})"
                "\n" +
                kDone};
    const Outcome first = answer_to_prompt(reply);
    const Outcome second = answer_to_prompt(reply);
    BOOST_TEST(first.finish_reason == "tool_calls");
    BOOST_REQUIRE(first.tool_calls().size() == 1u);
    BOOST_REQUIRE(second.tool_calls().size() == 1u);
    const EmittedToolCall call = first.tool_calls()[0];
    BOOST_TEST(call.name == "f");
    BOOST_TEST(call.arguments == R"({"a":1})");
    BOOST_TEST(call.id.starts_with("call_"));
    BOOST_TEST(call.id != second.tool_calls()[0].id);
}

BOOST_AUTO_TEST_CASE(a_request_that_cannot_be_translated_is_not_sent) {
    const Outcome outcome = provider->complete(R"({"model":"m","messages":[{"role":"user",
        "content":[{"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]}]})");
    BOOST_TEST((outcome.code() == Code::unsupported));
    BOOST_TEST(host.http().sent().empty());
}

BOOST_AUTO_TEST_CASE(a_missing_model_is_to_be_pulled) {
    const Outcome outcome =
        answer_to_prompt({.status = 404, .body = R"({"error":"model 'llama3' not found"})"});
    BOOST_TEST((outcome.code() == Code::not_found));
    BOOST_TEST(outcome.error->http_status == 404);
    BOOST_TEST(says(outcome, "ollama pull llama3"));
}

BOOST_AUTO_TEST_CASE(statuses_say_what_went_wrong) {
    const std::pair<int, Code> statuses[] = {{400, Code::invalid},     {401, Code::auth},
                                             {403, Code::forbidden},   {429, Code::throttled},
                                             {500, Code::unavailable}, {502, Code::unavailable}};
    for (const auto& [status, code] : statuses) {
        const Outcome outcome =
            answer_to_prompt({.status = status, .body = R"({"error":"so it is"})"});
        BOOST_TEST((outcome.code() == code), status);
        BOOST_TEST(outcome.error->http_status == status);
        BOOST_TEST(says(outcome, "so it is"), status);
        BOOST_TEST(outcome.deltas.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_wants_a_pause_gets_it) {
    const Outcome outcome = answer_to_prompt(
        {.status = 429, .headers = {{"retry-after", "7"}}, .body = R"({"error":"slow down"})"});
    BOOST_REQUIRE(outcome.error);
    BOOST_TEST(outcome.error->retry_after_ms.value_or(0) == 7000);
}

BOOST_AUTO_TEST_CASE(an_error_whose_body_breaks_off_still_has_its_status) {
    const Outcome outcome = answer_to_prompt(
        {.status = 500, .body = "{\"err", .error = Error(Code::protocol, "cut short")});
    BOOST_TEST((outcome.code() == Code::unavailable));
    BOOST_TEST(outcome.error->http_status == 500);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_to_be_started) {
    Error refused(Code::unavailable, "connection refused");
    refused.not_sent = true;
    const Outcome outcome = answer_to_prompt({.status = 0, .error = refused});
    BOOST_TEST((outcome.code() == Code::unavailable));
    BOOST_TEST(outcome.error->not_sent);
    BOOST_TEST(says(outcome, "ollama serve"));
}

BOOST_AUTO_TEST_CASE(an_error_inside_the_stream_ends_it) {
    const Outcome outcome =
        answer_to_prompt({.body = kAnswer + "{\"error\":\"the runner has stopped\"}\n"});
    BOOST_TEST((outcome.code() == Code::unavailable));
    BOOST_TEST(says(outcome, "the runner has stopped"));
    BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
}

BOOST_AUTO_TEST_CASE(an_answer_without_its_last_line_was_cut_short) {
    for (const std::string& body : {kAnswer, std::string(), kAnswer + kDone.substr(0, 20)}) {
        const Outcome outcome = answer_to_prompt({.body = body});
        BOOST_TEST((outcome.code() == Code::protocol));
        BOOST_TEST(says(outcome, "cut short"));
    }
}

BOOST_AUTO_TEST_CASE(an_exchange_that_breaks_off_fails_with_its_error) {
    const Outcome outcome =
        answer_to_prompt({.body = kAnswer, .error = Error(Code::protocol, "reset by peer")});
    BOOST_TEST((outcome.code() == Code::protocol));
    BOOST_TEST(says(outcome, "reset by peer"));
    BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
}

BOOST_AUTO_TEST_CASE(what_breaks_behind_the_last_line_does_no_harm) {
    const Outcome outcome =
        answer_to_prompt({.body = kAnswer + kDone, .error = Error(Code::protocol, "reset")});
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.finish_reason == "stop");
}

BOOST_AUTO_TEST_CASE(a_web_page_is_not_an_answer) {
    const Outcome outcome = answer_to_prompt(
        {.headers = {{"content-type", "text/html"}}, .body = "<html>\n<body>\n</html>\n"});
    BOOST_TEST((outcome.code() == Code::protocol));
    BOOST_TEST(says(outcome, "base_url"));
}

BOOST_AUTO_TEST_CASE(a_slow_reader_misses_nothing) {
    const CallOptions slow{.emit_answers = {TENON_AGAIN, TENON_OK, TENON_AGAIN, TENON_AGAIN,
                                            TENON_AGAIN, TENON_OK, TENON_AGAIN}};
    for (const std::size_t chunk_size : {0u, 1u, 50u}) {
        const Outcome outcome =
            answer_to_prompt({.body = kAnswer + kDone, .chunk_size = chunk_size}, slow);
        BOOST_TEST(outcome.ok());
        BOOST_TEST(outcome.deltas.size() == 3u);
        BOOST_TEST(outcome.reasoning() == "hm");
        BOOST_TEST(outcome.text() == "Hello \xF0\x9F\x98\x80");
    }
}

BOOST_AUTO_TEST_CASE(a_reader_that_leaves_stops_the_stream) {
    const Outcome outcome = answer_to_prompt({.body = kAnswer + kDone, .chunk_size = 40},
                                             {.emit_answers = {TENON_OK, TENON_CANCELLED}});
    BOOST_TEST((outcome.code() == Code::cancelled));
    BOOST_TEST(outcome.deltas.size() == 1u);
    host.run_until_idle();
    BOOST_TEST(host.http().last().cancelled);
}

BOOST_AUTO_TEST_CASE(a_prompt_can_be_cancelled_in_every_phase) {
    cancel_in_every_phase({.body = kAnswer + kDone, .chunk_size = 30},
                          [](FakeProvider& p) { return p.start_complete(kPrompt); });
}

BOOST_AUTO_TEST_CASE(a_silent_server_can_be_cancelled) {
    for (const HttpHold hold : {HttpHold::head, HttpHold::body, HttpHold::end}) {
        host.http().respond({.body = kAnswer, .hold = hold});
        FakeCall call = provider->start_complete(kPrompt);
        host.run();
        BOOST_TEST(!call.finished());
        call.cancel();
        host.run();
        BOOST_TEST((call.outcome().code() == Code::cancelled));
    }
}

BOOST_AUTO_TEST_CASE(other_operations_can_be_cancelled_in_every_phase) {
    cancel_in_every_phase(
        {.body = R"({"embeddings":[[1]]})", .chunk_size = 5},
        [](FakeProvider& p) { return p.start_embed(R"({"model":"m","input":"a"})"); });
    cancel_in_every_phase({.body = R"({"models":[]})"},
                          [](FakeProvider& p) { return p.start_list_models(); });
    cancel_in_every_phase({.body = R"({"version":"1"})"},
                          [](FakeProvider& p) { return p.start_health_check(); });
}

BOOST_AUTO_TEST_CASE(texts_are_embedded) {
    host.http().expect(
        "POST", "http://127.0.0.1:11434/api/embed",
        {.body = R"({"embeddings":[[0.5,1],[2,3]],"prompt_eval_count":4})", .chunk_size = 7});
    const Outcome outcome = provider->embed(R"({"model":"nomic","input":["a","b"]})");
    BOOST_TEST(outcome.ok());
    BOOST_REQUIRE(outcome.vectors.size() == 2u);
    BOOST_TEST((outcome.vectors[0] == std::vector<float>{0.5F, 1.0F}));
    BOOST_TEST((outcome.vectors[1] == std::vector<float>{2.0F, 3.0F}));
    BOOST_TEST(outcome.input_tokens.value_or(0) == 4u);
    BOOST_TEST(host.http().last().body == R"({"model":"nomic","input":["a","b"]})");
}

BOOST_AUTO_TEST_CASE(an_embedding_model_that_is_missing_is_to_be_pulled) {
    host.http().respond({.status = 404, .body = R"({"error":"model \"nomic\" not found"})"});
    const Outcome outcome = provider->embed(R"({"model":"nomic","input":"a"})");
    BOOST_TEST((outcome.code() == Code::not_found));
    BOOST_TEST(says(outcome, "ollama pull nomic"));
}

BOOST_AUTO_TEST_CASE(an_embeddings_request_that_cannot_be_translated_is_not_sent) {
    const Outcome outcome = provider->embed(R"({"model":"m","input":[[1,2]]})");
    BOOST_TEST((outcome.code() == Code::unsupported));
    BOOST_TEST(host.http().sent().empty());
}

BOOST_AUTO_TEST_CASE(vectors_that_break_off_are_no_vectors) {
    host.http().respond(
        {.body = R"({"embeddings":[[1]]})", .error = Error(Code::protocol, "reset by peer")});
    const Outcome outcome = provider->embed(R"({"model":"m","input":"a"})");
    BOOST_TEST((outcome.code() == Code::protocol));
    BOOST_TEST(outcome.vectors.empty());
}

BOOST_AUTO_TEST_CASE(the_models_that_were_pulled_are_listed) {
    host.http().expect("GET", "http://127.0.0.1:11434/api/tags",
                       {.body = R"({"models":[{"name":"llama3:latest"}]})"});
    const Outcome outcome = provider->list_models();
    BOOST_TEST(outcome.ok());
    BOOST_TEST(JsonText(outcome.body).find("/data/0/id").value_or("") == "llama3:latest");
    BOOST_TEST(!host.http().last().header("content-type"));
}

BOOST_AUTO_TEST_CASE(a_health_check_asks_for_the_version_alone) {
    host.http().expect("GET", "http://127.0.0.1:11434/api/version",
                       {.body = R"({"version":"0.12.3"})"});
    const Outcome outcome = provider->health_check();
    BOOST_TEST(outcome.ok());
    BOOST_TEST(outcome.body == R"({"version":"0.12.3"})");
    BOOST_TEST(host.http().sent().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_server_that_cannot_serve_is_not_healthy) {
    host.http().respond({.status = 503, .body = R"({"error":"starting"})"});
    BOOST_TEST((provider->health_check().code() == Code::unavailable));
    host.http().respond({.body = "Ollama is running"});
    BOOST_TEST((provider->health_check().code() == Code::protocol));
    Error refused(Code::unavailable, "connection refused");
    refused.not_sent = true;
    host.http().respond({.status = 0, .error = refused});
    BOOST_TEST(says(provider->health_check(), "ollama serve"));
}

BOOST_AUTO_TEST_SUITE_END()
