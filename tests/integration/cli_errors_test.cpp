#include "cli_fixture.hpp"

using namespace tenon::test;

namespace {

/// A failure as a person sees it: the status, and one line that says all of `parts`.
void refused(const Ran& ran, int code, const std::vector<std::string>& parts) {
    BOOST_TEST_CONTEXT("stderr: " << ran.err) {
        BOOST_TEST(ran.code == code);
        BOOST_TEST(ran.out.find_first_not_of('\n') == std::string::npos);
        BOOST_TEST(lines(ran.err) == 1u);
        for (const std::string& part : parts) {
            BOOST_TEST_CONTEXT("looking for: " << part) {
                BOOST_TEST(ran.err.find(part) != std::string::npos);
            }
        }
    }
}

Ran ask_fault(const std::string& kind, const std::string& url, const std::string& model,
              const std::string& more = "") {
    const TemporaryDirectory directory;
    const std::string config = directory.file(
        "config.json", provider_config(kind, R"({"base_url":")" + url + R"("})", more));
    return run_tenon({"-c", config, "complete", "-m", model, "--no-stream", "hello"});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_errors)

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_one_line_and_status_2) {
    refused(run_tenon({"complet", "x"}), 2, {"complet", "did you mean 'complete'"});
    refused(run_tenon({"complete", "--modle", "x"}), 2, {"--modle", "did you mean '--model'"});
    refused(run_tenon({"complete", "--timeout", "5", "x"}), 2, {"5"});
    refused(run_tenon({}), 2, {"tenon --help"});
}

BOOST_AUTO_TEST_CASE(a_missing_configuration_file_is_named) {
    refused(run_tenon({"-c", "/nonexistent/my.json", "complete", "x"}), 3,
            {"/nonexistent/my.json"});
}

BOOST_AUTO_TEST_CASE(a_directory_instead_of_a_configuration_file_is_named) {
    const TemporaryDirectory directory;
    refused(run_tenon({"-c", directory.path(), "complete", "x"}), 3,
            {directory.path(), "directory"});
}

BOOST_AUTO_TEST_CASE(a_plugin_directory_that_cannot_be_read_is_named) {
    const TemporaryDirectory directory;
    refused(run_tenon({"--plugin-dir", "/nonexistent/plugins", "complete", "-p", "mock", "x"}), 3,
            {"/nonexistent/plugins", "does not exist"});
    const std::string secret = (directory.path() / "secret").string();
    std::filesystem::create_directory(secret);
    std::filesystem::permissions(secret, std::filesystem::perms::none);
    if (access(secret.c_str(), R_OK) != 0) {  // root may read everything
        refused(run_tenon({"--plugin-dir", secret, "complete", "-p", "mock", "x"}), 3,
                {secret, "Permission denied"});
    }
    const std::string file = directory.file("file.txt", "x");
    refused(run_tenon({"--plugin-dir", file, "complete", "-p", "mock", "x"}), 3, {file});
}

BOOST_AUTO_TEST_CASE(broken_json_is_shown_with_line_and_column) {
    const TemporaryDirectory directory;
    const std::string config = directory.file("config.json", "{\n  \"providers\": {,}\n}\n");
    refused(run_tenon({"-c", config, "complete", "x"}), 3, {config + ":2:17:"});
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_shown_with_its_place_and_the_nearest_name) {
    const TemporaryDirectory directory;
    const std::string config =
        directory.file("config.json", "{\n  \"tiemouts\": {\"connect\": \"1s\"}\n}\n");
    refused(run_tenon({"-c", config, "complete", "x"}), 3,
            {config + ":2:", "tiemouts", "did you mean 'timeouts'"});
}

