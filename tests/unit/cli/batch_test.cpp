#include <boost/test/unit_test.hpp>
#include <string>

#include "cli/batch_input.hpp"
#include "cli/batch_progress.hpp"
#include "cli/batch_record.hpp"
#include "support/contains.hpp"
#include "wire/json.hpp"

namespace tenon::cli {
namespace {

using namespace std::chrono_literals;
using test::contains;

BatchLine read(const std::string& text, const BatchDefaults& defaults = {}) {
    auto line = read_batch_line(text, 3, defaults);
    const std::string why = line ? "" : line.error().message;
    BOOST_REQUIRE_MESSAGE(line.has_value(), why);
    return *std::move(line);
}

std::string problem(const std::string& text) {
    const auto line = read_batch_line(text, 3, {});
    BOOST_REQUIRE(!line.has_value());
    return line.error().message;
}

const host::ChatRequest& chat(const BatchLine& line) {
    return std::get<host::ChatRequest>(line.request);
}

BOOST_AUTO_TEST_SUITE(batch_line)

BOOST_AUTO_TEST_CASE(a_line_without_an_id_is_named_by_its_number) {
    const auto line = read(R"("hello")");
    BOOST_TEST(line.id == "3");
    BOOST_TEST(line.number == 3u);
    BOOST_TEST(chat(line).messages.at(0).content == "hello");
}

BOOST_AUTO_TEST_CASE(a_prompt_may_say_what_it_wants) {
    const auto line = read(R"({"prompt":"p","system":"s","model":"m","provider":"x",
        "temperature":0.5,"max_tokens":9,"id":12,"priority":-4})");
    BOOST_TEST(line.id == "12");
    BOOST_TEST(line.priority == -4);
    BOOST_TEST(chat(line).messages.at(0).role == "system");
    BOOST_TEST(chat(line).messages.at(1).content == "p");
    BOOST_TEST(chat(line).model == "m");
    BOOST_TEST(chat(line).provider == "x");
    BOOST_TEST(chat(line).temperature.value() == 0.5);
    BOOST_TEST(chat(line).max_tokens.value() == 9);
}

BOOST_AUTO_TEST_CASE(defaults_hold_for_lines_that_do_not_say) {
    const BatchDefaults defaults{"p", "m", {}};
    BOOST_TEST(chat(read(R"("x")", defaults)).provider == "p");
    BOOST_TEST(chat(read(R"({"prompt":"x","model":"other"})", defaults)).model == "other");
    BOOST_TEST(chat(read(R"({"messages":[]})", defaults)).model == "m");
    BOOST_TEST(chat(read(R"({"messages":[],"model":"other"})", defaults)).model == "other");
}

BOOST_AUTO_TEST_CASE(a_body_keeps_what_is_unknown_and_loses_what_is_for_this_program) {
    const auto line = read(R"({"messages":[{"role":"user","content":"x"}],"id":"a","priority":1,
        "x_new":{"deep":[1,2.5,null]}})");
    BOOST_TEST((line.form == BatchForm::body));
    BOOST_TEST(chat(line).body_json ==
               R"({"messages":[{"role":"user","content":"x"}],"x_new":{"deep":[1,2.5,null]}})");
}

