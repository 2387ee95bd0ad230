#include <boost/test/unit_test.hpp>

#include <array>
#include <future>
#include <string>

#include "io_rig.hpp"
#include "net/stream.hpp"
#include "support/scripted_server.hpp"

namespace tenon::net {
namespace {

using test::Conn;
using test::Gate;
using test::RawHandler;
using test::ScriptedServer;

test::ServerOptions tls(test::CertificateSpec certificate = {}) {
    return {.tls = test::TlsOptions{.certificate = std::move(certificate)}};
}

const TlsOptions kUnchecked = {.verify = false, .ca_file = ""};
const RawHandler kSayHello = [](Conn& conn) { conn.write("hello"); };

Awaitable<Result<void>> open(Stream& stream, std::string host, std::uint16_t port,
                             TlsOptions options) {
    auto opened = co_await stream.connect(std::move(host), port, later());
    if (opened) opened = co_await stream.handshake(std::move(options), later());
    co_return opened;
}

Result<void> open(IoRig& rig, const ScriptedServer& server, bool trusted = true,
                  std::string host = "127.0.0.1") {
    return rig.get(open(rig.stream(), std::move(host), server.port(),
                        {.verify = true, .ca_file = trusted ? server.ca_file().string() : ""}));
}

// The error of a handshake that must fail because of the certificate.
Error distrust(const ScriptedServer& server, bool trusted, std::string host = "127.0.0.1") {
    IoRig rig;
    const auto opened = open(rig, server, trusted, std::move(host));
    BOOST_TEST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == Code::protocol));
    BOOST_TEST(!opened.error().retryable);
    BOOST_TEST(opened.error().not_sent);
    BOOST_TEST(opened.error().message.find(std::to_string(server.port())) != std::string::npos);
    BOOST_TEST(opened.error().message.find("http.tls.ca_file") != std::string::npos);
    BOOST_TEST(!rig.run([&] { return rig.stream().is_open(); }));
    return opened.error();
}

bool says(const Error& error, std::string_view part) {
    return error.message.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(stream_tls)

BOOST_AUTO_TEST_CASE(a_trusted_server_is_talked_to_by_address_and_by_name) {
    const ScriptedServer server(kSayHello, tls());
    for (const char* host : {"127.0.0.1", "localhost"}) {
        IoRig rig;
        const auto opened = open(rig, server, true, host);
        BOOST_TEST_REQUIRE(opened.has_value());
        const auto all = rig.get(read_all(rig.stream()));
        BOOST_TEST_REQUIRE(all.has_value());
        BOOST_TEST(*all == "hello");
        BOOST_TEST(!rig.run([&] { return rig.stream().was_cut_off(); }));
    }
}

BOOST_AUTO_TEST_CASE(a_certificate_of_an_unknown_authority_is_not_trusted) {
    const ScriptedServer server(kSayHello, tls());
    BOOST_TEST(says(distrust(server, false), "is not trusted"));
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_name_is_not_trusted) {
    const ScriptedServer server(kSayHello, tls({.dns_names = {"wrong.example"}}));
    BOOST_TEST(says(distrust(server, true, "localhost"), "hostname mismatch"));
}

BOOST_AUTO_TEST_CASE(a_certificate_for_another_address_is_not_trusted) {
    const ScriptedServer server(kSayHello, tls(test::certificate_for_another_host()));
    BOOST_TEST(says(distrust(server, true), "IP address mismatch"));
}

BOOST_AUTO_TEST_CASE(an_expired_certificate_is_not_trusted) {
    const ScriptedServer server(kSayHello, tls({.expired = true}));
    BOOST_TEST(says(distrust(server, true), "certificate has expired"));
}

BOOST_AUTO_TEST_CASE(every_certificate_is_taken_when_checking_is_switched_off) {
    const ScriptedServer server(kSayHello, tls({.dns_names = {"wrong.example"}, .expired = true}));
    IoRig rig;
    BOOST_TEST(rig.get(open(rig.stream(), "127.0.0.1", server.port(), kUnchecked)).has_value());
}

BOOST_AUTO_TEST_CASE(a_ca_file_that_cannot_be_read_is_named) {
    const ScriptedServer server(kSayHello, tls());
    IoRig rig;
    const auto opened = rig.get(open(rig.stream(), "127.0.0.1", server.port(),
                                     {.verify = true, .ca_file = "/nowhere/ca.pem"}));
    BOOST_TEST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == Code::invalid));
    BOOST_TEST(says(opened.error(), "'/nowhere/ca.pem' cannot be read"));
}

