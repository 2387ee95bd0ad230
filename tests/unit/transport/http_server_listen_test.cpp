#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "client_rig.hpp"
#include "http_server_rig.hpp"
#include "support/contains.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_certificate.hpp"

namespace tenon::transport {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::RawClient;
using test::TemporaryDirectory;

// Why a second server cannot listen there; empty if it can.
std::string refusal(const net::ListenEndpoint& endpoint, const HttpServerOptions& options = {}) {
    net::IoThreads threads(2);
    TestHandler handler(threads);
    HttpServer server(threads, handler, options);
    const auto started = server.start({endpoint});
    return started ? "" : started.error().message;
}

struct Certificate {
    test::TestCertificate made = test::make_certificate();
    test::TempFile ca{made.ca_pem};
    test::TempFile certificate{made.certificate_pem};
    test::TempFile key{made.key_pem};

    [[nodiscard]] HttpServerOptions options() const {
        return {.tls = {.certificate_file = certificate.path().string(),
                        .key_file = key.path().string()}};
    }
};

BOOST_AUTO_TEST_SUITE(http_server_listen)

BOOST_AUTO_TEST_CASE(a_unix_socket_is_for_its_owner_and_removed_at_the_end) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "tenon.sock";
    {
        const ServerRig rig({}, {.unix_path = path.string()});
        struct stat found {};
        BOOST_TEST_REQUIRE(::stat(path.c_str(), &found) == 0);
        BOOST_TEST((found.st_mode & 0777) == 0600);
        RawClient client(path);
        BOOST_TEST(client.exchange("GET", "/peer").body == "unix");
        BOOST_TEST(client.exchange("POST", "/echo", "body").body == "POST /echo localhost\nbody");
    }
    BOOST_TEST(!fs::exists(path));
}

