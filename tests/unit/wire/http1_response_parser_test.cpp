#include "wire/http1_response_parser.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "support/chunking.hpp"

namespace tenon::wire {
namespace {

using test::Chunks;

// What one answer came to, the pieces of the body joined.
struct Seen final : Http1ResponseEvents {
    int heads = 0;
    int status = 0;
    std::string headers;  // "name=value;"
    std::string body;
    std::string error;  // empty = the answer was complete
    Code code = Code::ok;
    bool reusable = false;
    std::optional<std::chrono::seconds> keep_alive;

    void on_head(int code_in, std::span<const HeaderView> views) override {
        ++heads;
        status = code_in;
        for (const auto& [name, value] : views) {
            headers.append(name).append("=").append(value).append(";");
        }
    }
    void on_body(std::string_view bytes) override {
        BOOST_TEST(!bytes.empty());
        BOOST_TEST(heads == 1);
        body += bytes;
    }

    [[nodiscard]] std::string summary() const {
        return std::to_string(heads) + "|" + std::to_string(status) + "|" + headers + "|" + body +
               "|" + error + "|" + std::to_string(reusable) +
               (keep_alive ? "|" + std::to_string(keep_alive->count()) : "");
    }
};

struct Reading {
    Http1ResponseParser::Limits limits{};
    bool to_head = false;
    bool then_closed = true;
    bool cut_off = false;
};

// Feeds the chunks until the parser is done or failed, then closes.
Seen read(const Chunks& chunks, const Reading& how = {}) {
    Seen seen;
    Http1ResponseParser parser(how.limits, how.to_head);
    Result<void> result;
    for (const std::string& chunk : chunks) {
        result = parser.feed(chunk, seen);
        if (!result || parser.done()) break;
    }
    if (result && !parser.done() && how.then_closed) result = parser.finish(seen, how.cut_off);
    if (!result) {
        seen.error = result.error().message;
        seen.code = result.error().code;
    } else if (!parser.done()) {
        seen.error = "unfinished";
    } else {
        seen.reusable = parser.reusable();
        seen.keep_alive = parser.keep_alive_timeout();
    }
    return seen;
}

// The same at every split, checked.
Seen read_split(std::string_view text, const Reading& how = {}) {
    const Seen whole = read({std::string(text)}, how);
    test::for_every_split(text, [&](const Chunks& chunks) {
        const Seen seen = read(chunks, how);
        BOOST_TEST(seen.summary() == whole.summary());
    });
    std::mt19937 random(7);
    for (int i = 0; i < 50; ++i) {
        const Seen seen = read(test::random_chunks(text, 7, random), how);
        BOOST_TEST(seen.summary() == whole.summary());
    }
    return whole;
}

void refused(std::string_view text) {
    BOOST_TEST_CONTEXT(text) {
        const Seen seen = read_split(text);
        BOOST_TEST(!seen.error.empty());
        BOOST_TEST((seen.code == Code::protocol));
    }
}

bool says(const Seen& seen, std::string_view part) {
    return seen.error.find(part) != std::string::npos;
}

BOOST_AUTO_TEST_SUITE(http1_response_parser)

BOOST_AUTO_TEST_CASE(a_body_with_content_length_ends_there_and_the_connection_lives) {
    const Seen seen =
        read_split("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCONTENT-LENGTH: 5\r\n\r\nhello");
    BOOST_TEST(seen.status == 200);
    BOOST_TEST(seen.headers == "content-type=text/plain;content-length=5;");
    BOOST_TEST(seen.body == "hello");
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.reusable);
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_complete_with_its_head) {
    const Seen seen =
        read_split("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {.then_closed = false});
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.body == "");
    BOOST_TEST(seen.reusable);
}

BOOST_AUTO_TEST_CASE(chunks_are_joined_and_their_extensions_dropped) {
    const Seen seen = read_split(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;a=b;c=\"d;\\\"e\"\r\nhello\r\n00001\r\n \r\nA\r\n0123456789\r\n0;last\r\n\r\n");
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.body == "hello 0123456789");
    BOOST_TEST(seen.reusable);
}

BOOST_AUTO_TEST_CASE(an_empty_chunked_body_survives_every_split) {
    const Seen seen = read_split("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
                                 {.then_closed = false});
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.body == "");
    BOOST_TEST(seen.reusable);
}

