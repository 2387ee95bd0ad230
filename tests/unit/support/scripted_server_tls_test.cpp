#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <stdexcept>

#include "support/raw_client.hpp"
#include "support/scripted_server.hpp"

using namespace tenon::test;

namespace {

const Handler kSayHello = [](Conn& conn, const ReceivedRequest&) {
    conn.respond(200, {}, "hello");
};

ServerOptions with_tls(TlsOptions tls = {}) {
    ServerOptions options;
    options.tls = std::move(tls);
    return options;
}

ClientTls trusting(const ScriptedServer& server) {
    ClientTls tls;
    tls.ca_file = server.ca_file();
    return tls;
}

bool handshake_fails(const ScriptedServer& server, const ClientTls& tls) {
    try {
        const RawClient client(server.port(), tls);
        return false;
    } catch (const std::runtime_error&) {
        return server.wait_for_failed_handshakes(1);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scripted_server_tls)

BOOST_AUTO_TEST_CASE(a_client_that_trusts_the_authority_is_served) {
    const ScriptedServer server(kSayHello, with_tls());
    RawClient client(server.port(), trusting(server));
    BOOST_TEST(client.exchange("GET", "/").body == "hello");
    BOOST_TEST(server.url().starts_with("https://127.0.0.1:"));
}

BOOST_AUTO_TEST_CASE(a_client_that_trusts_another_authority_refuses) {
    const ScriptedServer server(kSayHello, with_tls());
    const ScriptedServer other(kSayHello, with_tls());
    BOOST_TEST(handshake_fails(server, trusting(other)));
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_host_is_refused) {
    const ScriptedServer server(
        kSayHello, with_tls({.certificate = certificate_for_another_host(), .alpn = {}}));
    BOOST_TEST(handshake_fails(server, trusting(server)));
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_refused) {
    TlsOptions tls;
    tls.certificate.expired = true;
    const ScriptedServer server(kSayHello, with_tls(tls));
    BOOST_TEST(handshake_fails(server, trusting(server)));
}

BOOST_AUTO_TEST_CASE(alpn_takes_what_both_know_and_nothing_otherwise) {
    const ScriptedServer server(kSayHello, with_tls({.certificate = {}, .alpn = {"h2"}}));
    ClientTls tls = trusting(server);
    tls.alpn = "h2";
    BOOST_TEST(RawClient(server.port(), tls).alpn() == "h2");
    tls.alpn = "http/1.1";
    BOOST_TEST(RawClient(server.port(), tls).alpn().empty());
}

BOOST_AUTO_TEST_CASE(close_says_goodbye_and_drop_does_not) {
    const ScriptedServer server(
        [](Conn& conn, const ReceivedRequest& request) {
            if (request.target == "/close") {
                conn.close();
            } else {
                conn.drop();
            }
        },
        with_tls());
    RawClient polite(server.port(), trusting(server));
    polite.exchange("GET", "/close");
    BOOST_TEST((polite.ending() == RawClient::Ending::closed));
    RawClient rude(server.port(), trusting(server));
    rude.exchange("GET", "/drop");
    BOOST_TEST((rude.ending() == RawClient::Ending::cut_without_close_notify));
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_in_the_middle_of_a_response_ends_nothing_else) {
    const ScriptedServer server(
        [](Conn& conn, const ReceivedRequest&) {
            conn.start_response(200, {});
            while (conn.write_body(std::string(100'000, 'x'))) {
            }
        },
        with_tls());
    RawClient client(server.port(), trusting(server));
    client.send("GET / HTTP/1.1\r\n\r\n");
    client.read_some();
    client.reset();
    BOOST_TEST(server.wait_for_open(0));
}

BOOST_AUTO_TEST_CASE(stop_ends_a_handshake_that_hangs) {
    ScriptedServer server(kSayHello, with_tls());
    const RawClient says_nothing(server.port());
    BOOST_TEST(server.wait_for_accepted(1));
    server.stop();
    BOOST_TEST(server.failed_handshakes() == 1);
}

BOOST_AUTO_TEST_CASE(the_authority_file_goes_with_the_server) {
    std::filesystem::path file;
    {
        const ScriptedServer server(kSayHello, with_tls());
        file = server.ca_file();
        BOOST_TEST(std::filesystem::exists(file));
    }
    BOOST_TEST(!std::filesystem::exists(file));
}

BOOST_AUTO_TEST_SUITE_END()
