#include "wire/url.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace tenon::wire {
namespace {

Url read(std::string_view text) {
    auto url = parse_url(text);
    BOOST_TEST_REQUIRE(url.has_value(), text);
    return *std::move(url);
}

std::string refusal(std::string_view text) {
    const auto url = parse_url(text);
    BOOST_TEST_REQUIRE(!url.has_value(), text);
    BOOST_TEST((url.error().code == Code::invalid));
    return url.error().message;
}

bool says(const std::string& message, std::string_view part) {
    return message.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(url)

BOOST_AUTO_TEST_CASE(a_scheme_brings_its_default_port) {
    BOOST_TEST(!read("http://example.org/").tls);
    BOOST_TEST(read("http://example.org/").port == 80);
    BOOST_TEST(read("https://example.org/").tls);
    BOOST_TEST(read("https://example.org/").port == 443);
}

BOOST_AUTO_TEST_CASE(scheme_and_host_are_compared_without_case_but_the_path_is_not) {
    const Url url = read("HTTPS://API.Example.ORG/V1/Chat");
    BOOST_TEST(url.tls);
    BOOST_TEST(url.host == "api.example.org");
    BOOST_TEST(url.target == "/V1/Chat");
}

BOOST_AUTO_TEST_CASE(a_port_is_part_of_authority_and_origin_only_if_it_is_not_the_default) {
    BOOST_TEST(read("http://h:80/").authority() == "h");
    BOOST_TEST(read("http://h:8080/").authority() == "h:8080");
    BOOST_TEST(read("http://h:443/").origin() == "http://h:443");
    BOOST_TEST(read("https://h:443/").origin() == "https://h");
}

BOOST_AUTO_TEST_CASE(an_ipv6_literal_keeps_its_brackets_only_where_they_are_written) {
    const Url url = read("http://[FE80::1]:8080/x");
    BOOST_TEST(url.host == "fe80::1");
    BOOST_TEST(url.port == 8080);
    BOOST_TEST(url.authority() == "[fe80::1]:8080");
    BOOST_TEST(read("https://[::1]").authority() == "[::1]");
    BOOST_TEST(read("https://[::ffff:1.2.3.4]").host == "::ffff:1.2.3.4");
}

BOOST_AUTO_TEST_CASE(what_stands_in_brackets_must_be_an_ipv6_address) {
    for (const std::string_view text :
         {"http://[]/", "http://[1.2.3.4]/", "http://[:::]/", "http://[fe80::1%25eth0]/",
          "http://[example]/", "http://[12345::]/"}) {
        BOOST_TEST(says(refusal(text), "IPv6"), text);
    }
    BOOST_TEST(says(refusal("http://[::1/"), "unclosed '['"));
    BOOST_TEST(says(refusal("http://[::1]8080/"), "after the ']'"));
}

BOOST_AUTO_TEST_CASE(an_empty_path_becomes_a_slash) {
    BOOST_TEST(read("http://h").target == "/");
    BOOST_TEST(read("http://h?a=b").target == "/?a=b");
    BOOST_TEST(read("http://h#top").target == "/");
}

BOOST_AUTO_TEST_CASE(path_and_query_are_kept_with_their_escapes) {
    BOOST_TEST(read("http://h/a%2Fb/%7e/../c?q=%20&r=/?x").target == "/a%2Fb/%7e/../c?q=%20&r=/?x");
    BOOST_TEST(read("http://h/a@b:c").target == "/a@b:c");
}

BOOST_AUTO_TEST_CASE(a_fragment_is_never_sent) {
    BOOST_TEST(read("http://h/a?b#c?d").target == "/a?b");
}

BOOST_AUTO_TEST_CASE(only_http_and_https_are_spoken) {
    BOOST_TEST(says(refusal("ftp://h/"), "neither http nor https"));
    BOOST_TEST(says(refusal("httpx://h/"), "neither http nor https"));
    BOOST_TEST(says(refusal("example.org/v1"), "has no scheme; write it as http://HOST"));
    BOOST_TEST(says(refusal(""), "has no scheme"));
    BOOST_TEST(says(refusal("http:/h"), "has no scheme"));
}

BOOST_AUTO_TEST_CASE(a_host_is_needed_and_made_of_host_characters) {
    for (const std::string_view text : {"http://", "http:///path", "http://:80/", "http://?q"}) {
        BOOST_TEST(says(refusal(text), "has no host"), text);
    }
    for (const std::string_view text : {"http://a,b/", "http://a%41/", "http://a\\b/"}) {
        BOOST_TEST(says(refusal(text), "host name"), text);
    }
}

BOOST_AUTO_TEST_CASE(a_port_is_a_number_from_1_to_65535) {
    BOOST_TEST(read("http://h:1/").port == 1);
    BOOST_TEST(read("http://h:65535/").port == 65535);
    for (const std::string_view text :
         {"http://h:/", "http://h:0/", "http://h:65536/", "http://h:-1/", "http://h:+80/",
          "http://h:8o/", "http://h:80:80/", "http://h:99999999999999999999/", "http://[::1]:/"}) {
        BOOST_TEST(says(refusal(text), "port that is not 1..65535"), text);
    }
}

BOOST_AUTO_TEST_CASE(user_information_is_refused_and_never_repeated) {
    for (const std::string_view text :
         {"http://me:hunter2@h/", "http://hunter2@h/", "http://me:hunter2@h/a b", "me:hunter2@h/",
          "ftp://me:hunter2@h/", "http://me:hunter2\r\n@h/"}) {
        BOOST_TEST(!says(refusal(text), "hunter2"), text);
    }
    BOOST_TEST(says(refusal("http://me:hunter2@h/"), "must not contain a user name or password"));
}

BOOST_AUTO_TEST_CASE(a_query_is_never_repeated_because_it_may_carry_a_key) {
    BOOST_TEST(!says(refusal("ftp://h/?key=hunter2"), "hunter2"));
    BOOST_TEST(says(refusal("ftp://h/path?key=hunter2"), "'ftp://h/path...'"));
}

BOOST_AUTO_TEST_CASE(spaces_and_control_characters_are_refused_everywhere) {
    for (const char bad : {' ', '\t', '\r', '\n', '\0', '\x1f', '\x7f'}) {
        for (const std::string_view where :
             {"ht*tp://h/", "http://h*h/", "http://h/a*", "*http://h/"}) {
            std::string text(where);
            text[text.find('*')] = bad;
            const std::string message = refusal(text);
            BOOST_TEST(says(message, "spaces, control characters"));
            BOOST_TEST((bad == ' ' || message.find(bad) == std::string::npos));
        }
    }
}

BOOST_AUTO_TEST_CASE(letters_outside_ascii_must_be_percent_encoded_by_the_writer) {
    BOOST_TEST(says(refusal("http://h/\xc3\xa4"), "percent-encoded"));
    BOOST_TEST(says(refusal("http://\xc3\xa4.example/"), "outside ASCII"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
