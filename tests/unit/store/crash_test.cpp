#include <random>
#include <string>

#include "counting.hpp"
#include "fixture.hpp"
#include "kill.hpp"

namespace tenon::store {
namespace {

constexpr int kKills = 100;
constexpr int kRoundsOfAFile = 4;  // then it begins anew, so that kills hit its making too

/// Starts a process that counts on from `after`, and kills it at a random moment.
/// \return the last number that it acknowledged.
std::int64_t count_and_kill(const std::filesystem::path& file, std::int64_t after,
                            std::mt19937& random) {
    std::int64_t acknowledged = after;
    live_and_die({TENON_TEST_STORE_CHILD, "count", file.string(), std::to_string(after + 1)}, 8,
                 random, [&](const std::string& line) {
                     if (line != "open") acknowledged = std::stoll(line);
                 });
    return acknowledged;
}

BOOST_FIXTURE_TEST_SUITE(crash, Fixture)

BOOST_AUTO_TEST_CASE(nothing_acknowledged_is_lost_when_the_process_is_killed_at_any_moment) {
    std::mt19937 random(20'240'607);
    std::int64_t count = 0;
    std::int64_t all = 0;
    for (int kill = 0; kill < kKills; ++kill) {
        if (kill % kRoundsOfAFile == 0) {
            file = directory / std::to_string(kill) / "state.db";
            count = 0;
        }
        const std::int64_t acknowledged = count_and_kill(file, count, random);
        all += acknowledged - count;
        const Marks found = marks_in(reopened());
        // The write that was interrupted may be there or not, but nothing between.
        count = found == marks_after(acknowledged + 1) ? acknowledged + 1 : acknowledged;
        BOOST_TEST_CONTEXT("kill " << kill) {
            BOOST_TEST(found == marks_after(count));
        }
    }
    BOOST_TEST_MESSAGE(all << " writes were acknowledged in " << kKills << " lives");
    BOOST_TEST(all >= kKills);
}

BOOST_AUTO_TEST_CASE(a_copy_of_the_files_in_use_holds_everything) {
    const auto store = open();
    for (std::int64_t n = 1; n <= 20; ++n) BOOST_TEST(write_number(*store, n).has_value());
    const auto copy = directory / "copy.db";
    std::filesystem::copy_file(file, copy);
    std::filesystem::copy_file(file.string() + "-wal", copy.string() + "-wal");
    file = copy;
    BOOST_TEST(marks_in(reopened()) == marks_after(20));
}

BOOST_AUTO_TEST_CASE(a_log_that_is_cut_off_gives_what_was_complete) {
    const auto store = open();
    for (std::int64_t n = 1; n <= 20; ++n) BOOST_TEST(write_number(*store, n).has_value());
    const auto copy = directory / "copy.db";
    const std::string log = copy.string() + "-wal";
    std::filesystem::copy_file(file, copy);
    std::filesystem::copy_file(file.string() + "-wal", log);
    std::filesystem::resize_file(log, std::filesystem::file_size(log) - 1);
    file = copy;
    BOOST_TEST(marks_in(reopened()) == marks_after(19));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::store
