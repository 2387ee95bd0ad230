#include "tenon/sse.hpp"

#include <boost/test/unit_test.hpp>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/chunking.hpp"

using tenon::Code;
using tenon::SseEvent;
using tenon::SseParser;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

/// A copy of an event.
struct Seen {
    std::string type;
    std::string data;
    std::string id;
    bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << "{type=" << seen.type << " data=" << seen.data << " id=" << seen.id << '}';
}

/// Everything that a parser tells about a stream.
struct Outcome {
    std::vector<Seen> events;
    std::uint64_t comments = 0;
    std::optional<std::uint64_t> retry_ms;
    bool failed = false;
    bool partial = false;
    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    for (const Seen& seen : outcome.events) out << seen << ' ';
    return out << "comments=" << outcome.comments << " retry=" << outcome.retry_ms.value_or(0)
               << " failed=" << outcome.failed << " partial=" << outcome.partial;
}

Outcome parse(const tenon::test::Chunks& chunks, std::size_t limit = SseParser::kDefaultLimit) {
    SseParser parser(limit);
    Outcome outcome;
    for (const std::string& chunk : chunks) {
        // A copy that dies at once: no view may survive its chunk.
        const std::string mortal(chunk);
        outcome.failed = !parser.feed(mortal, [&](const SseEvent& event) {
            outcome.events.push_back(
                {std::string(event.type), std::string(event.data), std::string(event.id)});
        });
    }
    outcome.comments = parser.comments();
    outcome.retry_ms = parser.retry_ms();
    outcome.partial = parser.finish();
    return outcome;
}

Outcome parse(std::string_view text, std::size_t limit = SseParser::kDefaultLimit) {
    return parse(tenon::test::Chunks{std::string(text)}, limit);
}

std::vector<std::string> data_of(std::string_view text) {
    std::vector<std::string> data;
    for (const Seen& seen : parse(text).events) data.push_back(seen.data);
    return data;
}

/// Streams with everything in them that the rules know.
const std::vector<std::string>& samples() {
    static const std::vector<std::string> all = {
        "data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\r\n",
        "\xEF\xBB\xBF"
        "data: after a byte order mark\n\n\xEF\xBB\xBF"
        "data: not again\n\n",
        ": comment\nevent: ping\n: another\ndata: {\"type\":\"ping\"}\nid: 7\nretry: 1500\n\n:\n",
        "data: one\ndata:two\ndata\ndata:  four\n\nevent: only\n\nid: 3\n\ndata: x\n\n",
        "data: \xF0\x9F\x98\x80 \xE4\xBD\xA0\xE5\xA5\xBD \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D\n\n",
        "data: broken \xF0\x9F\x98 and \xFF and \xC3\n\nevent: \xE4\xBD\ndata:\n\n",
        "id: a\0b\ndata: nul in the id\n\nid: ok\ndata\n\nid\ndata: id emptied\n\n"s,
        "data: [DONE]\n\ndata: cut sho",
        "Data: case\nunknown: x\n data: indented\ndata : spaced\n\n\n\n\ndata: y\n\nretry: "
        "1x\nretry:\n",
        "\r\n\r\n\r\rdata: z\r\n\n\r",
        "",
    };
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sse)

BOOST_AUTO_TEST_CASE(events_are_the_same_however_the_stream_is_cut) {
    for (const std::string& sample : samples()) {
        const Outcome whole = parse(sample);
        tenon::test::for_every_split(
            sample, [&](const tenon::test::Chunks& chunks) { BOOST_TEST(parse(chunks) == whole); });
    }
}

BOOST_AUTO_TEST_CASE(events_are_the_same_for_random_chunks_of_all_samples_in_one_stream) {
    std::string stream;
    for (int round = 0; round < 5; ++round) {
        for (const std::string& sample : samples()) stream += sample + "\n\n";
    }
    const Outcome whole = parse(stream);
    BOOST_TEST(whole.events.size() > 50u);
    std::mt19937 random(20240607);
    for (std::size_t longest = 1; longest <= 200; ++longest) {
        BOOST_TEST(parse(tenon::test::random_chunks(stream, longest, random)) == whole);
    }
}

BOOST_AUTO_TEST_CASE(lines_may_end_in_lf_cr_or_crlf) {
    BOOST_TEST(data_of("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\r\n") ==
               (std::vector<std::string>{"a", "b", "c", "d"}));
}

BOOST_AUTO_TEST_CASE(a_cr_at_the_end_of_a_chunk_swallows_the_following_lf) {
    BOOST_TEST(parse({"data: a\r", "\ndata: b\r", "\n\r", "\n"}).events ==
               (std::vector<Seen>{{"message", "a\nb", ""}}));
}