BOOST_AUTO_TEST_CASE(a_server_without_tls_is_recognised) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
        static_cast<void>(conn.read_some());
        conn.write("HTTP/1.1 400 Bad Request\r\n\r\n");
        conn.wait_for_close();
    }));
    IoRig rig;
    const auto opened = rig.get(open(rig.stream(), "127.0.0.1", server.port(), kUnchecked));
    BOOST_TEST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == Code::protocol));
    BOOST_TEST(says(opened.error(), "is it a server for https"));
}

BOOST_AUTO_TEST_CASE(a_handshake_without_an_answer_ends_at_its_deadline_or_by_closing) {
    const ScriptedServer server(RawHandler([](Conn& conn) { conn.wait_for_close(); }));
    for (const bool by_deadline : {true, false}) {
        IoRig rig;
        BOOST_TEST_REQUIRE(
            rig.get(rig.stream().connect("127.0.0.1", server.port(), later())).has_value());
        auto shaking =
            rig.start(rig.stream().handshake(kUnchecked, by_deadline ? soon() : later()));
        if (!by_deadline) rig.run([&] { rig.stream().close(); });
        const auto shaken = IoRig::wait(std::move(shaking));
        BOOST_TEST_REQUIRE(!shaken.has_value());
        BOOST_TEST((shaken.error().code == (by_deadline ? Code::deadline : Code::cancelled)));
    }
}

BOOST_AUTO_TEST_CASE(an_end_without_close_notify_is_told_from_a_proper_one) {
    const ScriptedServer server(RawHandler([](Conn& conn) {
                                    conn.write("hello");
                                    conn.drop();
                                }),
                                tls());
    IoRig rig;
    BOOST_TEST_REQUIRE(open(rig, server).has_value());
    const auto all = rig.get(read_all(rig.stream()));
    BOOST_TEST_REQUIRE(all.has_value());
    BOOST_TEST(*all == "hello");
    BOOST_TEST(rig.run([&] { return rig.stream().was_cut_off(); }));
}

BOOST_AUTO_TEST_CASE(bytes_that_wait_inside_of_tls_make_a_connection_stale) {
    std::promise<void> spoke;
    const ScriptedServer server(RawHandler([&spoke](Conn& conn) {
                                    conn.write("asked");
                                    conn.write("unasked");  // a record of its own
                                    spoke.set_value();
                                    conn.wait_for_close();
                                }),
                                tls());
    IoRig rig;
    BOOST_TEST_REQUIRE(open(rig, server).has_value());
    spoke.get_future().wait();  // now one read of the socket gets both records
    std::string buffer(5, '\0');
    const auto n = rig.get(rig.stream().read_some(buffer, later()));
    BOOST_TEST_REQUIRE(n.has_value());
    BOOST_TEST(buffer == "asked");
    BOOST_TEST(rig.run([&] { return rig.stream().is_stale(); }));
}

BOOST_AUTO_TEST_CASE(an_idle_tls_connection_is_not_stale_until_the_peer_says_goodbye) {
    Gate leave;
    const ScriptedServer server(RawHandler([leave](Conn& conn) {
                                    conn.write("hello");
                                    conn.wait(leave);
                                }),
                                tls());
    IoRig rig;
    BOOST_TEST_REQUIRE(open(rig, server).has_value());
    std::string buffer(16, '\0');
    BOOST_TEST(rig.get(rig.stream().read_some(buffer, later())).has_value());
    BOOST_TEST(!rig.run([&] { return rig.stream().is_stale(); }));
    leave.open();
    BOOST_TEST_REQUIRE(server.wait_for_open(0));
    BOOST_TEST(rig.run([&] { return rig.stream().is_stale(); }));
}

BOOST_AUTO_TEST_CASE(reading_and_writing_at_the_same_time_moves_large_amounts) {
    // The server sends back what it gets while it gets it: neither side may wait for the other.
    constexpr std::size_t kSize = std::size_t{8} << 20;
    const ScriptedServer server(RawHandler([](Conn& conn) {
                                    for (std::size_t n = 0; n < kSize;) {
                                        const std::string piece = conn.read_some();
                                        if (piece.empty()) return;
                                        n += piece.size();
                                        conn.write(piece);
                                    }
                                }),
                                tls());
    IoRig rig;
    BOOST_TEST_REQUIRE(open(rig, server).has_value());
    std::string big;
    for (std::size_t i = 0; big.size() < kSize; ++i) big += std::to_string(i);
    big.resize(kSize);
    auto writing = rig.start(rig.stream().write("", big, later()));
    auto reading = rig.start(read_all(rig.stream()));
    BOOST_TEST(IoRig::wait(std::move(writing)).has_value());
    const auto all = IoRig::wait(std::move(reading));
    BOOST_TEST_REQUIRE(all.has_value());
    BOOST_TEST((*all == big));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::net
