#include "tenon/ndjson.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/chunking.hpp"

using tenon::Code;
using tenon::NdjsonReader;

namespace {

using Lines = std::vector<std::string>;

/// The lines of a stream; a reader that failed adds the line "failed".
Lines read(const tenon::test::Chunks& chunks, std::size_t limit = NdjsonReader::kDefaultLimit) {
    NdjsonReader reader(limit);
    Lines lines;
    for (const std::string& chunk : chunks) {
        const std::string mortal(chunk);
        (void)reader.feed(mortal, [&](std::string_view line) { lines.emplace_back(line); });
    }
    if (const auto last = reader.finish()) lines.emplace_back(*last);
    if (reader.failed()) lines.emplace_back("failed");
    return lines;
}

Lines read(std::string_view text) {
    return read(tenon::test::Chunks{std::string(text)});
}

const std::vector<std::string>& samples() {
    static const std::vector<std::string> all = {
        "{\"a\":1}\n{\"b\":2}\r\n\n\r\n  \t\n{\"c\":\"\xF0\x9F\x98\x80\xE4\xBD\xA0\xD7\xA9\"}",
        "\xEF\xBB\xBF{\"bom\":1}\n\xEF\xBB\xBF{}\n",
        "{\"done\":true}\r",
        "{\"a\":\"\r\"}\n\r\r\n",
        "\n\n",
        "",
    };
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ndjson)

BOOST_AUTO_TEST_CASE(lines_are_the_same_however_the_stream_is_cut) {
    for (const std::string& sample : samples()) {
        const Lines whole = read(sample);
        tenon::test::for_every_split(
            sample, [&](const tenon::test::Chunks& chunks) { BOOST_TEST(read(chunks) == whole); });
    }
}

BOOST_AUTO_TEST_CASE(lines_are_the_same_for_random_chunks) {
    std::string stream;
    for (int round = 0; round < 20; ++round) {
        for (const std::string& sample : samples()) stream += sample + '\n';
    }
    const Lines whole = read(stream);
    BOOST_TEST(whole.size() > 100u);
    std::mt19937 random(20240607);
    for (std::size_t longest = 1; longest <= 200; ++longest) {
        BOOST_TEST(read(tenon::test::random_chunks(stream, longest, random)) == whole);
    }
}

BOOST_AUTO_TEST_CASE(lines_end_in_lf_or_crlf_and_empty_ones_are_ignored) {
    BOOST_TEST(read("{}\n[]\r\n\n \t \r\n1\n") == (Lines{"{}", "[]", "1"}));
}

BOOST_AUTO_TEST_CASE(a_last_line_without_newline_is_delivered_by_finish) {
    NdjsonReader reader;
    int lines = 0;
    BOOST_TEST(reader.feed("{}\n{\"done\":true}", [&](std::string_view) { ++lines; }).has_value());
    BOOST_TEST(lines == 1);
    const auto last = reader.finish();
    BOOST_REQUIRE(last.has_value());
    BOOST_TEST(*last == "{\"done\":true}");
    BOOST_TEST(!reader.finish().has_value());
}

BOOST_AUTO_TEST_CASE(one_leading_byte_order_mark_is_dropped) {
    BOOST_TEST(read("\xEF\xBB\xBF{}\n\xEF\xBB\xBF[]\n") == (Lines{"{}", "\xEF\xBB\xBF[]"}));
}

BOOST_AUTO_TEST_CASE(a_line_that_lies_whole_in_the_chunk_is_not_copied) {
    const std::string chunk = "{\"x\":1}\r\n";
    NdjsonReader reader;
    reader.push(chunk);
    const auto line = reader.next();
    BOOST_REQUIRE(line.has_value());
    BOOST_TEST(static_cast<const void*>(line->data()) == static_cast<const void*>(chunk.data()));
}

BOOST_AUTO_TEST_CASE(a_line_past_the_limit_fails_however_it_is_cut) {
    tenon::test::for_every_split("\xEF\xBB\xBF[3456789]\r\n[3456789]", [](const auto& chunks) {
        BOOST_TEST(read(chunks, 9) == (Lines{"[3456789]", "[3456789]"}));
    });
    tenon::test::for_every_split("[3456789]\n[34567890]\n[1]\n", [](const auto& chunks) {
        BOOST_TEST(read(chunks, 9) == (Lines{"[3456789]", "failed"}));
    });
}

BOOST_AUTO_TEST_CASE(a_line_without_end_fails_before_its_end) {
    NdjsonReader reader(1000);
    const std::string chunk(600, 'x');
    BOOST_TEST(reader.feed(chunk, [](std::string_view) {}).has_value());
    const auto fed = reader.feed(chunk, [](std::string_view) {});
    BOOST_REQUIRE(!fed.has_value());
    BOOST_TEST((fed.error().code == Code::too_large));
    reader.reset();
    BOOST_TEST(reader.feed("{}\n", [](std::string_view) {}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
