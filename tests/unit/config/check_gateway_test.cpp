#include "config/check_gateway.hpp"

#include <algorithm>

#include "unit/config/given.hpp"

/// What is refused of the sections of `tenon serve` although each member is well-formed.
namespace tenon::config {
namespace {

std::string gateway_problems(std::string_view members) {
    return problems_of("{\"gateway\": {" + std::string(members) + "}}");
}

/// What is wrong with the value of a one-line file, without its line and column.
std::string fault(const std::string& problem) {
    return problem.substr(std::min(problem.find(' '), problem.size()));
}

BOOST_AUTO_TEST_SUITE(config_check_gateway)

BOOST_AUTO_TEST_CASE(each_address_that_cannot_be_read_is_told_with_its_place) {
    BOOST_TEST(gateway_problems("\"listen\": [\"localhost\",\n\"127.0.0.1:1\",\n\"h:99999\"]") ==
               "c.json:1:25: gateway.listen[0]: the address 'localhost' has no port; write "
               "HOST:PORT, [IPV6]:PORT, http://HOST:PORT, https://HOST:PORT or unix:/PATH\n"
               "c.json:3:1: gateway.listen[2]: the address 'h:99999' has a port that is not "
               "0..65535\n");
}

BOOST_AUTO_TEST_CASE(https_needs_a_certificate_and_its_key) {
    BOOST_TEST(fault(gateway_problems(R"("listen": ["https://localhost:1"])")) ==
               " gateway.listen[0]: \"https://\" needs gateway.tls.certificate_file and "
               "gateway.tls.key_file\n");
    BOOST_TEST(gateway_problems(R"("listen": ["https://localhost:1"],
                                   "tls": {"certificate_file": "c", "key_file": "k"})") == "");
}

BOOST_AUTO_TEST_CASE(half_a_certificate_is_refused) {
    BOOST_TEST(fault(gateway_problems(R"("tls": {"certificate_file": "c"})")) ==
               " gateway.tls: there is a certificate_file, but no key_file to it\n");
    BOOST_TEST(fault(gateway_problems(R"("tls": {"key_file": "c"})")) ==
               " gateway.tls: there is a key_file, but no certificate_file to it\n");
}

BOOST_AUTO_TEST_CASE(an_open_gateway_does_not_listen_beyond_this_machine) {
    const std::string_view refused =
        " gateway.listen[0]: other machines can reach this address, and no client would need a "
        "key; add keys to gateway.keys, or listen on 127.0.0.1, or set gateway.allow_public to "
        "true if everybody shall be served\n";
    for (const std::string address : {"0.0.0.0:80", "[::]:80", "example.org:80", "10.0.0.1:80"}) {
        const std::string listen = "\"listen\": [\"" + address + "\"]";
        BOOST_TEST(fault(gateway_problems(listen)) == refused, address);
        BOOST_TEST(gateway_problems(listen + R"(, "allow_public": true)") == "");
        BOOST_TEST(gateway_problems(listen + R"(, "keys": {"a": {"key": "0123456789abcdef"}})") ==
                   "");
        // An admin key keeps nobody from asking.
        BOOST_TEST(fault(gateway_problems(listen + R"(, "admin_key": "0123456789abcdef")")) ==
                   refused);
    }
}

BOOST_AUTO_TEST_CASE(keys_that_were_refused_are_not_said_to_be_missing) {
    BOOST_TEST(fault(gateway_problems(R"("listen": ["0.0.0.0:80"], "keys": [])")) ==
               " gateway.keys: expected an object, got an array\n");
}

BOOST_AUTO_TEST_CASE(an_address_from_elsewhere_is_judged_the_same_way) {
    GatewayConfig gateway;
    const auto address = parse_listen_address("0.0.0.0:80");
    BOOST_REQUIRE(address);
    BOOST_TEST(!may_listen(*address, gateway));
    gateway.allow_public = true;
    BOOST_TEST(may_listen(*address, gateway).has_value());
}

BOOST_AUTO_TEST_CASE(an_address_that_stands_there_twice_is_refused) {
    const std::string_view twice = " gateway.listen[1]: the address stands in the list twice\n";
    BOOST_TEST(fault(gateway_problems(R"("listen": ["127.0.0.1:1", "http://127.0.0.1:1"])")) ==
               twice);
    BOOST_TEST(fault(gateway_problems(R"("listen": ["unix:/a", "unix:/a"])")) == twice);
    BOOST_TEST(gateway_problems(R"("listen": ["unix:/a", "unix:/b"])") == "");
    BOOST_TEST(gateway_problems(R"("listen": ["127.0.0.1:1", "127.0.0.1:2"])") == "");
    // The system chooses another port for each.
    BOOST_TEST(gateway_problems(R"("listen": ["127.0.0.1:0", "127.0.0.1:0"])") == "");
}

BOOST_AUTO_TEST_CASE(the_control_socket_is_for_commands_alone) {
    const std::string found = problems_of(
        R"({"gateway": {"listen": ["unix:/c.sock"]}, "daemon": {"control_socket": "/c.sock"}})");
    BOOST_TEST(fault(found) ==
               " gateway.listen[0]: this is the control socket (daemon.control_socket), which lets "
               "everybody in; use another path\n");
}

BOOST_AUTO_TEST_CASE(short_keys_are_refused_without_being_shown) {
    const std::string_view fault_of_key =
        ": is shorter than 16 characters and could be guessed; make one, for example with "
        "\"openssl rand -hex 32\"\n";
    BOOST_TEST(fault(gateway_problems(R"("keys": {"app": {"key": "0123456789abcde"}})")) ==
               " gateway.keys.app.key" + std::string(fault_of_key));
    BOOST_TEST(fault(gateway_problems(R"("admin_key": "0123456789abcde")")) ==
               " gateway.admin_key" + std::string(fault_of_key));
    BOOST_TEST(gateway_problems(R"("keys": {"app": {"key": "0123456789abcdef"}})") == "");
}

BOOST_AUTO_TEST_CASE(a_key_that_cannot_be_sent_is_refused) {
    for (const std::string_view key :
         {"0123456789abcdef\\n", "0123456789 abcdef", "0123456789abcd\xC3\xA4"}) {
        const std::string found =
            gateway_problems("\"keys\": {\"app\": {\"key\": \"" + std::string(key) + "\"}}");
        BOOST_TEST(found.find("which no client could send") != std::string::npos, found);
        BOOST_TEST(found.find("0123") == std::string::npos, found);
    }
}

BOOST_AUTO_TEST_CASE(two_keys_with_one_value_are_refused) {
    BOOST_TEST(
        fault(gateway_problems(
            R"("keys": {"a": {"key": "0123456789abcdef"}, "b": {"key": "0123456789abcdef"}})")) ==
        " gateway.keys.b.key: is the same as gateway.keys.a.key, so that nobody could tell "
        "whose request it is\n");
    BOOST_TEST(
        fault(gateway_problems(
            R"("keys": {"a": {"key": "0123456789abcdef"}}, "admin_key": "0123456789abcdef")")) ==
        " gateway.keys.a.key: is the same as gateway.admin_key, so that nobody could tell "
        "whose request it is\n");
}

BOOST_AUTO_TEST_CASE(origins_are_written_as_browsers_send_them) {
    for (const std::string origin :
         {"*", "https://app.example", "http://localhost:3000", "http://[::1]:3000", "http://[::1]",
          "chrome-extension://abcdef"}) {
        BOOST_TEST(gateway_problems("\"cors\": {\"origins\": [\"" + origin + "\"]}") == "", origin);
    }
    for (const std::string origin :
         {"app.example", "https://", "://app.example", "https://app.example/", "https://a b",
          "https://app.example:0", "https://app.example:65536", "https://app.example:",
          "https://me@app.example", "https://*.example", "http://[::1", "null"}) {
        BOOST_TEST(fault(gateway_problems("\"cors\": {\"origins\": [\"" + origin + "\"]}")) ==
                       " gateway.cors.origins[0]: not an origin; write SCHEME://HOST or "
                       "SCHEME://HOST:PORT, without a path or a last '/', or \"*\" for all\n",
                   origin);
    }
}

BOOST_AUTO_TEST_CASE(hosts_are_names_alone) {
    BOOST_TEST(gateway_problems(R"("hosts": ["gate.example", "GATE", "10.0.0.1", "[::1]"])") == "");
    for (const std::string host : {"gate.example:80", "http://gate.example", "a/b", "*", "a b"}) {
        BOOST_TEST(fault(gateway_problems("\"hosts\": [\"" + host + "\"]")) ==
                       " gateway.hosts[0]: not the name of a host; write it without scheme, port "
                       "and path\n",
                   host);
    }
}

BOOST_AUTO_TEST_CASE(traces_go_to_an_http_address) {
    const auto with = [](const std::string& endpoint) {
        return fault(problems_of(R"({"telemetry": {"otlp": {"endpoint": ")" + endpoint + "\"}}}"));
    };
    BOOST_TEST(with("http://127.0.0.1:4318/v1/traces") == "");
    BOOST_TEST(with("grpc://127.0.0.1:4317") ==
               " telemetry.otlp.endpoint: the address 'grpc://127.0.0.1:4317' is neither http nor "
               "https\n");
    BOOST_TEST(with("http://me:secret@otel.example").find("secret") == std::string::npos);
    BOOST_TEST(with("http://me:secret@otel.example") != "");
}

BOOST_AUTO_TEST_CASE(headers_of_the_exporter_are_its_own_and_none_comes_twice) {
    const auto with = [](const std::string& headers) {
        return fault(problems_of(R"({"telemetry": {"otlp": {"headers": {)" + headers + "}}}}"));
    };
    BOOST_TEST(with(R"("Content-Type": "x")") ==
               " telemetry.otlp.headers.Content-Type: Tenon sets this header itself; leave it "
               "out\n");
    BOOST_TEST(with(R"("X-Key": "x", "x-key": "y")") ==
               " telemetry.otlp.headers.x-key: the header is given twice\n");
    BOOST_TEST(with(R"("x-key": "a\r\nb: c")") ==
               " telemetry.otlp.headers.x-key: has a line end, which no header may have\n");
}

BOOST_AUTO_TEST_CASE(a_directory_is_no_file) {
    BOOST_TEST(fault(problems_of(R"({"telemetry": {"access_log": "logs/"}})")) ==
               " telemetry.access_log: names a directory; add a file's name\n");
    BOOST_TEST(fault(problems_of(R"({"daemon": {"state_file": "state/"}})")) ==
               " daemon.state_file: names a directory; add a file's name\n");
}

BOOST_AUTO_TEST_CASE(the_path_of_the_control_socket_has_107_bytes_at_most) {
    const auto with = [](std::size_t size) {
        return fault(problems_of(R"({"daemon": {"control_socket": "/)" +
                                 std::string(size - 1, 'x') + "\"}}"));
    };
    BOOST_TEST(with(107) == "");
    BOOST_TEST(with(108) ==
               " daemon.control_socket: is longer than the 107 bytes that the path of "
               "a socket may have\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
