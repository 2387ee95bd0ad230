#include "batch_fixture.hpp"

#include <csignal>
#include <filesystem>
#include <utility>

#include "support/contains.hpp"

using namespace tenon;
using namespace tenon::test;

namespace {

std::string prompts(int count) {
    std::string text;
    for (int i = 1; i <= count; ++i) text += "\"p" + std::to_string(i) + "\"\n";
    return text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(batch, BatchFixture)

BOOST_AUTO_TEST_CASE(each_line_is_answered_in_its_own_form) {
    write_input(R"("plain")"
                "\n\n"
                R"({"prompt":"named","id":"a","priority":2})"
                "\n"
                R"({"messages":[{"role":"user","content":"body"}],"id":7})"
                "\n"
                R"({"input":["x","y"]})"
                "\n");
    const auto ran = run();
    BOOST_TEST(ran.code == 0, ran.err);
    const auto all = results(output);
    BOOST_REQUIRE(all.size() == 4u);
    BOOST_TEST(text_at(all.at("1"), "/text") == "You said: plain");
    BOOST_TEST(text_at(all.at("a"), "/text") == "You said: named");
    BOOST_TEST(text_at(all.at("7"), "/response/choices/0/message/content") == "You said: body");
    BOOST_TEST(all.at("5").root().at("/response/data").size() == 2u);
    BOOST_TEST((all.at("7").root()["line"].as_int64() == 4));
    BOOST_TEST(text_of(failures).empty());
}

BOOST_AUTO_TEST_CASE(the_forms_of_the_batch_api_come_back_as_there) {
    write_input(
        R"({"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"x"}]}})"
        "\n"
        R"({"custom_id":"b","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}})"
        "\n"
        R"({"custom_id":"c","method":"POST","url":"/v1/chat/completions","body":{"model":"fault-refused","messages":[]}})"
        "\n");
    const auto ran = run();
    BOOST_TEST(ran.code == 1, ran.err);
    const auto all = results(output, "custom_id");
    BOOST_REQUIRE(all.size() == 2u);
    BOOST_TEST((all.at("a").root().at("/response/status_code").as_int64() == 200));
    BOOST_TEST(text_at(all.at("a"), "/response/body/choices/0/message/content") == "You said: x");
    BOOST_TEST(all.at("b").root().at("/response/body/data").size() == 1u);
    BOOST_TEST((all.at("a").root()["error"].kind() == wire::JsonKind::null));
    const auto failed = results(failures, "custom_id");
    BOOST_REQUIRE(failed.size() == 1u);
    BOOST_TEST(text_at(failed.at("c"), "/error/code") == "refused");
}

BOOST_AUTO_TEST_CASE(lines_that_are_no_jobs_are_all_named_before_anything_is_sent) {
    write_input("\"x\"\n{\"promt\":\"x\"}\n[]\n{\"id\":\"1\",\"prompt\":\"x\"}\n{");
    const auto ran = run();
    BOOST_TEST(ran.code == 2);
    for (const char* part : {"nothing was sent", "line 2", "line 3", "line 5",
                             "line 4: the id \"1\" is that of line 1"}) {
        BOOST_TEST(contains(ran.err, part), part << " in " << ran.err);
    }
    BOOST_TEST(!std::filesystem::exists(output));
}

BOOST_AUTO_TEST_CASE(failures_go_to_a_side_file_and_are_asked_for_again_on_demand) {
    write_input("\"fine\"\n{\"prompt\":\"x\",\"model\":\"fault-auth\"}\n");
    const std::string side = (directory.path() / "side.jsonl").string();
    const auto first = run({"--errors", side});
    BOOST_TEST(first.code == 1);
    BOOST_TEST(contains(first.err, "--retry-failed"));
    const auto failed = results(side);
    BOOST_REQUIRE(failed.size() == 1u);
    BOOST_TEST(text_at(failed.at("2"), "/error/code") == "auth");
    // Done is done.
    const auto second = run({"--errors", side});
    BOOST_TEST(second.code == 1);
    BOOST_TEST(contains(second.err, "nothing is left to do"));
    const auto third = run({"--errors", side, "--retry-failed", "--no-progress"});
    BOOST_TEST(third.code == 1);
    BOOST_TEST(results(side).size() == 1u);
    BOOST_TEST(results(output).size() == 1u);
}