BOOST_AUTO_TEST_CASE(a_cr_alone_delivers_without_waiting_for_the_next_byte) {
    SseParser parser;
    parser.push("data: a\r\r");
    const auto event = parser.next();
    BOOST_REQUIRE(event.has_value());
    BOOST_TEST(event->data == "a");
}

BOOST_AUTO_TEST_CASE(one_leading_byte_order_mark_is_dropped) {
    BOOST_TEST(data_of("\xEF\xBB\xBF"
                       "data: a\n\n") == std::vector<std::string>{"a"});
    // A second one belongs to the field's name.
    BOOST_TEST(parse("\xEF\xBB\xBF\xEF\xBB\xBF"
                     "data: a\n\n")
                   .events.empty());
    BOOST_TEST(parse("data: a\n\n\xEF\xBB\xBF"
                     "data: b\n\n")
                   .events.size() == 1u);
}

BOOST_AUTO_TEST_CASE(exactly_one_space_after_the_colon_is_removed) {
    BOOST_TEST(data_of("data:a\n\ndata: b\n\ndata:  c\n\ndata:\td\n\n") ==
               (std::vector<std::string>{"a", "b", " c", "\td"}));
}

BOOST_AUTO_TEST_CASE(data_lines_are_joined_with_lf) {
    BOOST_TEST(data_of("data: YHOO\ndata: +2\ndata: 10\n\n") ==
               std::vector<std::string>{"YHOO\n+2\n10"});
}

BOOST_AUTO_TEST_CASE(the_standards_example_of_empty_data_fires_two_events) {
    const Outcome outcome = parse("data\n\ndata\ndata\n\ndata:");
    BOOST_TEST(outcome.events == (std::vector<Seen>{{"message", "", ""}, {"message", "\n", ""}}));
    BOOST_TEST(outcome.partial);
}

BOOST_AUTO_TEST_CASE(an_event_without_data_is_not_delivered_and_its_type_is_forgotten) {
    BOOST_TEST(parse("event: lost\n\ndata: a\n\n").events ==
               (std::vector<Seen>{{"message", "a", ""}}));
}

BOOST_AUTO_TEST_CASE(the_type_holds_for_one_event_and_the_id_for_all_later_ones) {
    BOOST_TEST(parse("event: add\nid: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n").events ==
               (std::vector<Seen>{{"add", "a", "1"}, {"message", "b", "1"}, {"message", "c", ""}}));
}

BOOST_AUTO_TEST_CASE(an_id_of_an_event_without_data_counts_for_the_next_one) {
    BOOST_TEST(parse("id: 5\n\ndata: a\n\n").events == (std::vector<Seen>{{"message", "a", "5"}}));
}

BOOST_AUTO_TEST_CASE(an_id_with_a_nul_is_ignored) {
    BOOST_TEST(parse("id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n"sv).events ==
               (std::vector<Seen>{{"message", "a", "1"}, {"message", "b", "1"}}));
}

BOOST_AUTO_TEST_CASE(retry_takes_digits_alone) {
    BOOST_TEST((parse("retry: 1500\n").retry_ms == 1500u));
    for (const auto* text : {"retry: -1\n", "retry: 1.5\n", "retry: 1s\n", "retry:\n",
                             "retry: +1\n", "retry: 99999999999999999999999\n"}) {
        BOOST_TEST(!parse(text).retry_ms.has_value());
    }
}

BOOST_AUTO_TEST_CASE(field_names_are_compared_with_case_and_unknown_ones_are_ignored) {
    BOOST_TEST(parse("DATA: a\nDatA: b\n data: c\ndata : d\nerror: e\n\n").events.empty());
}

BOOST_AUTO_TEST_CASE(comments_are_counted_and_otherwise_ignored) {
    const Outcome outcome = parse(": OPENROUTER PROCESSING\n\n:\n\ndata: a\n: inside\n\n");
    BOOST_TEST(outcome.comments == 3u);
    BOOST_TEST(outcome.events == (std::vector<Seen>{{"message", "a", ""}}));
}

BOOST_AUTO_TEST_CASE(ill_formed_utf8_becomes_the_replacement_character) {
    BOOST_TEST(data_of("data: a\xFF"
                       "b\xF0\x9F\x98\n\n") == std::vector<std::string>{"a\xEF\xBF\xBD"
                                                                        "b\xEF\xBF\xBD"});
}