BOOST_AUTO_TEST_CASE(the_file_of_a_dead_server_is_replaced) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "tenon.sock";
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    BOOST_TEST_REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::close(fd);
    BOOST_TEST_REQUIRE(fs::exists(path));
    const ServerRig rig({}, {.unix_path = path.string()});
    BOOST_TEST(RawClient(path).exchange("GET", "/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(the_file_of_a_living_server_is_left_alone) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "tenon.sock";
    const ServerRig rig({}, {.unix_path = path.string()});
    BOOST_TEST(contains(refusal({.unix_path = path.string()}), "running already"));
    BOOST_TEST(RawClient(path).exchange("GET", "/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_socket_is_left_alone) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "precious";
    std::ofstream(path) << "content";
    BOOST_TEST(contains(refusal({.unix_path = path.string()}), "is no socket"));
    BOOST_TEST(fs::file_size(path) == 7U);
    BOOST_TEST(contains(refusal({.unix_path = std::string(200, 'p')}), "longer than 107 bytes"));
    BOOST_TEST(contains(refusal({.unix_path = (directory / "no/such").string()}), "cannot listen"));
}

BOOST_AUTO_TEST_CASE(a_successor_s_socket_is_not_removed) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "tenon.sock";
    ServerRig old({}, {.unix_path = path.string()});
    fs::remove(path);
    const ServerRig successor({}, {.unix_path = path.string()});
    old.server->stop(test::kPatience);
    BOOST_TEST(RawClient(path).exchange("GET", "/hello").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_refused_even_if_it_is_shared) {
    for (const bool shared : {true, false}) {
        const ServerRig rig({.reuse_port = shared});
        for (const bool sharing : {true, false}) {
            BOOST_TEST(contains(refusal({.port = rig.port()}, {.reuse_port = sharing}),
                                "is the server running already?"));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_server_can_be_started_again_on_its_port) {
    std::uint16_t port = 0;
    for (int i = 0; i < 3; ++i) {
        ServerRig rig({}, {.port = port});
        port = rig.port();
        BOOST_TEST(rig.connect()->exchange("GET", "/hello").status == 200);
    }
}

BOOST_AUTO_TEST_CASE(bad_hosts_are_named) {
    BOOST_TEST(contains(refusal({.host = "no.such.host.invalid"}), "no.such.host.invalid:0"));
    BOOST_TEST(contains(refusal({.host = "192.0.2.1"}), "192.0.2.1:0"));
    BOOST_TEST(refusal({.host = "localhost"}) == "");
}

BOOST_AUTO_TEST_CASE(either_all_endpoints_are_listened_on_or_none) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "tenon.sock";
    const ServerRig rig;
    net::IoThreads threads(1);
    TestHandler handler(threads);
    HttpServer server(threads, handler, {});
    BOOST_TEST(!server.start({{.unix_path = path.string()}, {.port = rig.port()}}).has_value());
    BOOST_TEST(!fs::exists(path));
    BOOST_TEST(server.endpoints().empty());
}

BOOST_AUTO_TEST_CASE(several_endpoints_are_served_at_once) {
    const TemporaryDirectory directory;
    const fs::path path = directory / "tenon.sock";
    net::IoThreads threads(2);
    TestHandler handler(threads);
    HttpServer server(threads, handler, {});
    BOOST_TEST_REQUIRE(
        server.start({{.unix_path = path.string()}, {}, {.host = "127.0.0.1"}}).has_value());
    BOOST_TEST(RawClient(path).exchange("GET", "/hello").status == 200);
    BOOST_TEST(RawClient(server.endpoints()[1].port).exchange("GET", "/hello").status == 200);
    BOOST_TEST(RawClient(server.endpoints()[2].port).exchange("GET", "/hello").status == 200);
    BOOST_TEST(server.endpoints()[0].name() == "unix:" + path.string());
}

BOOST_AUTO_TEST_CASE(without_shared_ports_connections_are_handed_out_in_turn) {
    const ServerRig rig({.reuse_port = false}, {}, 3);
    for (int i = 0; i < 6; ++i) {
        BOOST_TEST(rig.connect()->exchange("GET", "/hello").status == 200);
    }
    const std::vector<std::size_t> expected = {0, 1, 2, 0, 1, 2};
    BOOST_TEST(rig.handler.io_indices() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(shared_ports_use_all_threads) {
    const ServerRig rig({}, {}, 2);
    const auto both = [&] {
        const auto used = rig.handler.io_indices();
        return std::count(used.begin(), used.end(), 0U) > 0 &&
               std::count(used.begin(), used.end(), 1U) > 0;
    };
    for (int i = 0; i < 1000 && !both(); ++i) rig.connect()->exchange("GET", "/hello");
    BOOST_TEST(both());
}

BOOST_AUTO_TEST_CASE(tls_is_spoken_with_whoever_trusts_the_certificate) {
    const Certificate files;
    const ServerRig rig(files.options(), {.tls = true});
    RawClient client(rig.port(), {.ca_file = files.ca.path(), .alpn = "http/1.1"});
    BOOST_TEST(client.alpn() == "http/1.1");
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(client.exchange("GET", "/peer").body.ends_with(" tls"));
        BOOST_TEST(client.exchange("GET", "/stream").body.size() == 100'008U);
        BOOST_TEST(client.exchange("GET", "/big").body.size() == 1'000'000U);
        BOOST_TEST(client.exchange("POST", "/echo", big_text(300'000)).body.size() == 300'021U);
    }
    client.exchange("GET", "/hello", "", {{"Connection", "close"}});
    BOOST_TEST(is_closed(client));  // with close_notify
}

BOOST_AUTO_TEST_CASE(the_own_client_speaks_tls_with_the_own_server) {
    const Certificate files;
    const ServerRig rig(files.options(), {.tls = true});
    HttpOptions options;
    options.tls.ca_file = files.ca.path().string();
    ClientRig clients(options);
    const std::string url = "https://localhost:" + std::to_string(rig.port());
    for (int i = 0; i < 3; ++i) {
        const auto answer = clients.post(url + "/echo", "over tls");
        BOOST_TEST(answer->message() == "");
        BOOST_TEST(answer->body().ends_with("over tls"));
    }
    BOOST_TEST(rig.server->counts().accepted == 1U);
}

BOOST_AUTO_TEST_CASE(a_stream_cut_over_tls_does_not_look_finished) {
    const Certificate files;
    const ServerRig rig(files.options(), {.tls = true});
    RawClient client(rig.port(), {.ca_file = files.ca.path(), .alpn = {}});
    client.send("GET /half HTTP/1.0\r\n\r\n");
    BOOST_TEST(!client.read_response().complete);
    BOOST_TEST((client.ending() != RawClient::Ending::closed));
}

BOOST_AUTO_TEST_CASE(tls_servers_stop_with_idle_and_busy_clients) {
    const Certificate files;
    ServerRig rig(files.options(), {.tls = true});
    RawClient idle(rig.port(), {.ca_file = files.ca.path(), .alpn = {}});
    RawClient busy(rig.port(), {.ca_file = files.ca.path(), .alpn = {}});
    BOOST_TEST(idle.exchange("GET", "/hello").status == 200);
    busy.send(get("/wait"));
    BOOST_TEST(rig.handler.wait_for("waiting"));
    rig.server->stop(std::chrono::milliseconds(10));
    BOOST_TEST(idle.read_all() == "");
    BOOST_TEST(busy.read_all() == "");
    BOOST_TEST(rig.handler.count("gone") == 1);
}

BOOST_AUTO_TEST_CASE(unusable_certificates_are_named) {
    const Certificate files;
    const Certificate others;
    HttpServerOptions options = files.options();
    options.tls.certificate_file = "/no/such/file";
    BOOST_TEST(contains(refusal({.tls = true}, options), "the certificate in '/no/such/file'"));
    options = files.options();
    options.tls.key_file = others.key.path().string();
    BOOST_TEST(contains(refusal({.tls = true}, options), "the key in"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::transport
