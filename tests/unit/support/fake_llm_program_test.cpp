#include <boost/test/unit_test.hpp>

#include <csignal>
#include <filesystem>
#include <string>
#include <system_error>

#include "answers.hpp"
#include "support/child_process.hpp"
#include "support/raw_client.hpp"
#include "support/test_certificate.hpp"

using namespace tenon::test;

namespace {

constexpr const char* kProgram = TENON_FAKE_LLM_PROGRAM;

// The port in "listening on http://127.0.0.1:PORT".
std::uint16_t port_in(const std::string& line) {
    return static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fake_llm_program)

BOOST_AUTO_TEST_CASE(it_says_where_it_listens_serves_and_ends_with_0_on_sigterm) {
    ChildProcess program(
        {kProgram, "--api-key", "sk-demo", "--chunk-bytes", "1", "--delay-ms", "1"});
    const std::string line = program.read_line().value_or("");
    BOOST_REQUIRE(line.starts_with("listening on http://127.0.0.1:"));
    RawClient client(port_in(line));
    const RawResponse response =
        client.exchange("POST", "/v1/chat/completions", ask("fake-small", "hi", ",\"stream\":true"),
                        {{"Authorization", "Bearer sk-demo"}});
    BOOST_TEST(events_in(response.body).back() == "[DONE]");
    program.send_signal(SIGTERM);  // with the connection still open
    BOOST_TEST(program.wait().code == 0);
    BOOST_TEST(program.err().empty());
}

BOOST_AUTO_TEST_CASE(with_tls_it_writes_the_authority_for_its_clients) {
    const TempFile authority("");
    ChildProcess program({kProgram, "--tls", "--ca-out", authority.path()});
    const std::string line = program.read_line().value_or("");
    BOOST_REQUIRE(line.starts_with("listening on https://"));
    ClientTls tls;
    tls.ca_file = authority.path();
    BOOST_TEST(RawClient(port_in(line), tls).exchange("GET", "/").status == 200);
    program.send_signal(SIGINT);
    BOOST_TEST(program.wait().code == 0);
}

BOOST_AUTO_TEST_CASE(wrong_arguments_are_explained_with_status_2) {
    for (const char* argument : {"--port=70000", "--delay-ms=x", "--no-such", "rest"}) {
        ChildProcess program({kProgram, argument});
        BOOST_TEST(program.wait().code == 2);
        BOOST_TEST(program.err().find("Usage:") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_an_error_not_a_hang) {
    ChildProcess first({kProgram});
    const std::string port = std::to_string(port_in(first.read_line().value_or(":0")));
    ChildProcess second({kProgram, "--port", port});
    BOOST_TEST(second.wait().code == 1);
    BOOST_TEST(second.err().find("Address already in use") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_program_that_does_not_exist_cannot_be_started) {
    BOOST_CHECK_THROW(ChildProcess({"/no/such/program"}), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