BOOST_AUTO_TEST_CASE(an_event_without_its_blank_line_is_thrown_away_and_reported) {
    for (const auto* text : {"data: a\n", "data: a", "da", "event: x\n", "data: a\n\nd"}) {
        BOOST_TEST(parse(text).partial, text);
    }
    for (const auto* text : {"", "data: a\n\n", ": comment\n", ": comm", "data: a\n\nretry: 1\n"}) {
        BOOST_TEST(!parse(text).partial, text);
    }
}

BOOST_AUTO_TEST_CASE(an_event_that_lies_whole_in_the_chunk_is_not_copied) {
    const std::string chunk = "event: delta\nid: 9\ndata: {\"x\":1}\n\n";
    const auto inside = [&](std::string_view view) {
        return view.data() >= chunk.data() &&
               view.data() + view.size() <= chunk.data() + chunk.size();
    };
    SseParser parser;
    parser.push(chunk);
    const auto event = parser.next();
    BOOST_REQUIRE(event.has_value());
    BOOST_TEST(inside(event->type));
    BOOST_TEST(inside(event->data));
    BOOST_TEST(inside(event->id));
}

BOOST_AUTO_TEST_CASE(a_line_past_the_limit_fails_however_it_is_cut) {
    const std::string good = "data: 0123456789\n\n";  // a line of 16 bytes
    const std::string bad = good + "data: 01234567890\n\n" + good;
    tenon::test::for_every_split(
        good, [](const tenon::test::Chunks& chunks) { BOOST_TEST(!parse(chunks, 16).failed); });
    tenon::test::for_every_split(bad, [](const tenon::test::Chunks& chunks) {
        const Outcome outcome = parse(chunks, 16);
        BOOST_TEST(outcome.failed);
        BOOST_TEST(outcome.events.size() == 1u);
    });
}

BOOST_AUTO_TEST_CASE(joined_data_past_the_limit_fails_however_it_is_cut) {
    tenon::test::for_every_split("data: 01234567\ndata: 0123456\n\n",
                                 [](const auto& chunks) { BOOST_TEST(!parse(chunks, 16).failed); });
    tenon::test::for_every_split("data: 01234567\ndata: 01234567\n\n",
                                 [](const auto& chunks) { BOOST_TEST(parse(chunks, 16).failed); });
}

BOOST_AUTO_TEST_CASE(a_line_without_end_fails_before_its_end) {
    SseParser parser(1000);
    const std::string chunk(600, 'x');
    BOOST_TEST(parser.feed(chunk, [](const SseEvent&) {}).has_value());
    const auto fed = parser.feed(chunk, [](const SseEvent&) {});
    BOOST_REQUIRE(!fed.has_value());
    BOOST_TEST((fed.error().code == Code::too_large));
    BOOST_TEST(fed.error().message.find("1000 bytes") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_comment_of_any_length_is_neither_kept_nor_too_large) {
    SseParser parser(16);
    BOOST_TEST(parser.feed(":", [](const SseEvent&) {}).has_value());
    for (int i = 0; i < 100; ++i) {
        BOOST_TEST(parser.feed(std::string(100, 'x'), [](const SseEvent&) {}).has_value());
    }
    int events = 0;
    BOOST_TEST(parser.feed("\ndata: a\n\n", [&](const SseEvent&) { ++events; }).has_value());
    BOOST_TEST(events == 1);
    BOOST_TEST(parser.comments() == 1u);
}

BOOST_AUTO_TEST_CASE(a_parser_that_failed_stays_failed_until_reset) {
    SseParser parser(16);
    int events = 0;
    const auto count = [&](const SseEvent&) { ++events; };
    BOOST_TEST(!parser.feed("data: 0123456789 too long\n\n", count).has_value());
    BOOST_TEST(!parser.feed("data: a\n\n", count).has_value());
    BOOST_TEST(events == 0);
    parser.reset();
    BOOST_TEST(parser.feed("data: a\n\n", count).has_value());
    BOOST_TEST(events == 1);
}

BOOST_AUTO_TEST_CASE(after_finish_the_parser_reads_a_new_stream_from_its_beginning) {
    SseParser parser;
    BOOST_TEST(parser.feed("id: old\nevent: x\ndata: cut", [](const SseEvent&) {}).has_value());
    BOOST_TEST(parser.finish());
    std::vector<Seen> events;
    BOOST_TEST(parser
                   .feed("\xEF\xBB\xBF"
                         "data: a\n\n",
                         [&](const SseEvent& event) {
                             events.push_back({std::string(event.type), std::string(event.data),
                                               std::string(event.id)});
                         })
                   .has_value());
    BOOST_TEST(events == (std::vector<Seen>{{"message", "a", ""}}));
}

BOOST_AUTO_TEST_SUITE_END()
