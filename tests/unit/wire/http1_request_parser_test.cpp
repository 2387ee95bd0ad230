#include "wire/http1_request_parser.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <vector>

#include "support/chunking.hpp"

namespace tenon::wire {
namespace {

using test::Chunks;

std::string describe(Http1RequestParser& parser) {
    std::string text = std::string(parser.method()) + " " + std::string(parser.target()) + " at " +
                       std::string(parser.authority()) + (parser.http10() ? " 1.0" : " 1.1") +
                       (parser.keep_alive() ? " kept;" : " closed;");
    for (const auto& [name, value] : parser.headers()) {
        text.append(name).append("=").append(value).append(";");
    }
    return text + " " + parser.body();
}

// Reads requests until the bytes end or one is refused: one line for each.
struct Seen {
    std::vector<std::string> requests;
    int refused = 0;  // the status
    std::string why;
    bool unfinished = false;
};

Seen read(const Chunks& chunks, const Http1RequestParser::Limits& limits = {}) {
    Seen seen;
    Http1RequestParser parser(limits);
    for (const std::string& chunk : chunks) {
        std::string_view rest = chunk;
        while (!rest.empty()) {
            auto used = parser.feed(rest);
            if (!used) {
                seen.refused = used.error().http_status;
                seen.why = used.error().message;
                return seen;
            }
            BOOST_TEST_REQUIRE(*used > 0U);
            rest.remove_prefix(*used);
            if (!parser.done()) continue;
            seen.requests.push_back(describe(parser));
            parser.reset();
        }
    }
    seen.unfinished = parser.started();
    return seen;
}

// The same at every split, checked.
Seen read_split(std::string_view text, const Http1RequestParser::Limits& limits = {}) {
    const Seen whole = read({std::string(text)}, limits);
    test::for_every_split(text, [&](const Chunks& chunks) {
        const Seen split = read(chunks, limits);
        BOOST_TEST(split.requests == whole.requests, boost::test_tools::per_element());
        BOOST_TEST(split.refused == whole.refused);
        BOOST_TEST(split.why == whole.why);
        BOOST_TEST(split.unfinished == whole.unfinished);
    });
    return whole;
}

std::string only(const Seen& seen) {
    BOOST_TEST(seen.why == "");
    BOOST_TEST(!seen.unfinished);
    BOOST_TEST_REQUIRE(seen.requests.size() == 1U);
    return seen.requests.front();
}

// With a second, forbidden request behind it, that must never be seen.
int status_of(const std::string& text) {
    const Seen seen = read_split(text + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(seen.requests.empty());
    return seen.refused;
}

BOOST_AUTO_TEST_SUITE(http1_request_parser)

BOOST_AUTO_TEST_CASE(a_request_without_body_is_its_head) {
    BOOST_TEST(only(read_split("GET /v1/models?limit=2 HTTP/1.1\r\nHost: localhost:8080\r\n"
                               "X-Some-Thing:  padded \t\r\nEmpty:\r\n\r\n")) ==
               "GET /v1/models?limit=2 at localhost:8080 1.1 kept;host=localhost:8080;"
               "x-some-thing=padded;empty=; ");
}

BOOST_AUTO_TEST_CASE(a_body_is_as_long_as_its_length_says) {
    BOOST_TEST(only(read_split("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")) ==
               "POST / at x 1.1 kept;host=x;content-length=5; hello");
    BOOST_TEST(only(read_split("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")) ==
               "POST / at x 1.1 kept;host=x;content-length=0; ");
}

BOOST_AUTO_TEST_CASE(chunks_are_joined_without_extensions_and_trailers) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n";
    const std::string seen = "POST / at x 1.1 kept;host=x;transfer-encoding=Chunked; ";
    BOOST_TEST(only(read_split(head + "5\r\nhello\r\n0\r\n\r\n")) == seen + "hello");
    BOOST_TEST(only(read_split(head + "0\r\n\r\n")) == seen);
    BOOST_TEST(
        only(read_split(head + "3;a=\"b;c\"\r\nhel\r\n002\r\nlo\r\n0;last\r\nHost: y\r\n\r\n")) ==
        seen + "hello");
}

BOOST_AUTO_TEST_CASE(bytes_after_a_request_belong_to_the_next_one) {
    const Seen seen = read_split(
        "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
        "POST /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ncd\r\n0\r\n\r\n"
        "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n"
        "\r\nGET /4 HTTP/1.1\r\nHost: x\r\n\r\nGET");
    BOOST_TEST(seen.why == "");
    BOOST_TEST(seen.unfinished);
    BOOST_TEST_REQUIRE(seen.requests.size() == 4U);
    BOOST_TEST(seen.requests[0] == "POST /1 at x 1.1 kept;host=x;content-length=2; ab");
    BOOST_TEST(seen.requests[1] == "POST /2 at x 1.1 kept;host=x;transfer-encoding=chunked; cd");
    BOOST_TEST(seen.requests[2] == "GET /3 at x 1.1 kept;host=x; ");
    BOOST_TEST(seen.requests[3] == "GET /4 at x 1.1 kept;host=x; ");
}

BOOST_AUTO_TEST_CASE(the_connection_is_kept_as_version_and_header_say) {
    const auto kept = [](const std::string& version, const std::string& header) {
        return only(read_split("GET / HTTP/" + version + "\r\nHost: x\r\n" + header + "\r\n"))
                   .find(" kept;") != std::string::npos;
    };
    BOOST_TEST(kept("1.1", ""));
    BOOST_TEST(!kept("1.1", "Connection: x, Close\r\n"));
    BOOST_TEST(!kept("1.0", ""));
    BOOST_TEST(kept("1.0", "Connection: Keep-Alive\r\n"));
}

BOOST_AUTO_TEST_CASE(a_target_may_be_an_address_which_overrules_host) {
    const auto target = [](const std::string& text) {
        const std::string seen =
            only(read_split("GET " + text + " HTTP/1.1\r\nHost: other\r\n\r\n"));
        return seen.substr(4, seen.find(" 1.1") - 4);
    };
    BOOST_TEST(target("http://example.org/a?b") == "/a?b at example.org");
    BOOST_TEST(target("HTTPS://[::1]:8443") == "/ at [::1]:8443");
    BOOST_TEST(target("http://example.org?b") == "/?b at example.org");
    BOOST_TEST(target("//a/b") == "//a/b at other");
    BOOST_TEST(only(read_split("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")) ==
               "OPTIONS * at x 1.1 kept;host=x; ");
}

BOOST_AUTO_TEST_CASE(an_old_client_needs_no_host) {
    BOOST_TEST(only(read_split("GET / HTTP/1.0\r\n\r\n")) == "GET / at  1.0 closed; ");
    BOOST_TEST(only(read_split("GET / HTTP/1.1\r\nHost:\r\n\r\n")) == "GET / at  1.1 kept;host=; ");
}

BOOST_AUTO_TEST_CASE(lengths_that_disagree_are_refused) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\n";
    for (const std::string headers :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
          "Content-Length: 5\r\nContent-Length: 6\r\n",
          "Content-Length: 5\r\nContent-Length: 5\r\n",
          "content-length: 5\r\nCONTENT-LENGTH: 0\r\n", "Content-Length: 5, 5\r\n",
          "Content-Length: 5,6\r\n", "Content-Length: +5\r\n", "Content-Length: -1\r\n",
          "Content-Length: 0x5\r\n", "Content-Length: 5 5\r\n", "Content-Length:\r\n",
          "Content-Length: 5;a\r\n", "Content-Length: 18446744073709551616\r\n",
          "Content-Length: \"5\"\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
          "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"}) {
        BOOST_TEST_CONTEXT(headers) {
            BOOST_TEST(status_of(head + headers + "\r\n0\r\n\r\n") == 400);
        }
    }
    BOOST_TEST(status_of("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
}

BOOST_AUTO_TEST_CASE(codings_that_are_not_understood_are_refused) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ";
    for (const std::string coding :
         {"gzip", "identity", "gzip, chunked", "chunked, chunked", "chunked, gzip", "xchunked",
          "\"chunked\"", "chunked;q=1", ""}) {
        BOOST_TEST_CONTEXT(coding) {
            BOOST_TEST(status_of(head + coding + "\r\n\r\n0\r\n\r\n") == 501);
        }
    }
    BOOST_TEST(status_of(head + "\vchunked\r\n\r\n0\r\n\r\n") == 400);
}

BOOST_AUTO_TEST_CASE(lines_that_end_in_any_other_way_are_refused) {
    for (const std::string text :
         {"GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nHost: x\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\n\n", "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n", "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: x\r\nA:\r\n b\r\n\r\n", "\n\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
          "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "\rGET / HTTP/1.1\r\nHost: x\r\n\r\n"}) {
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(status_of(text) == 400);
        }
    }
}

BOOST_AUTO_TEST_CASE(headers_with_malformed_names_or_values_are_refused) {
    const std::string head = "GET / HTTP/1.1\r\nHost: x\r\n";
    for (const std::string_view header :
         {std::string_view("Content-Length : 5"), std::string_view("Transfer-Encoding\t: chunked"),
          std::string_view(": nameless"), std::string_view("no colon"), std::string_view("A(b): c"),
          std::string_view("A\x80: c"), std::string_view("A: b\0c", 6),
          std::string_view("A\0: b", 5), std::string_view("A: b\x01"), std::string_view("A: b\x7f"),
          std::string_view("A: b\x0b")}) {
        BOOST_TEST_CONTEXT(header) {
            BOOST_TEST(status_of(head + std::string(header) + "\r\n\r\n") == 400);
        }
    }
}

BOOST_AUTO_TEST_CASE(request_lines_are_read_to_the_letter) {
    for (const std::string line : {"GET  / HTTP/1.1",
                                   "GET /  HTTP/1.1",
                                   " GET / HTTP/1.1",
                                   "GET /\tHTTP/1.1",
                                   "GET /",
                                   "GET / HTTP/1.1 ",
                                   "G{T / HTTP/1.1",
                                   "GET / HTTPS/1.1",
                                   "GET / http/1.1",
                                   "GET HTTP/1.1",
                                   "/ HTTP/1.1",
                                   "GET / a HTTP/1.1",
                                   "GET /\xc3\xa9 HTTP/1.1",
                                   "GET /a#b HTTP/1.1",
                                   "GET a HTTP/1.1",
                                   "GET * HTTP/1.1",
                                   "GET ftp://x/ HTTP/1.1",
                                   "GET http:/// HTTP/1.1",
                                   "GET http://user@x/ HTTP/1.1",
                                   "GET http://x\\y/ HTTP/1.1",
                                   "GET /\x7f HTTP/1.1"}) {
        BOOST_TEST_CONTEXT(line) {
            BOOST_TEST(status_of(line + "\r\nHost: x\r\n\r\n") == 400);
        }
    }
    for (const std::string version : {"0.9", "1.2", "2.0", "1.10", "3"}) {
        BOOST_TEST(status_of("GET / HTTP/" + version + "\r\nHost: x\r\n\r\n") == 505);
    }
    BOOST_TEST(status_of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == 505);
    BOOST_TEST(status_of("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n") == 501);
}

BOOST_AUTO_TEST_CASE(a_host_must_be_there_once_and_be_valid) {
    for (const std::string hosts :
         {"", "Host: x\r\nHost: x\r\n", "Host: x\r\nhost: y\r\n", "Host: a b\r\n", "Host: u@x\r\n",
          "Host: x/y\r\n", "Host: x?y\r\n", "Host: \"x\"\r\n", "Host: x\x80\r\n"}) {
        BOOST_TEST_CONTEXT(hosts) {
            BOOST_TEST(status_of("GET / HTTP/1.1\r\n" + hosts + "\r\n") == 400);
        }
    }
}

BOOST_AUTO_TEST_CASE(malformed_chunks_are_refused) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string_view body :
         {"5\nhello\r\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
          "x\r\n\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
          "\r\nhello\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
          "10000000000000005\r\nhello\r\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n",
          "5;a\rb\r\nhello\r\n0\r\n\r\n", "5;\r\nhello\r\n0\r\n\r\n",
          "5;a=\x01\r\nhello\r\n0\r\n\r\n", "0\r\nA : b\r\n\r\n", "0\r\nContent-Length: 5\r\n\r\n",
          "0\r\nTransfer-Encoding: chunked\r\n\r\n", "0\r\nGET / HTTP/1.1\r\n\r\n"}) {
        BOOST_TEST_CONTEXT(body) {
            BOOST_TEST(status_of(head + std::string(body)) == 400);
        }
    }
}

