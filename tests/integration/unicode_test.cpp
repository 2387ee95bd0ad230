#include "host_fixture.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

// Characters of one to four bytes, joined emoji, right-to-left with marks, escapes of JSON.
const std::string kPrompt =
    "Grüße 👩‍👩‍👧‍👦🏳️‍🌈 日本語の文章、漢字 שָׁלוֹם مرحبا بالعالم "
    "e\xcc\x81 "
    "\"q\" "
    "\\ "
    "/\t\xe2\x80\xa8 𝒳";

void check(host::Host& host, const std::string& provider, const std::string& model) {
    const std::string expected = "You said: " + kPrompt;
    const auto whole = host.complete(ask(provider, kPrompt, model));
    BOOST_REQUIRE_MESSAGE(whole.has_value(), why(whole));
    BOOST_TEST(whole->text == expected);
    std::string streamed;
    const auto answer = host.complete(ask(provider, kPrompt, model), [&](const auto& delta) {
        if (delta.kind == host::DeltaKind::text) streamed += delta.text;
    });
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    BOOST_TEST(streamed == expected);
    BOOST_TEST(answer->text == expected);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(unicode)

BOOST_AUTO_TEST_CASE(text_of_all_scripts_comes_back_byte_for_byte_through_the_mock) {
    const auto host = open_host();
    for (const char* kind : {"mock", "mock-blocking", "mock-session", "mock-mux"}) {
        check(*host, kind, "");
    }
}

BOOST_AUTO_TEST_CASE(text_comes_back_through_openai_and_ollama_however_the_server_cuts_it) {
    const auto host = open_host();
    // 1 sends every byte alone; the others move the cuts through all positions of a character.
    for (const std::size_t piece : {0u, 1u, 2u, 3u, 5u, 7u, 11u, 64u}) {
        FakeLlm fake({.server = {.write_pieces = piece}, .content_piece = 1 + piece % 4});
        const std::string suffix = std::to_string(piece);
        add(*host, "oai" + suffix, "openai", R"({"base_url":)" + quoted(fake.openai_url()) + "}");
        add(*host, "oll" + suffix, "ollama", R"({"base_url":)" + quoted(fake.url()) + "}");
        check(*host, "oai" + suffix, "fake-small");
        check(*host, "oll" + suffix, "fake-small");
    }
}

BOOST_AUTO_TEST_CASE(every_way_to_end_a_line_of_an_event_stream_is_understood) {
    const auto host = open_host();
    int n = 0;
    for (const char* newline : {"\n", "\r\n", "\r"}) {
        FakeLlm fake({.server = {.write_pieces = 1}, .sse_newline = newline, .sse_comments = true});
        const std::string name = "sse" + std::to_string(n++);
        add(*host, name, "openai", R"({"base_url":)" + quoted(fake.openai_url()) + "}");
        check(*host, name, "fake-small");
    }
}

BOOST_AUTO_TEST_SUITE_END()