BOOST_AUTO_TEST_CASE(failures_are_not_forgotten_by_a_run_that_cannot_begin) {
    write_input("\"fine\"\n{\"prompt\":\"x\",\"model\":\"fault-auth\"}\n");
    BOOST_TEST(run().code == 1);
    const std::string before = text_of(failures);
    BOOST_TEST_REQUIRE(!before.empty());
    const std::string good = std::exchange(config, R"({"nonsense":1})");
    BOOST_TEST(run({"--retry-failed"}).code == 3);
    BOOST_TEST(text_of(failures) == before);
    config = good;
    const std::string answers = text_of(output);
    static_cast<void>(directory.file("out.jsonl", answers + "\"of somebody else\"\n"));
    BOOST_TEST(run({"--retry-failed"}).code == 2);
    BOOST_TEST(text_of(failures) == before);
    static_cast<void>(directory.file("out.jsonl", answers));
    BOOST_TEST(run({"--retry-failed"}).code == 1);
    BOOST_TEST(results(failures).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_torn_last_line_is_cut_off_and_asked_for_again) {
    write_input(prompts(3));
    BOOST_TEST(run().code == 0);
    const std::string whole = text_of(output);
    std::filesystem::resize_file(output, whole.size() - 10);
    const auto ran = run();
    BOOST_TEST(ran.code == 0, ran.err);
    BOOST_TEST(contains(ran.err, "cut off"), ran.err);
    BOOST_TEST(contains(ran.err, "2 of 3 are done already"), ran.err);
    BOOST_TEST(results(output).size() == 3u);
}

BOOST_AUTO_TEST_CASE(another_input_is_refused_and_nothing_is_changed) {
    write_input(prompts(2));
    BOOST_TEST(run().code == 0);
    const std::string before = text_of(output);
    write_input(prompts(3));
    const auto ran = run();
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(contains(ran.err, "belongs to another input"), ran.err);
    BOOST_TEST(text_of(output) == before);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_of_a_batch_is_left_alone) {
    write_input(prompts(1));
    static_cast<void>(directory.file("out.jsonl", "precious"));
    const auto ran = run();
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(contains(ran.err, "was not written by 'tenon batch'"), ran.err);
    BOOST_TEST(text_of(output) == "precious");
    BOOST_TEST(run_tenon({"batch", input, "-o", input}).code == 2);
    BOOST_TEST(text_of(input) == prompts(1));
}

BOOST_AUTO_TEST_CASE(a_result_that_is_there_twice_is_refused) {
    write_input(prompts(2));
    BOOST_TEST(run().code == 0);
    std::ofstream(output, std::ios::app) << text_of(output);
    const auto ran = run();
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(contains(ran.err, "out.jsonl, line 3"), ran.err);
}

BOOST_AUTO_TEST_CASE(two_batches_on_one_output_are_refused) {
    write_input("\"x\"\n{\"prompt\":\"x\",\"model\":\"fault-silent\"}\n");
    const auto first = start();
    wait_for_lines(1);
    const auto second = run();
    BOOST_TEST(second.code == 2);
    BOOST_TEST(contains(second.err, "another 'tenon batch' is writing to it"), second.err);
}

BOOST_AUTO_TEST_CASE(an_interrupt_finishes_what_is_in_flight_and_the_rest_is_resumed) {
    config = R"({"providers":{"it":{"kind":"mock","default_model":"m",
                 "config":{"latency_ms":5}}}})";
    write_input(prompts(400));
    const auto child = start({"--concurrency", "2"});
    wait_for_lines(3);
    child->send_signal(SIGINT);
    const auto exit = child->wait();
    BOOST_TEST(exit.code == 130);
    BOOST_TEST(contains(child->err(), "the same command goes on from there"), child->err());
    const auto done = results(output).size();
    BOOST_TEST(done >= 3u);
    BOOST_TEST(done < 400u);
    BOOST_TEST(text_of(failures).empty());
    const auto rest = run({"--concurrency", "100"});
    BOOST_TEST(rest.code == 0, rest.err);
    BOOST_TEST(results(output).size() == 400u);
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_the_wait_for_a_provider) {
    config = R"({"retry":{"max_attempts":1},"providers":{"it":{"kind":"mock","default_model":"m"},
        "down":{"kind":"ollama","config":{"base_url":"http://127.0.0.1:9"}}},
        "default_provider":"it"})";
    write_input("\"x\"\n{\"prompt\":\"x\",\"provider\":\"down\",\"model\":\"m\"}\n");
    const auto child = start();
    wait_for_lines(1);
    child->send_signal(SIGINT);
    BOOST_TEST(child->wait().code == 130);
    BOOST_TEST(contains(child->err(), "1 of 2 are done"), child->err());
    BOOST_TEST(text_of(failures).empty());
}