BOOST_AUTO_TEST_CASE(trailers_are_read_and_dropped) {
    const Seen seen = read_split(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\nx\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n",
        {.then_closed = false});
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.body == "x");
    BOOST_TEST(seen.headers == "transfer-encoding=chunked;");
    BOOST_TEST(seen.reusable);
}

BOOST_AUTO_TEST_CASE(without_framing_the_body_goes_on_until_the_close) {
    const Seen seen = read_split("HTTP/1.1 200 OK\r\nX: y\r\n\r\nall of it\r\n\r\n");
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.body == "all of it\r\n\r\n");
    BOOST_TEST(!seen.reusable);
    BOOST_TEST(read({"HTTP/1.1 200 OK\r\n\r\n"}).error == "");
}

BOOST_AUTO_TEST_CASE(a_close_that_may_be_an_attackers_delimits_nothing) {
    const Seen seen = read_split("HTTP/1.1 200 OK\r\nX: y\r\n\r\nsome", {.cut_off = true});
    BOOST_TEST(seen.error == "the answer was cut short after 4 bytes");
    BOOST_TEST(read({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"}, {.cut_off = true}).error ==
               "");
}

BOOST_AUTO_TEST_CASE(interim_answers_are_consumed) {
    const Seen seen = read_split(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        {.then_closed = false});
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.heads == 1);
    BOOST_TEST(seen.status == 200);
    BOOST_TEST(seen.headers == "content-length=2;");
    BOOST_TEST(seen.body == "ok");
    BOOST_TEST(seen.reusable);
}

BOOST_AUTO_TEST_CASE(endless_interim_answers_are_an_error) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "HTTP/1.1 102 Processing\r\n\r\n";
    const Seen seen = read({text}, {.then_closed = false});
    BOOST_TEST(says(seen, "1xx"));
    BOOST_TEST(seen.heads == 0);
}

BOOST_AUTO_TEST_CASE(switching_protocols_was_never_asked_for) {
    refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n\1\2\3");
}

BOOST_AUTO_TEST_CASE(answers_that_never_have_a_body_have_none_whatever_they_announce) {
    for (const std::string_view text :
         {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
          "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
          "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        const Seen seen = read_split(text, {.then_closed = false});
        BOOST_TEST(seen.error == "");
        BOOST_TEST(seen.body == "");
        BOOST_TEST(seen.reusable);
    }
}

BOOST_AUTO_TEST_CASE(the_answer_to_head_has_no_body) {
    for (const std::string_view text :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}) {
        const Seen seen = read_split(text, {.to_head = true, .then_closed = false});
        BOOST_TEST(seen.error == "");
        BOOST_TEST(seen.body == "");
        BOOST_TEST(seen.reusable);
    }
}

