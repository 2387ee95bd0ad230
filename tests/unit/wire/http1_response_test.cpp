#include "wire/http1_response.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <vector>

namespace tenon::wire {
namespace {

using Body = ResponseFraming::Body;

std::string head(int status, const std::vector<HeaderView>& headers,
                 const ResponseFraming& framing = {}) {
    std::string out = "before";
    const auto written = append_response_head(out, status, headers, framing, "today");
    if (written) return out.substr(6);
    BOOST_TEST(out == "before");
    BOOST_TEST((written.error().code == Code::invalid));
    return "refused: " + written.error().message;
}

BOOST_AUTO_TEST_SUITE(http1_response)

BOOST_AUTO_TEST_CASE(a_head_names_status_date_headers_and_length) {
    BOOST_TEST(head(200, {{"Content-Type", "text/plain"}, {"X-A", ""}}, {.length = 12}) ==
               "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Type: text/plain\r\nX-A: \r\n"
               "Content-Length: 12\r\n\r\n");
    BOOST_TEST(head(404, {}) ==
               "HTTP/1.1 404 Not Found\r\nDate: today\r\nContent-Length: 0\r\n\r\n");
    BOOST_TEST(head(599, {}).starts_with("HTTP/1.1 599 Unknown\r\n"));
}

BOOST_AUTO_TEST_CASE(the_framing_decides_about_length_and_connection) {
    const auto after_date = [](int status, const ResponseFraming& framing) {
        const std::string text = head(status, {}, framing);
        return text.substr(text.find("today\r\n") + 7);
    };
    BOOST_TEST(after_date(200, {.body = Body::chunked}) == "Transfer-Encoding: chunked\r\n\r\n");
    BOOST_TEST(after_date(200, {.body = Body::until_close, .close = true}) ==
               "Connection: close\r\n\r\n");
    BOOST_TEST(after_date(200, {.http10 = true}) ==
               "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    BOOST_TEST(after_date(200, {.close = true, .http10 = true}) ==
               "Content-Length: 0\r\nConnection: close\r\n\r\n");
    BOOST_TEST(after_date(204, {}) == "\r\n");
    BOOST_TEST(after_date(304, {.body = Body::chunked}) == "\r\n");
}

BOOST_AUTO_TEST_CASE(nothing_that_would_become_another_header_is_written) {
    using namespace std::string_literals;
    for (const std::string& value : {"a\r\nSet-Cookie: b"s, "a\n"s, "\r"s, "a\0b"s}) {
        BOOST_TEST(head(200, {{"X-A", value}}).starts_with("refused"));
    }
    for (const std::string& name : {""s, "X A"s, "X:A"s, "X\r\nA"s, "X\0A"s, "\xc3\xa9"s}) {
        BOOST_TEST(head(200, {{name, "a"}}).starts_with("refused"));
    }
}

BOOST_AUTO_TEST_CASE(a_line_break_is_found_anywhere_in_a_value) {
    for (std::size_t length = 1; length < 40; ++length) {
        const std::string good(length, '\t');
        BOOST_TEST(head(200, {{"A", good}}).find(good) != std::string::npos);
        for (std::size_t at = 0; at < length; ++at) {
            for (const char c : {'\r', '\n', '\0'}) {
                for (const char rest : {'\t', 'x', '\xFF'}) {
                    std::string bad(length, rest);
                    bad[at] = c;
                    BOOST_TEST(head(200, {{"A", bad}}).starts_with("refused: "));
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(headers_of_the_framing_are_not_for_handlers) {
    for (const std::string_view name : {"Connection", "content-length", "DATE", "Keep-Alive",
                                        "Trailer", "Transfer-Encoding", "Upgrade"}) {
        BOOST_TEST(head(200, {{name, "1"}}).starts_with("refused"));
    }
}

BOOST_AUTO_TEST_CASE(a_status_that_is_none_of_an_answer_is_refused) {
    for (const int status : {0, 100, 101, 199, 600, -1}) {
        BOOST_TEST(head(status, {}).starts_with("refused"));
    }
}

BOOST_AUTO_TEST_CASE(chunks_have_hexadecimal_lengths) {
    std::string out;
    append_chunk_head(out, 1);
    append_chunk_head(out, 255);
    append_chunk_head(out, 65536);
    BOOST_TEST(out == "1\r\nff\r\n10000\r\n");
}

BOOST_AUTO_TEST_CASE(every_reason_can_be_found) {
    BOOST_TEST(reason_phrase(100) == "Continue");
    BOOST_TEST(reason_phrase(429) == "Too Many Requests");
    BOOST_TEST(reason_phrase(505) == "HTTP Version Not Supported");
    BOOST_TEST(reason_phrase(418) == "Unknown");
}

BOOST_AUTO_TEST_CASE(dates_are_those_of_http) {
    BOOST_TEST(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    BOOST_TEST(http_date(1709164799) == "Wed, 28 Feb 2024 23:59:59 GMT");
    BOOST_TEST(http_date(1709164800) == "Thu, 29 Feb 2024 00:00:00 GMT");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