BOOST_AUTO_TEST_CASE(what_is_no_job_is_refused_with_the_reason) {
    BOOST_TEST(contains(problem("17"), "a number"));
    BOOST_TEST(contains(problem("{"), "not JSON"));
    BOOST_TEST(contains(problem("{}"), "neither"));
    BOOST_TEST(contains(problem(R"({"prompt":"x","modle":"m"})"), "did you mean 'model'"));
    BOOST_TEST(contains(problem(R"({"prompt":"x","id":""})"), "empty"));
    BOOST_TEST(contains(problem(R"({"prompt":"x","id":1.5})"), "\"id\""));
    BOOST_TEST(contains(problem(R"({"prompt":"x","priority":"high"})"), "\"priority\""));
    BOOST_TEST(contains(problem(R"({"prompt":"x","max_tokens":99999999999})"), "\"max_tokens\""));
    BOOST_TEST(contains(problem(R"({"input":[1]})"), "\"input\""));
    BOOST_TEST(contains(problem(R"({"body":{"messages":[]}})"), "custom_id"));
    BOOST_TEST(
        contains(problem(R"({"custom_id":"a","method":"GET","body":{"messages":[]}})"), "GET"));
    BOOST_TEST(contains(
        problem(R"({"custom_id":"a","url":"/v1/responses","body":{"messages":[]}})"), "/v1/resp"));
    BOOST_TEST(contains(problem(R"({"custom_id":"a","url":"/v1/chat/completions"})"), "\"body\""));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(batch_record_)

BOOST_AUTO_TEST_CASE(an_answer_is_one_line_whatever_the_provider_sent) {
    host::ChatAnswer answer;
    answer.body_json = "{\r\n  \"choices\": [\n ]\n}";
    const std::string line =
        batch_record({5, "a\nb", BatchForm::body},
                     {"5", std::variant<host::ChatAnswer, host::EmbeddingAnswer>(answer), 1});
    BOOST_TEST(line.find('\n') == line.size() - 1);
    BOOST_TEST(contains(line, R"("response":{"choices":[]})"));
    const auto document = wire::JsonDocument::parse(line);
    BOOST_REQUIRE(document.has_value());
    BOOST_TEST(document->root()["id"].as_string().value() == "a\nb");
    BOOST_TEST(document->root()["line"].as_int64().value() == 5);
}

BOOST_AUTO_TEST_CASE(a_failure_says_what_happened) {
    Error error(Code::throttled, "too fast");
    error.http_status = 429;
    const std::string line = batch_record({1, "1", BatchForm::prompt}, {"1", error, 4});
    BOOST_TEST(line == R"({"id":"1","line":1,"error":{"code":"throttled","message":"too fast",)"
                       R"("retryable":true,"http_status":429},"tries":4})"
                       "\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(batch_progress)

BOOST_AUTO_TEST_CASE(it_says_how_far_how_fast_and_how_long_still) {
    BatchProgress progress;
    progress.total = 1'000;
    progress.done = 300;
    progress.done_before = 100;
    progress.failed = 2;
    progress.elapsed = 20s;
    progress.input_tokens = 12'345;
    progress.output_tokens = 2'500'000;
    BOOST_TEST(describe(progress) ==
               "300 of 1000 done (30 %), 2 failed, 10.0/s, ETA 1m 10s, 12.3k tokens in, 2.5M out");
    progress.done = 999;
    BOOST_TEST(contains(describe(progress), "99 %"));  // 100 means all
}

BOOST_AUTO_TEST_CASE(nothing_is_guessed_before_anything_is_done) {
    BatchProgress progress;
    progress.total = 5;
    BOOST_TEST(describe(progress) == "0 of 5 done (0 %)");
    progress.held_because = "p is down";
    BOOST_TEST(contains(describe(progress), "waiting: p is down"));
}

BOOST_AUTO_TEST_CASE(a_bar_fits_its_line_and_has_no_controls_and_no_half_characters) {
    BatchProgress progress;
    progress.total = 4;
    progress.done = 2;
    BOOST_TEST(progress_bar(progress, 200).starts_with("[##########..........] 2 of 4"));
    progress.held_because = "\033[31m\n" + std::string(50, 'x') + "äöü";
    for (std::size_t columns = 1; columns < 140; ++columns) {
        const std::string bar = progress_bar(progress, columns);
        std::size_t characters = 0;
        for (const char c : bar) {
            const auto byte = static_cast<unsigned char>(c);
            BOOST_TEST(byte >= 0x20);
            characters += (byte & 0xc0) != 0x80 ? 1U : 0U;
        }
        BOOST_TEST(characters < std::max<std::size_t>(columns, 1));
        BOOST_TEST((bar.empty() || static_cast<unsigned char>(bar.back()) != 0xc3));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::cli
