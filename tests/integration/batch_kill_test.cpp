#include "batch_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>

using namespace tenon;
using namespace tenon::test;

namespace {

/// A dozen in the suite; more on demand.
int kills_wanted() {
    const char* wanted = std::getenv("TENON_TEST_KILLS");
    return wanted == nullptr ? 12 : std::atoi(wanted);
}

constexpr int kLinesPerKill = 40;

struct Killing : BatchFixture {
    std::mt19937 random{20'261'121};
    int kills = kills_wanted();
    int count = kills * kLinesPerKill;
    std::string answers_so_far;
    std::string failures_so_far;
    int torn = 0;
    int idle = 0;  ///< lives in which nothing was added

    Killing() {
        config = R"({"retry":{"max_attempts":1},"providers":{"it":{"kind":"mock",
            "default_model":"m","config":{"latency_ms":1,"jitter_ms":3,"seed":5}}}})";
        std::string text;
        for (int i = 1; i <= count; ++i) {
            const std::string n = std::to_string(i);
            // Every tenth fails for good, and some answers span several pages.
            text += R"({"id":"job-)" + n + R"(","prompt":"p)" + n;
            if (i % 7 == 0) text += std::string(20'000, 'x');
            text += i % 10 == 0 ? R"(","model":"fault-refused"})" : R"("})";
            text += '\n';
        }
        write_input(text);
    }

    int draw(int from, int to) { return std::uniform_int_distribution(from, to)(random); }

    [[nodiscard]] static std::string whole_lines(const std::string& path) {
        std::string text = text_of(path);
        text.resize(text.rfind('\n') + 1);
        return text;
    }

    /// Starts the batch and kills it at a random moment: so many lines later, and so many turns.
    void live_and_die() {
        const auto child = start({"--no-progress"});
        const auto before = lines(answers_so_far);
        const auto more = static_cast<std::size_t>(draw(0, kLinesPerKill * 2 / 3));
        // Not the last ones: a torn line that is cut off may confuse the count by one.
        const auto possible = static_cast<std::size_t>(count - count / 10 - 5);
        wait_for_lines(std::min(before + more, possible));
        // The long ones for what happens before the first line: the input is read, the output is
        // looked through.
        volatile int turns = draw(0, draw(0, 2) == 0 ? 40'000'000 : 3'000'000);
        while (turns > 0) turns = turns - 1;
        child->send_signal(SIGKILL);
        const auto exit = child->wait();
        BOOST_TEST((exit.signal == SIGKILL || exit.code >= 0));
        BOOST_TEST(exit.code != 2, child->err());
    }

    /// What was there is there still, and nothing is torn but the end.
    void look_after(const std::string& path, std::string& so_far) {
        const std::string now = whole_lines(path);
        if (now.size() == so_far.size()) ++idle;
        BOOST_REQUIRE_MESSAGE(now.starts_with(so_far), path << " has lost or changed a line");
        so_far = now;
    }

    /// As when the machine dies, too: of the last line, only a part has reached the disk.
    void tear(const std::string& path, std::string& so_far) {
        if (so_far.empty() || draw(0, 2) != 0) return;
        const auto last = so_far.rfind('\n', so_far.size() - 2);
        const std::size_t begin = last == std::string::npos ? 0 : last + 1;
        const auto length = static_cast<int>(so_far.size() - begin);
        std::filesystem::resize_file(path, begin + static_cast<std::size_t>(draw(0, length - 1)));
        so_far.resize(begin);
        ++torn;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(batch_kill, Killing)

BOOST_AUTO_TEST_CASE(killed_at_any_moment_no_line_is_lost_and_none_is_there_twice) {
    for (int kill = 0; kill < kills; ++kill) {
        BOOST_TEST_CONTEXT("kill " << kill) {
            live_and_die();
            look_after(output, answers_so_far);
            look_after(failures, failures_so_far);
            tear(output, answers_so_far);
            tear(failures, failures_so_far);
        }
    }
    const auto last = run();
    BOOST_TEST(last.code == 1, last.err);  // some fail for good
    look_after(output, answers_so_far);
    look_after(failures, failures_so_far);

    const auto answers = results(output);
    const auto failed = results(failures);
    BOOST_TEST(answers.size() + failed.size() == static_cast<std::size_t>(count));
    for (int i = 1; i <= count; ++i) {
        const std::string id = "job-" + std::to_string(i);
        const auto& where = i % 10 == 0 ? failed : answers;
        const auto found = where.find(id);
        BOOST_REQUIRE_MESSAGE(found != where.end(), id << " is missing");
        BOOST_TEST((found->second.root()["line"].as_int64() == i));
        if (i % 10 != 0) {
            BOOST_TEST(
                text_at(found->second, "/text")
                    .starts_with("You said: p" + std::to_string(i) + (i % 7 == 0 ? "x" : "")));
        }
    }
    BOOST_TEST_MESSAGE(kills << " kills, " << torn << " lines torn besides, " << count << " jobs");
    BOOST_TEST(idle < 2 * kills);  // it does get on between kills
}

BOOST_AUTO_TEST_SUITE_END()
