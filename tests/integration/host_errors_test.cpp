#include "host_fixture.hpp"

#include <unistd.h>

using namespace tenon;
using namespace tenon::test;

namespace {

struct Fault {
    const char* model;
    Code code;
    const char* says;  ///< part of the message
};

const Fault kFaults[] = {
    {"fault-401", Code::auth, "401"},
    {"fault-404", Code::not_found, "404"},
    {"fault-429", Code::throttled, "429"},
    {"fault-500", Code::unavailable, "500"},
    {"fault-context", Code::too_large, "context"},
    {"fault-html", Code::protocol, ""},
    {"fault-truncated", Code::protocol, ""},
    {"fault-reset", Code::unavailable, ""},
};

void check(host::Host& host, const std::string& provider, const Fault& fault, bool stream) {
    const auto on_delta = stream ? host::OnDelta([](const auto&) {}) : host::OnDelta();
    auto request = ask(provider, "hi", fault.model);
    request.options.max_attempts = 1;
    const auto answer = host.complete(request, on_delta);
    BOOST_TEST_CONTEXT(provider << " " << fault.model << (stream ? " streamed" : "")) {
        BOOST_REQUIRE(!answer);
        BOOST_TEST_INFO(answer.error().message);
        BOOST_TEST(to_string(answer.error().code) == to_string(fault.code));
        BOOST_TEST(answer.error().message.find("provider " + provider + ": ") == 0u);
        BOOST_TEST(answer.error().message.find(fault.says) != std::string::npos);
        BOOST_TEST(answer.error().message.find('\n') == std::string::npos);
    }
}

/// A port on which nobody listens.
std::string dead_url() {
    ScriptedServer server(Handler([](Conn&, const ReceivedRequest&) {}));
    std::string url = server.url("/v1");
    server.stop();
    return url;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_errors)

BOOST_AUTO_TEST_CASE(every_failure_of_a_server_has_its_code_and_names_the_provider) {
    FakeLlm fake;
    const std::pair<const char*, std::string> kinds[] = {{"openai", fake.openai_url()},
                                                         {"ollama", fake.url()}};
    for (const auto& [kind, url] : kinds) {
        for (const Fault& fault : kFaults) {
            for (const bool stream : {false, true}) {
                // A host of its own: a provider that was told to wait is left alone for a while.
                const auto host = open_host();
                add(*host, kind, kind, R"({"base_url":)" + quoted(url) + "}");
                check(*host, kind, fault, stream);
                if (fault.code == Code::throttled) continue;
                // After that the provider still answers.
                BOOST_TEST(host->complete(ask(kind, "hi", "fake-small")).has_value());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_stream_that_breaks_off_is_never_a_success) {
    FakeLlm fake;
    const auto host = open_host();
    add(*host, "oai", "openai", R"({"base_url":)" + quoted(fake.openai_url()) + "}");
    add(*host, "oll", "ollama", R"({"base_url":)" + quoted(fake.url()) + "}");
    for (const char* provider : {"oai", "oll"}) {
        for (const char* model : {"fault-truncated", "fault-reset-midway", "fault-stream-error"}) {
            std::string text;
            const auto answer = host->complete(ask(provider, "hello", model), [&](const auto& d) {
                if (d.kind == host::DeltaKind::text) text += d.text;
            });
            BOOST_TEST_CONTEXT(provider << " " << model << " after '" << text << "'") {
                BOOST_TEST(!answer.has_value());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_is_named_with_its_address) {
    const std::string url = dead_url();
    const auto host = open_host();
    add(*host, "gone", "openai", R"({"base_url":)" + quoted(url) + "}");
    const auto answer = host->complete(ask("gone", "hi", "m"));
    BOOST_REQUIRE(!answer);
    BOOST_TEST_INFO(answer.error().message);
    BOOST_TEST((answer.error().code == Code::unavailable));
    BOOST_TEST(answer.error().message.find("127.0.0.1:") != std::string::npos);
    BOOST_TEST(answer.error().message.find("refused") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_body_beyond_the_limit_is_refused_and_not_swallowed) {
    FakeLlm fake;
    const auto file = std::filesystem::temp_directory_path() /
                      ("tenon-limit-" + std::to_string(getpid()) + ".json");
    std::ofstream(file)
        << R"({"providers":{"oai":{"kind":"openai","http":{"max_body_bytes":100000},)"
        << R"("config":{"base_url":)" << quoted(fake.openai_url()) << "}}}}";
    const auto host = open_host({.config_file = file});
    std::filesystem::remove(file);
    const auto answer = host->complete(ask("oai", "hi", "fault-huge"));
    BOOST_REQUIRE(!answer);
    BOOST_TEST_INFO(answer.error().message);
    BOOST_TEST(answer.error().message.find("100000") != std::string::npos);
    BOOST_TEST(host->complete(ask("oai", "hi", "fake-small")).has_value());
}

BOOST_AUTO_TEST_CASE(a_secret_is_in_no_error_and_no_log_line) {
    FakeLlm fake({.api_key = "another-key"});
    std::mutex mutex;
    std::string log;
    host::HostOptions options;
    options.log_level = "trace";
    options.log_sink = [&](std::string_view line) {
        const std::lock_guard lock(mutex);
        log.append(line).append("\n");
    };
    std::string errors;
    {
        const auto host = open_host(options);
        add(*host, "oai", "openai",
            R"({"api_key":"sk-very-secret-0123456789","base_url":)" + quoted(fake.openai_url()) +
                "}");
        const auto answer = host->complete(ask("oai", "sk-very-secret-0123456789", "fake-small"));
        BOOST_REQUIRE(!answer);
        errors += answer.error().message;
        for (const auto& status : host->status(true)) errors += status.last_error;
    }
    BOOST_TEST(errors.find("very-secret") == std::string::npos);
    BOOST_TEST(log.find("very-secret") == std::string::npos);
    const auto seen = fake.server().requests();
    BOOST_REQUIRE(!seen.empty());
    BOOST_TEST(seen[0].header("authorization").value_or("") == "Bearer sk-very-secret-0123456789");
}

BOOST_AUTO_TEST_SUITE_END()