BOOST_AUTO_TEST_CASE(limits_are_told_apart) {
    const Http1RequestParser::Limits limits = {
        .target_bytes = 100, .head_bytes = 300, .headers = 3, .body_bytes = 10};
    const auto status = [&](const std::string& text) { return read_split(text, limits).refused; };
    const std::string line = "POST / HTTP/1.1\r\nHost: x\r\n";
    BOOST_TEST(status("GET /" + std::string(99, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n") == 0);
    BOOST_TEST(status("GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n") == 414);
    BOOST_TEST(status("GET /" + std::string(200, 'a')) == 414);
    BOOST_TEST(status(line + "A: " + std::string(300, 'a')) == 431);
    BOOST_TEST(status(line + "A: b\r\nC: d\r\n\r\n") == 0);
    BOOST_TEST(status(line + "A: b\r\nC: d\r\nE: f\r\n\r\n") == 431);
    BOOST_TEST(status(line + "Content-Length: 10\r\n\r\n0123456789") == 0);
    BOOST_TEST(status(line + "Content-Length: 11\r\n\r\n") == 413);
    const std::string chunked = line + "Transfer-Encoding: chunked\r\n\r\n";
    BOOST_TEST(status(chunked + "a\r\n0123456789\r\n0\r\n\r\n") == 0);
    BOOST_TEST(status(chunked + "5\r\n01234\r\n6\r\n") == 413);
    BOOST_TEST(status(chunked + "5;" + std::string(400, 'a')) == 431);
    BOOST_TEST(status(chunked + "0\r\nA: " + std::string(400, 'a')) == 431);
}

BOOST_AUTO_TEST_CASE(chunk_extensions_without_end_are_refused) {
    std::string text = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 20; ++i) text += "1;" + std::string(1000, 'a') + "\r\nx\r\n";
    BOOST_TEST(read({text}).refused == 400);
}

BOOST_AUTO_TEST_CASE(an_expectation_is_reported_while_the_body_is_missing) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n";
    Http1RequestParser parser({});
    BOOST_TEST(parser.feed(head + "Content-Length: 2\r\n\r\n").has_value());
    BOOST_TEST(parser.head_done());
    BOOST_TEST(!parser.done());
    BOOST_TEST(parser.expects_continue());
    BOOST_TEST(parser.feed("ok").has_value());
    BOOST_TEST(!parser.expects_continue());
    parser.reset();
    BOOST_TEST(parser.feed(head + "\r\n").has_value());
    BOOST_TEST(parser.done());
    BOOST_TEST(!parser.expects_continue());
    BOOST_TEST(status_of("GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n") == 417);
}

BOOST_AUTO_TEST_CASE(the_head_is_handed_out_before_the_body_is_read) {
    Http1RequestParser parser({});
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n";
    const auto used = parser.feed(head + "ok");
    BOOST_TEST_REQUIRE(used.has_value());
    BOOST_TEST(*used == head.size());
    BOOST_TEST(parser.head_done());
    BOOST_TEST(parser.content_length().value() == 2U);
}

BOOST_AUTO_TEST_CASE(tls_on_a_plain_port_is_named) {
    const Seen seen = read({"\x16\x03\x01\x02"});
    BOOST_TEST(seen.refused == 400);
    BOOST_TEST(seen.why.find("without TLS") != std::string::npos);
}

// Nothing that is mutated may crash, hang, or be read differently in pieces.
BOOST_AUTO_TEST_CASE(damaged_requests_are_read_alike_in_all_pieces) {
    std::mt19937 random(7);
    const std::string text =
        "POST /a?b=c HTTP/1.1\r\nHost: x:80\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n"
        "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\nT: v\r\n\r\n"
        "PUT /2 HTTP/1.1\r\nHost: y\r\nContent-Length: 3\r\n\r\nabc";
    const std::string_view bytes("\r\n :;0159aAfx,\t\0\x80\"", 18);
    for (int round = 0; round < 20'000; ++round) {
        std::string damaged = text;
        for (unsigned i = random() % 4; i < 4; ++i) {
            const std::size_t at = random() % damaged.size();
            const char byte = bytes[random() % bytes.size()];
            switch (random() % 3) {
                case 0: damaged[at] = byte; break;
                case 1: damaged.insert(at, 1, byte); break;
                default: damaged.erase(at, 1 + random() % 3);
            }
        }
        const Seen whole = read({damaged});
        const Seen split = read(test::random_chunks(damaged, 9, random));
        BOOST_TEST_CONTEXT(damaged) {
            BOOST_TEST(split.requests == whole.requests, boost::test_tools::per_element());
            BOOST_TEST((split.refused > 0) == (whole.refused > 0));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
