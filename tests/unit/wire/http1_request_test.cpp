#include "wire/http1_request.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace tenon::wire {
namespace {

std::string head(std::string_view method, std::string_view url,
                 const std::vector<Header>& headers = {}, std::size_t body_bytes = 0) {
    std::string out;
    const auto written =
        append_request_head(out, method, parse_url(url).value(), headers, body_bytes);
    BOOST_TEST_REQUIRE(written.has_value());
    return out;
}

Error refusal(std::string_view method, const std::vector<Header>& headers) {
    std::string out = "before";
    const auto written =
        append_request_head(out, method, parse_url("http://h/").value(), headers, 0);
    BOOST_TEST_REQUIRE(!written.has_value());
    BOOST_TEST(out == "before");
    BOOST_TEST((written.error().code == Code::invalid));
    return written.error();
}

bool has_line(const std::string& text, std::string_view line) {
    return text.find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(http1_request)

BOOST_AUTO_TEST_CASE(a_head_is_the_request_line_the_headers_in_order_and_a_blank_line) {
    const std::string text =
        head("POST", "https://api.example:8443/v1/x?y=z",
             {{"B", "2"}, {"A", "1"}, {"User-Agent", "u"}, {"Accept", "a"}}, 7);
    BOOST_TEST(text ==
               "POST /v1/x?y=z HTTP/1.1\r\nHost: api.example:8443\r\nB: 2\r\nA: 1\r\n"
               "User-Agent: u\r\nAccept: a\r\nContent-Length: 7\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(the_host_header_leaves_the_default_port_out_and_brackets_ipv6) {
    BOOST_TEST(has_line(head("GET", "http://h:80/"), "Host: h"));
    BOOST_TEST(has_line(head("GET", "https://h:443/"), "Host: h"));
    BOOST_TEST(has_line(head("GET", "https://h:80/"), "Host: h:80"));
    BOOST_TEST(has_line(head("GET", "http://[::1]:81/"), "Host: [::1]:81"));
}

BOOST_AUTO_TEST_CASE(content_length_is_written_for_bodies_and_for_methods_that_expect_one) {
    BOOST_TEST(has_line(head("POST", "http://h/"), "Content-Length: 0"));
    BOOST_TEST(has_line(head("PUT", "http://h/"), "Content-Length: 0"));
    BOOST_TEST(has_line(head("PATCH", "http://h/"), "Content-Length: 0"));
    BOOST_TEST(has_line(head("DELETE", "http://h/", {}, 3), "Content-Length: 3"));
    BOOST_TEST(head("GET", "http://h/").find("Content-Length") == std::string::npos);
    BOOST_TEST(head("DELETE", "http://h/").find("Content-Length") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(user_agent_and_accept_are_added_unless_given_in_any_case) {
    BOOST_TEST(head("GET", "http://h/").find("User-Agent: tenon/") != std::string::npos);
    BOOST_TEST(has_line(head("GET", "http://h/"), "Accept: */*"));
    const std::string given = head("GET", "http://h/", {{"uSER-aGENT", "x"}, {"ACCEPT", "y"}});
    BOOST_TEST(given.find("tenon/") == std::string::npos);
    BOOST_TEST(given.find("*/*") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_line_break_or_nul_in_a_value_is_refused_without_repeating_the_value) {
    for (const char bad : {'\r', '\n', '\0'}) {
        for (std::string value : {"*hunter2", "hunt*er2", "hunter2*"}) {
            value[value.find('*')] = bad;
            const Error error = refusal("GET", {{"X-Key", value}});
            BOOST_TEST(error.message.find("X-Key") != std::string::npos);
            BOOST_TEST(error.message.find("hunt") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_no_token_is_refused) {
    for (const std::string name :
         {"", " ", "a b", "a:", "a\r\nb", "a\tb", "\xc3\xa4", "(a)", "a/b", "a\"b"}) {
        refusal("GET", {{name, "v"}});
    }
    refusal("GET", {{std::string("a\0b", 3), "v"}});
}

BOOST_AUTO_TEST_CASE(a_header_line_given_as_a_name_is_not_repeated) {
    const Error error = refusal("GET", {{"Authorization: Bearer hunter2\r\nX: y", "v"}});
    BOOST_TEST(error.message == "'Authorization...' is not a header name");
}

BOOST_AUTO_TEST_CASE(a_method_that_is_no_token_is_refused) {
    for (const std::string_view method : {"", "GET ", "GE T", "GET\r\nX: y", "G\xc3\x84T"}) {
        refusal(method, {});
    }
    BOOST_TEST(head("PROPFIND", "http://h/").starts_with("PROPFIND / HTTP/1.1\r\n"));
}

BOOST_AUTO_TEST_CASE(connect_is_refused_because_its_answer_is_a_tunnel) {
    refusal("CONNECT", {});
}

BOOST_AUTO_TEST_CASE(headers_that_frame_the_message_are_refused_in_any_case) {
    for (const std::string name :
         {"Host", "CONTENT-LENGTH", "transfer-encoding", "Connection", "upgrade"}) {
        const Error error = refusal("POST", {{name, "x"}});
        BOOST_TEST(error.message.find("set by the host only") != std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
