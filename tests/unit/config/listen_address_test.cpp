#include "config/listen_address.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

namespace tenon::config {
namespace {

ListenAddress address(std::string_view text) {
    const auto parsed = parse_listen_address(text);
    BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().message));
    return *parsed;
}

std::string fault(std::string_view text) {
    const auto parsed = parse_listen_address(text);
    BOOST_REQUIRE_MESSAGE(!parsed, text);
    BOOST_TEST((parsed.error().code == Code::invalid));
    return parsed.error().message;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(listen_address)

BOOST_AUTO_TEST_CASE(a_host_and_a_port_are_read_with_and_without_a_scheme) {
    const ListenAddress plain{.host = "127.0.0.1", .port = 8080, .unix_path = {}, .tls = false};
    BOOST_TEST((address("127.0.0.1:8080") == plain));
    BOOST_TEST((address("http://127.0.0.1:8080") == plain));
    BOOST_TEST((address("http://127.0.0.1:8080/") == plain));
    ListenAddress secure = plain;
    secure.tls = true;
    BOOST_TEST((address("https://127.0.0.1:8080") == secure));
    BOOST_TEST((address("HTTPS://127.0.0.1:8080") == secure));
}

BOOST_AUTO_TEST_CASE(names_are_put_in_lower_case) {
    BOOST_TEST(address("LocalHost:80").host == "localhost");
    BOOST_TEST(address("gate-1.Example:80").host == "gate-1.example");
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_loses_its_brackets) {
    const ListenAddress six = address("[::1]:8080");
    BOOST_TEST(six.host == "::1");
    BOOST_TEST(six.port == 8080);
    BOOST_TEST(address("https://[2001:DB8::1]:443").host == "2001:db8::1");
}

BOOST_AUTO_TEST_CASE(port_zero_is_for_the_system_to_choose) {
    BOOST_TEST(address("127.0.0.1:0").port == 0);
    BOOST_TEST(address("127.0.0.1:65535").port == 65535);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_has_an_absolute_path) {
    const ListenAddress socket = address("unix:/run/tenon/Public.sock");
    BOOST_TEST(socket.unix_path == "/run/tenon/Public.sock");
    BOOST_TEST(socket.host.empty());
    BOOST_TEST(address("unix:///run/t.sock").unix_path == "/run/t.sock");
    BOOST_TEST(contains(fault("unix:run/t.sock"), "has no absolute path"));
    BOOST_TEST(contains(fault("unix:"), "has no absolute path"));
    BOOST_TEST(contains(fault("unix:/run/"), "names a directory"));
}

BOOST_AUTO_TEST_CASE(the_path_of_a_socket_has_107_bytes_at_most) {
    const std::string longest = "/" + std::string(kLongestSocketPath - 1, 'x');
    BOOST_TEST(address("unix:" + longest).unix_path == longest);
    BOOST_TEST(contains(fault("unix:" + longest + "x"), "longer than the 107 bytes"));
}

BOOST_AUTO_TEST_CASE(without_a_port_the_message_says_how_to_write_one) {
    BOOST_TEST(fault("8080") ==
               "the address '8080' has no port; write HOST:PORT, [IPV6]:PORT, http://HOST:PORT, "
               "https://HOST:PORT or unix:/PATH");
    BOOST_TEST(contains(fault("http://localhost"), "has no port"));
    BOOST_TEST(contains(fault("[::1]"), "has no port; write [IPV6]:PORT"));
    BOOST_TEST(contains(fault(""), "has no port"));
}

BOOST_AUTO_TEST_CASE(a_port_out_of_range_is_refused) {
    for (const std::string_view text : {"h:65536", "h:", "h:-1", "h:80x", "h:+80", "[::1]:"}) {
        BOOST_TEST(contains(fault(text), "has a port that is not 0..65535"), text);
    }
}

BOOST_AUTO_TEST_CASE(without_a_host_the_message_names_both_choices) {
    for (const std::string_view text : {":8080", "*:8080", "http://:8080"}) {
        BOOST_TEST(contains(fault(text), "write 127.0.0.1:PORT, or 0.0.0.0:PORT"), text);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_refused) {
    BOOST_TEST(contains(fault("::1:8080"), "write IPv6 addresses as [IPV6]:PORT"));
    BOOST_TEST(contains(fault("[::1:8080"), "an unclosed '['"));
    BOOST_TEST(contains(fault("[::1]8080"), "text after the ']'"));
    BOOST_TEST(contains(fault("[::g]:80"), "an IPv6 address that is not one"));
    BOOST_TEST(contains(fault("[localhost]:80"), "an IPv6 address that is not one"));
    BOOST_TEST(contains(fault("[]:80"), "an IPv6 address that is not one"));
    BOOST_TEST(contains(fault("1.2.3:80"), "an IPv4 address that is not one"));
    BOOST_TEST(contains(fault("1.2.3.256:80"), "an IPv4 address that is not one"));
    BOOST_TEST(contains(fault("a_b!:80"), "characters that no host name has"));
    BOOST_TEST(contains(fault("ftp://h:80"), "neither http nor https"));
    BOOST_TEST(contains(fault("http://h:80/v1"), "has a path"));
}

BOOST_AUTO_TEST_CASE(a_password_and_control_characters_are_not_repeated) {
    BOOST_TEST(!contains(fault("http://me:secret@h:80"), "secret"));
    BOOST_TEST(!contains(fault("h\n:80"), "\n"));
}

BOOST_AUTO_TEST_CASE(only_this_machine_reaches_loopback_addresses) {
    for (const std::string_view text : {"127.0.0.1:1", "127.255.0.9:1", "localhost:1", "[::1]:1",
                                        "[0:0::0:1]:1", "unix:/run/t.sock"}) {
        BOOST_TEST(address(text).is_loopback(), text);
    }
    for (const std::string_view text :
         {"0.0.0.0:1", "[::]:1", "192.168.1.1:1", "128.0.0.1:1", "example.org:1",
          "localhost.example.org:1", "127.example.org:1", "[::2]:1"}) {
        BOOST_TEST(!address(text).is_loopback(), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