BOOST_AUTO_TEST_CASE(a_second_interrupt_ends_at_once) {
    write_input("\"x\"\n{\"prompt\":\"x\",\"model\":\"fault-silent\"}\n");
    const auto child = start();
    wait_for_lines(1);
    child->send_signal(SIGINT);
    // Both could count as one while the first is pending.
    BOOST_REQUIRE(child->wait_for_error("finishing what is in flight"));
    child->send_signal(SIGINT);
    BOOST_TEST(child->wait().code == 130);
    BOOST_TEST(results(output).size() == 1u);
}

BOOST_AUTO_TEST_CASE(what_fails_for_a_while_is_tried_again) {
    config = R"({"retry":{"max_attempts":1},"providers":{"it":{"kind":"mock","default_model":"m",
                 "config":{"fail_every":2,"fail_times":4}}}})";
    write_input(prompts(4));
    const auto ran = run({"--concurrency", "1"});
    BOOST_TEST(ran.code == 0, ran.err);
    BOOST_TEST(results(output).size() == 4u);
}

BOOST_AUTO_TEST_CASE(without_patience_an_unreachable_provider_fails_every_line) {
    config = R"({"retry":{"max_attempts":1},"providers":{"it":{"kind":"ollama","default_model":"m",
                 "config":{"base_url":"http://127.0.0.1:9"}}}})";
    write_input(prompts(20));
    const auto ran = run({"--patience", "0s", "--retry", "0"});
    BOOST_TEST(ran.code == 1, ran.err);
    BOOST_TEST(results(failures).size() == 20u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_the_run_tears_nothing_and_is_resumed_from) {
    write_input(prompts(100));
    std::vector<std::string> limited = {"/bin/sh", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"",
                                        "sh", TENON_TEST_PROGRAM};
    const auto arguments = command();
    limited.insert(limited.end(), arguments.begin(), arguments.end());
    ChildProcess child(limited, {{"XDG_CONFIG_HOME", "/nonexistent"}, {"HOME", "/nonexistent"}});
    BOOST_TEST(child.wait().code == 1);
    BOOST_TEST(contains(child.err(), "cannot write to " + output), child.err());
    const auto done = results(output).size();
    BOOST_TEST(done > 0u);
    BOOST_TEST(done < 100u);
    BOOST_TEST(text_of(output).ends_with('\n'));
    BOOST_TEST(run().code == 0);
    BOOST_TEST(results(output).size() == 100u);
}

BOOST_AUTO_TEST_CASE(what_a_result_cannot_be_kept_in_is_refused) {
    write_input(prompts(3));
    const auto ran = run({"--errors", "/dev/null"});
    BOOST_TEST(ran.code == 2);
    BOOST_TEST(contains(ran.err, "not a regular file"), ran.err);
}

BOOST_AUTO_TEST_SUITE_END()
