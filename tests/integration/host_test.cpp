#include "host_fixture.hpp"

#include <stdexcept>
#include <thread>

using namespace tenon;
using namespace tenon::test;

BOOST_AUTO_TEST_SUITE(host_api)

BOOST_AUTO_TEST_CASE(the_kinds_of_all_bundled_plugins_are_listed) {
    const auto host = open_host();
    std::vector<std::string> ids;
    for (const auto& kind : host->kinds()) ids.push_back(kind.id);
    const std::vector<std::string> expected = {"mock",         "mock-blocking", "mock-mux",
                                               "mock-session", "ollama",        "openai"};
    BOOST_TEST(ids == expected, boost::test_tools::per_element());
    BOOST_TEST(host->plugin_problems().empty());
}

BOOST_AUTO_TEST_CASE(a_prompt_goes_through_a_plugin_that_was_loaded_from_a_directory) {
    const auto host = open_host();
    const auto answer = host->complete(ask("mock", "hello"));
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->text == "You said: hello");
    BOOST_TEST(answer->provider == "mock");
    BOOST_TEST(answer->finish_reason == "stop");
    BOOST_TEST(answer->usage.output_tokens.has_value());
}

BOOST_AUTO_TEST_CASE(the_only_configured_provider_answers_a_bare_prompt) {
    const auto host = open_host();
    add(*host, "only", "mock");
    const auto answer = host->complete("hello");
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->provider == "only");
}

BOOST_AUTO_TEST_CASE(without_any_provider_a_bare_prompt_says_what_to_do) {
    const auto host = open_host();
    const auto answer = host->complete("hello");
    BOOST_REQUIRE(!answer);
    BOOST_TEST(answer.error().message.find("no provider is configured") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stream_reaches_the_callback_on_the_calling_thread) {
    const auto host = open_host();
    std::string text;
    bool same_thread = true;
    const auto caller = std::this_thread::get_id();
    for (const char* kind : {"mock", "mock-blocking", "mock-session", "mock-mux"}) {
        text.clear();
        const auto answer =
            host->complete(ask(kind, "one two three"), [&](const host::StreamDelta& delta) {
                same_thread = same_thread && std::this_thread::get_id() == caller;
                if (delta.kind == host::DeltaKind::text) text += delta.text;
            });
        BOOST_REQUIRE(answer);
        BOOST_TEST(text == "You said: one two three");
        BOOST_TEST(answer->text == text);
    }
    BOOST_TEST(same_thread);
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_callback_reaches_the_caller_and_the_host_goes_on) {
    const auto host = open_host();
    const auto broken = [](const host::StreamDelta&) { throw std::runtime_error("my own"); };
    BOOST_CHECK_EXCEPTION(static_cast<void>(host->complete(ask("mock-session", "a b"), broken)),
                          std::runtime_error,
                          [](const auto& e) { return std::string(e.what()) == "my own"; });
    BOOST_TEST(host->complete(ask("mock-session", "again")).has_value());
    BOOST_TEST(status_of(*host, "mock-session").in_flight == 0u);
}

BOOST_AUTO_TEST_CASE(a_stop_request_ends_an_answer_that_never_comes) {
    const auto host = open_host();
    add(*host, "silent", "mock", R"({"fail_every":1,"fail_with":"silent"})");
    std::stop_source stop;
    std::jthread stopper([&] {
        while (status_of(*host, "silent").in_flight == 0) std::this_thread::yield();
        stop.request_stop();
    });
    const auto answer = host->complete(ask("silent", "x"), {}, stop.get_token());
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::cancelled));
    BOOST_TEST(status_of(*host, "silent").failures == 0u);
}

BOOST_AUTO_TEST_CASE(a_request_ends_at_its_own_time_limit_and_says_so) {
    const auto host = open_host();
    add(*host, "silent", "mock", R"({"fail_every":1,"fail_with":"silent"})");
    auto request = ask("silent", "x");
    request.options.timeout = std::chrono::milliseconds(20);
    const auto answer = host->complete(request);
    BOOST_REQUIRE(!answer);
    BOOST_TEST((answer.error().code == Code::deadline));
    BOOST_TEST(
        answer.error().message ==
        "provider silent: The request was not finished within 20ms; allow more time or ask for "
        "less.");
}

BOOST_AUTO_TEST_CASE(sessions_keep_their_connection_from_one_request_to_the_next) {
    const auto host = open_host();
    for (int i = 0; i < 3; ++i) BOOST_TEST(host->complete(ask("mock-session", "x")).has_value());
    BOOST_TEST(status_of(*host, "mock-session").pool.idle == 1u);
}

BOOST_AUTO_TEST_CASE(members_that_the_host_does_not_know_reach_the_server) {
    FakeLlm fake;
    const auto host = open_host();
    add(*host, "fake", "openai", R"({"base_url":)" + quoted(fake.openai_url()) + "}");
    host::ChatRequest request;
    request.provider = "fake";
    request.model = "fake-small";
    request.body_json =
        R"({"messages":[{"role":"user","content":"hi"}],"model":"other","x_new":{"a":[1]}})";
    const auto answer = host->complete(request);
    BOOST_REQUIRE(answer);
    const auto seen = fake.server().requests();
    BOOST_REQUIRE(seen.size() == 1u);
    BOOST_TEST(seen[0].body.find(R"("x_new":{"a":[1]})") != std::string::npos);
    BOOST_TEST(seen[0].body.find(R"("model":"fake-small")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(embeddings_models_and_rankings_come_from_the_provider) {
    FakeLlm fake;
    const auto host = open_host();
    add(*host, "oai", "openai", R"({"base_url":)" + quoted(fake.openai_url()) + "}");
    add(*host, "oll", "ollama", R"({"base_url":)" + quoted(fake.url()) + "}");
    for (const char* provider : {"oai", "oll"}) {
        host::EmbeddingRequest request;
        request.provider = provider;
        request.model = "fake-embed";
        request.inputs = {"one", "two"};
        const auto vectors = host->embed(request);
        BOOST_REQUIRE_MESSAGE(vectors.has_value(), provider);
        BOOST_TEST(vectors->vectors.size() == 2u);
        BOOST_TEST(!vectors->vectors[0].empty());
        const auto models = host->models(provider);
        BOOST_REQUIRE_MESSAGE(models.has_value(), provider);
        BOOST_TEST(models->size() == 4u);
    }
    host::RerankRequest rerank;
    rerank.provider = "mock";
    rerank.query = "apple";
    rerank.documents = {"stone", "apple pie"};
    const auto ranking = host->rerank(rerank);
    BOOST_REQUIRE(ranking);
    BOOST_TEST(ranking->items.front().index == 1u);
}

BOOST_AUTO_TEST_CASE(a_probe_tells_health_and_the_version_of_the_server) {
    FakeLlm fake;
    const auto host = open_host();
    add(*host, "oai", "openai", R"({"base_url":)" + quoted(fake.openai_url()) + "}");
    add(*host, "oll", "ollama", R"({"base_url":)" + quoted(fake.url()) + "}");
    add(*host, "sick", "mock", R"({"health":"fail"})");
    const auto all = host->status(true);
    BOOST_REQUIRE(all.size() == 3u);
    BOOST_TEST(all[0].health == "healthy");
    BOOST_TEST(all[0].response_time.has_value());
    BOOST_TEST(all[1].health == "healthy");
    BOOST_TEST(!all[1].server_version.empty());
    BOOST_TEST(all[2].health == "unhealthy");
    BOOST_TEST(!all[2].last_error.empty());
}

BOOST_AUTO_TEST_SUITE_END()