BOOST_AUTO_TEST_CASE(an_unknown_key_of_a_plugin_is_shown_with_its_place_and_the_nearest_name) {
    const TemporaryDirectory directory;
    const std::string config =
        directory.file("config.json", provider_config("openai", R"({"base_ulr":"http://x"})"));
    const Ran ran = run_tenon({"-c", config, "complete", "-p", "it", "x"});
    refused(ran, 1, {"it", config + ":1:", "base_ulr", "did you mean 'base_url'"});
    const Ran checked = run_tenon({"-c", config, "config", "check"});
    refused(checked, 3, {"base_ulr"});
}

BOOST_AUTO_TEST_CASE(an_unset_variable_makes_only_its_provider_unusable) {
    const TemporaryDirectory directory;
    const std::string config = directory.file(
        "config.json", R"({"providers":{"a":{"kind":"openai","config":{"api_key":"${NO_SUCH_VAR}"}},
                           "b":{"kind":"mock"}}})");
    refused(run_tenon({"-c", config, "complete", "-p", "a", "x"}), 1, {"a", "NO_SUCH_VAR"});
    BOOST_TEST(run_tenon({"-c", config, "complete", "-p", "b", "x"}).code == 0);
}

BOOST_AUTO_TEST_CASE(an_unknown_kind_is_answered_with_the_nearest_name) {
    const TemporaryDirectory directory;
    const std::string config = directory.file("config.json", provider_config("opnai", "{}"));
    refused(run_tenon({"-c", config, "complete", "x"}), 1,
            {"provider it", "'opnai'", "did you mean 'openai'"});
}

BOOST_AUTO_TEST_CASE(an_unknown_provider_is_answered_with_the_nearest_name) {
    refused(run_tenon({"complete", "-p", "mokc", "x"}), 1, {"mokc", "did you mean 'mock'"});
}

BOOST_AUTO_TEST_CASE(an_unreachable_host_is_named_with_cause_and_advice) {
    FakeLlm fake;
    const std::string url = fake.openai_url();
    fake.server().stop();
    refused(ask_fault("openai", url, "m"), 1, {"provider it", "127.0.0.1", "refused"});
    refused(ask_fault("openai", "http://no-such-host.invalid/v1", "m"), 1,
            {"provider it", "no-such-host.invalid"});
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_not_trusted_is_refused_with_the_reason) {
    FakeLlm fake({.server = {.tls = TlsOptions{}}});
    refused(ask_fault("openai", fake.openai_url(), "m"), 1, {"provider it", "certificate"});
}

BOOST_AUTO_TEST_CASE(a_trusted_certificate_is_accepted_and_one_for_another_host_is_not) {
    FakeLlm good({.server = {.tls = TlsOptions{}}});
    const auto trust = [](const FakeLlm& fake) {
        return R"(,"http":{"tls":{"ca_file":")" +
               const_cast<FakeLlm&>(fake).server().ca_file().string() + R"("}})";
    };
    const Ran ran = ask_fault("openai", good.openai_url(), "fake-small", trust(good));
    BOOST_TEST(ran.err == "");
    BOOST_TEST(ran.out == "You said: hello\n");
    FakeLlm wrong({.server = {.tls = TlsOptions{.certificate = certificate_for_another_host()}}});
    refused(ask_fault("openai", wrong.openai_url(), "fake-small", trust(wrong)), 1,
            {"provider it", "certificate"});
}

BOOST_AUTO_TEST_CASE(failures_of_the_server_are_one_line_each_with_provider_cause_and_advice) {
    FakeLlm fake;
    const std::vector<std::pair<std::string, std::string>> faults = {
        {"fault-401", "401"}, {"fault-404", "404"},    {"fault-429", "429"},
        {"fault-500", "500"}, {"fault-truncated", ""}, {"fault-garbage-json", ""}};
    for (const auto& [model, cause] : faults) {
        refused(ask_fault("openai", fake.openai_url(), model), 1, {"provider it", cause, "; "});
        refused(ask_fault("ollama", fake.url(), model), 1, {"provider it", cause, "; "});
    }
}

BOOST_AUTO_TEST_CASE(a_body_beyond_the_limit_is_refused_with_the_limit) {
    FakeLlm fake;
    refused(
        ask_fault("openai", fake.openai_url(), "fault-huge", R"(,"http":{"max_body_bytes":65536})"),
        1, {"provider it", "65536"});
}

BOOST_AUTO_TEST_SUITE_END()
