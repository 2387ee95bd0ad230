#pragma once

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "support/child_process.hpp"

namespace tenon::store {

/// Starts a process and kills it at a random moment: after a number of its lines, `most_lines` at
/// most, and then a number of turns in a loop. `note` gets each of its lines.
template <class Note>
void live_and_die(const std::vector<std::string>& command, int most_lines, std::mt19937& random,
                  Note note) {
    test::ChildProcess child(command);
    const int lines = std::uniform_int_distribution(0, most_lines)(random);
    for (int i = 0; i < lines; ++i) {
        const auto line = child.read_line();
        BOOST_REQUIRE(line);
        note(*line);
    }
    volatile int turns = std::uniform_int_distribution(0, 2'000'000)(random);
    while (turns > 0) turns = turns - 1;
    child.send_signal(SIGKILL);
    BOOST_TEST(child.wait().signal == SIGKILL);
    std::istringstream rest(child.out());
    for (std::string line; std::getline(rest, line);) note(line);
}

}  // namespace tenon::store
