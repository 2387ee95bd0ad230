#include <csignal>
#include <thread>

#include "cli_fixture.hpp"

using namespace tenon::test;

BOOST_AUTO_TEST_SUITE(cli_commands)

BOOST_AUTO_TEST_CASE(help_of_every_command_goes_to_standard_output) {
    for (const char* command : {"complete", "chat", "embed", "rerank", "models", "status",
                                "plugins", "config", "batch"}) {
        const Ran ran = run_tenon({command, "--help"});
        BOOST_TEST(ran.code == 0);
        BOOST_TEST(!ran.out.empty());
        BOOST_TEST(ran.err.empty());
    }
}

BOOST_AUTO_TEST_CASE(complete_prints_the_answer_and_one_line_end) {
    const Ran ran = run_tenon({"complete", "-p", "mock", "hello", "world"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out == "You said: hello world\n");
    BOOST_TEST(ran.err.empty());
}

BOOST_AUTO_TEST_CASE(complete_prints_the_same_without_stream) {
    BOOST_TEST(run_tenon({"complete", "-p", "mock", "--no-stream", "hello"}).out ==
               "You said: hello\n");
}

BOOST_AUTO_TEST_CASE(complete_without_prompt_on_an_empty_input_is_a_usage_error) {
    const Ran ran = run_tenon({"complete", "-p", "mock"});
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(lines(ran.err) == 1u);
}

BOOST_AUTO_TEST_CASE(complete_as_json_is_a_chat_completion) {
    const Ran ran = run_tenon({"complete", "-p", "mock", "--json", "hello"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out.find(R"("object":"chat.completion")") != std::string::npos);
    BOOST_TEST(ran.out.find(R"("content":"You said: hello")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(text_of_all_scripts_is_printed_byte_for_byte) {
    const std::string prompt = "👩‍👩‍👧‍👦 日本語 שלום مرحبا";
    BOOST_TEST(run_tenon({"complete", "-p", "mock", prompt}).out == "You said: " + prompt + "\n");
}

BOOST_AUTO_TEST_CASE(a_configured_provider_with_alias_and_secret_is_used) {
    FakeLlm fake({.api_key = "k-123456789"});
    const TemporaryDirectory directory;
    const std::string config = directory.file("config.json",
                                              R"({ // comments are allowed
            "default_provider": "it",
            "providers": {"it": {"kind": "openai", "default_model": "quick",
                "model_aliases": {"quick": "fake-small"},
                "config": {"base_url": ")" + fake.openai_url() +
                                                  R"(", "api_key": "${THE_KEY}"}}}})");
    const Ran ran = run_tenon({"-c", config, "complete", "hello"}, {{"THE_KEY", "k-123456789"}});
    BOOST_TEST(ran.err == "");
    BOOST_TEST(ran.out == "You said: hello\n");
    const Ran shown = run_tenon({"-c", config, "config", "show"}, {{"THE_KEY", "k-123456789"}});
    BOOST_TEST(shown.code == 0);
    BOOST_TEST(shown.out.find("***") != std::string::npos);
    BOOST_TEST(shown.out.find("k-123456789") == std::string::npos);
    const Ran checked = run_tenon({"-c", config, "config", "check"}, {{"THE_KEY", "k-123456789"}});
    BOOST_TEST(checked.code == 0);
    BOOST_TEST(checked.out.find("good") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(status_is_a_table_and_tells_health) {
    FakeLlm fake;
    const TemporaryDirectory directory;
    const std::string config = directory.file(
        "config.json", provider_config("ollama", R"({"base_url":")" + fake.url() + R"("})"));
    const Ran ran = run_tenon({"-c", config, "status"});
    BOOST_TEST(ran.code == 0);
    BOOST_TEST(ran.out.find("healthy") != std::string::npos);
    const Ran json = run_tenon({"-c", config, "status", "--json"});
    BOOST_TEST(json.out.find(R"("health": "healthy")") != std::string::npos);
    fake.server().stop();
    const Ran down = run_tenon({"-c", config, "status"});
    BOOST_TEST(down.code == 1);
    BOOST_TEST(down.out.find("unhealthy") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(embed_rerank_models_and_plugins_print_tables_and_json) {
    BOOST_TEST(run_tenon({"embed", "-p", "mock", "a", "b"}).code == 0);
    BOOST_TEST(run_tenon({"embed", "-p", "mock", "--json", "a"}).out.find("embedding") !=
               std::string::npos);
    const Ran ranked = run_tenon({"rerank", "-p", "mock", "apple", "stone", "apple pie"});
    BOOST_TEST(ranked.code == 0);
    BOOST_TEST(ranked.out.find("apple pie") < ranked.out.find("stone"));
    BOOST_TEST(run_tenon({"models", "mock"}).out == "mock-1\n");
    const Ran plugins = run_tenon({"plugins", "list"});
    BOOST_TEST(plugins.code == 0);
    BOOST_TEST(plugins.out.find("mock-session") != std::string::npos);
    BOOST_TEST(plugins.out.find("ollama") != std::string::npos);
    BOOST_TEST(plugins.out.find("openai") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_schema_and_the_reference_page_are_printed) {
    BOOST_TEST(run_tenon({"config", "schema"}).out.find("\"$schema\"") != std::string::npos);
    BOOST_TEST(run_tenon({"config", "schema", "--markdown"}).out.find("# ") == 0u);
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_a_completion_with_status_130) {
    FakeLlm fake;
    const TemporaryDirectory directory;
    const std::string config = directory.file(
        "config.json", provider_config("openai", R"({"base_url":")" + fake.openai_url() + R"("})"));
    ChildProcess child({TENON_TEST_PROGRAM, "-c", config, "complete", "-m", "fault-silent", "x"});
    BOOST_REQUIRE(fake.server().wait_for_requests(1));
    child.send_signal(SIGINT);
    const auto exit = child.wait();
    BOOST_TEST(exit.code == 130);
    BOOST_TEST(child.err() == "tenon: interrupted\n");
    BOOST_TEST(fake.server().wait_for_open(0));
}

BOOST_AUTO_TEST_SUITE_END()