BOOST_AUTO_TEST_CASE(length_and_transfer_coding_together_are_refused) {
    refused("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
    refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(transfer_codings_other_than_one_chunked_are_refused) {
    for (const std::string_view coding : {"gzip", "identity", "gzip, chunked", "chunked, gzip",
                                          "chunked, chunked", "", "xchunked"}) {
        refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + std::string(coding) +
                "\r\n\r\n0\r\n\r\n");
    }
    refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n");
    refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx");
}

BOOST_AUTO_TEST_CASE(a_length_must_be_one_number) {
    for (const std::string_view length :
         {"", "-1", "+1", "1x", "0x1", "1 1", "1,2", "18446744073709551616", "1,", "one"}) {
        refused("HTTP/1.1 200 OK\r\nContent-Length: " + std::string(length) + "\r\n\r\nx");
    }
    refused("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx");
    const Seen same = read({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"});
    BOOST_TEST(same.error == "");
}

BOOST_AUTO_TEST_CASE(what_is_no_http_answer_is_refused) {
    for (const std::string_view text :
         {"SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n",
          "HTTP/1.2 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
          "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 Early\r\n\r\n",
          "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 200 O\1K\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n"}) {
        refused(text);
    }
}

BOOST_AUTO_TEST_CASE(malformed_fields_are_refused) {
    for (const std::string_view field :
         {"no colon", ": no name", "Content-Length : 1", " leading: space", "a b: c", "A: b\1c",
          "A: b\rc", "A: b\nC: d"}) {
        refused("HTTP/1.1 200 OK\r\n" + std::string(field) + "\r\n\r\n");
    }
    refused(std::string_view("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27));
}

BOOST_AUTO_TEST_CASE(malformed_chunks_are_refused) {
    for (const std::string_view chunks :
         {"\r\n\r\n\r\n", "x\r\n\r\n\r\n", "-1\r\nx\r\n0\r\n\r\n", "0x1\r\nx\r\n0\r\n\r\n",
          "1\r\nxy\r\n0\r\n\r\n", "1\r\nx0\r\n\r\n\r\n", "1\nx\n0\n\n\r\n",
          "10000000000000000\r\nx\r\n0\r\n\r\n", "1 2\r\nx\r\n0\r\n\r\n"}) {
        refused("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(chunks));
    }
}

BOOST_AUTO_TEST_CASE(an_early_end_is_an_error_at_every_byte) {
    for (const std::string_view text :
         {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
          "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          "5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n"}) {
        for (std::size_t cut = 0; cut < text.size(); ++cut) {
            const Seen seen = read_split(text.substr(0, cut));
            BOOST_TEST(!seen.error.empty(), text.substr(0, cut));
            BOOST_TEST((seen.code == Code::protocol));
        }
        BOOST_TEST(read({std::string(text)}).error == "");
    }
}

BOOST_AUTO_TEST_CASE(a_person_is_told_where_the_answer_ended) {
    BOOST_TEST(read({}).error == "the connection was closed without an answer");
    BOOST_TEST(read({"HTTP/1.1 2"}).error == "the connection was closed inside the answer's head");
    BOOST_TEST(read({"HTTP/1.1 100 Continue\r\n\r\n"}).error ==
               "the connection was closed inside the answer's head");
    BOOST_TEST(read({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}).error ==
               "the answer was cut short after 0 of 9 bytes");
    BOOST_TEST(read({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}).error ==
               "the answer was cut short after 3 of 9 bytes");
    BOOST_TEST(read({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc"}).error ==
               "the answer was cut short after 3 bytes");
}

BOOST_AUTO_TEST_CASE(a_head_above_the_limit_is_refused_however_it_arrives) {
    const Reading how{.limits = {.head_bytes = 200}, .then_closed = false};
    const std::string start = "HTTP/1.1 200 OK\r\n";
    const std::string small =
        start + "A: " + std::string(100, 'x') + "\r\nContent-Length: 0\r\n\r\n";
    BOOST_TEST(read_split(small, how).error == "");

    // Cut so that each line is taken as it comes and next to nothing is left over.
    Chunks lines = {start + "A"};
    for (int i = 0; i < 100; ++i) lines.push_back(": b\r\nA");
    BOOST_TEST(says(read(lines, how), "larger than 200 bytes"));
    BOOST_TEST(says(read({start + "A: " + std::string(300, 'x')}, how), "larger than 200 bytes"));
    BOOST_TEST(says(read({"HTTP/1.1 200 " + std::string(300, 'x')}, how), "larger than 200 bytes"));
    Chunks bytes;
    for (const char c : start + "A: " + std::string(300, 'x')) bytes.emplace_back(1, c);
    BOOST_TEST(says(read(bytes, how), "larger than 200 bytes"));
}

BOOST_AUTO_TEST_CASE(chunk_heads_and_trailers_are_limited_too) {
    const Reading how{.limits = {.head_bytes = 200}, .then_closed = false};
    const std::string start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const Chunks endless(100, "xxxxxxxxxx");
    for (const std::string_view begin : {"1;a=", "0;a=", "0\r\nA: "}) {
        Chunks chunks = {start + std::string(begin)};
        chunks.insert(chunks.end(), endless.begin(), endless.end());
        BOOST_TEST(says(read(chunks, how), "larger than 200 bytes"));
    }
    std::string trailers = start + "0\r\n";
    for (int i = 0; i < 100; ++i) trailers += "A: b\r\n";
    BOOST_TEST(says(read({trailers + "\r\n"}, how), "larger than 200 bytes"));
}

BOOST_AUTO_TEST_CASE(a_body_above_the_limit_is_too_large_in_every_framing) {
    const Reading how{.limits = {.body_bytes = 5}};
    for (const std::string_view head :
         {"Content-Length: 6\r\n\r\nsixsix",
          "Transfer-Encoding: chunked\r\n\r\n6\r\nsixsix\r\n0\r\n\r\n",
          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
          "X: y\r\n\r\nsixsix"}) {
        const Seen seen = read({"HTTP/1.1 200 OK\r\n" + std::string(head)}, how);
        BOOST_TEST((seen.code == Code::too_large), head);
        BOOST_TEST(says(seen, "limit of 5 bytes (http.max_body_bytes)"));
        BOOST_TEST(seen.body.size() <= 5U);
    }
    for (const std::string_view head :
         {"Content-Length: 5\r\n\r\nfive!",
          "Transfer-Encoding: chunked\r\n\r\n5\r\nfive!\r\n0\r\n\r\n", "X: y\r\n\r\nfive!"}) {
        BOOST_TEST(read_split("HTTP/1.1 200 OK\r\n" + std::string(head), how).error == "");
    }
}

BOOST_AUTO_TEST_CASE(a_connection_is_not_reused_when_the_server_says_so) {
    const auto reusable = [](const std::string& start) {
        return read({start + "Content-Length: 0\r\n\r\n"}, {.then_closed = false}).reusable;
    };
    BOOST_TEST(reusable("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(reusable("HTTP/1.1 500 Sorry\r\n"));
    BOOST_TEST(!reusable("HTTP/1.1 200 OK\r\nConnection: Close\r\n"));
    BOOST_TEST(!reusable("HTTP/1.1 200 OK\r\nConnection: x, close\r\n"));
    BOOST_TEST(!reusable("HTTP/1.0 200 OK\r\n"));
    BOOST_TEST(reusable("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"));
}

BOOST_AUTO_TEST_CASE(a_chunked_answer_of_http_1_0_is_read_but_its_connection_not_trusted) {
    const Seen seen = read_split(
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
        "1\r\nx\r\n0\r\n\r\n");
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.body == "x");
    BOOST_TEST(!seen.reusable);
}

BOOST_AUTO_TEST_CASE(bytes_after_the_answer_forbid_reuse) {
    Seen seen = read({"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n"});
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.body == "x");
    BOOST_TEST(!seen.reusable);
    seen = read({"HTTP/1.1 204 No Content\r\n\r\nx"});
    BOOST_TEST(seen.error == "");
    BOOST_TEST(!seen.reusable);
}

BOOST_AUTO_TEST_CASE(the_servers_own_idle_limit_is_known) {
    const auto limit = [](const std::string& value) {
        return read({"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: " + value + "\r\n\r\n"})
            .keep_alive;
    };
    BOOST_TEST((limit("timeout=5, max=100") == std::chrono::seconds(5)));
    BOOST_TEST((limit("max=100, timeout=7") == std::chrono::seconds(7)));
    BOOST_TEST(!limit("max=100"));
    BOOST_TEST(!limit("timeout=-5"));
    BOOST_TEST(!limit("timeout=99999999999999"));
    BOOST_TEST(!limit("timeout="));
}

BOOST_AUTO_TEST_CASE(a_folded_value_is_one_line) {
    const Seen seen =
        read_split("HTTP/1.1 200 OK\r\nA: b\r\n  c\r\n\td\r\nContent-Length: 0\r\n\r\n");
    BOOST_TEST(seen.error == "");
    BOOST_TEST(seen.headers == "a=b c d;content-length=0;");
}

BOOST_AUTO_TEST_CASE(random_garbage_never_ends_as_success_with_a_wrong_length) {
    std::mt19937 random(11);
    const std::string good =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for (int i = 0; i < 20'000; ++i) {
        std::string text = good;
        for (std::size_t flips = 1 + random() % 3; flips > 0; --flips) {
            text[random() % text.size()] = static_cast<char>(random() % 256);
        }
        const Seen whole = read({text});
        const Seen pieces = read(test::random_chunks(text, 9, random));
        BOOST_TEST(whole.error.empty() == pieces.error.empty(), text);
        if (whole.error.empty()) {
            BOOST_TEST(whole.summary() == pieces.summary());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::wire
