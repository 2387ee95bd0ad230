#pragma once

#include "cli_fixture.hpp"
#include "support/contains.hpp"
#include "support/fake_daemon.hpp"

namespace tenon::test {

/// A configuration of the two providers "one" and "two", and places for a state and a socket.
struct ControlFixture {
    ControlFixture()
        : config(directory.file("config.json", R"({"providers":{"one":{"kind":"mock"},
                                                  "two":{"kind":"mock"}}})")),
          socket(directory.path() / "control.sock"),
          state(directory.path() / "state.db") {}

    /// Runs the program with these.
    [[nodiscard]] Ran run(std::vector<std::string> arguments,
                          std::vector<std::pair<std::string, std::string>> more = {}) const {
        arguments.insert(arguments.begin(), {"-c", config});
        more.emplace_back("TENON_SOCKET", socket.string());
        more.emplace_back("TENON_STATE", state.string());
        return run_tenon(std::move(arguments), std::move(more));
    }

    TemporaryDirectory directory;
    std::string config;
    std::filesystem::path socket;
    std::filesystem::path state;
};

/// An answer of the daemon to a command.
inline std::string reply(const std::string& provider, const std::string& kind,
                         const std::string& message, const std::string& state) {
    return R"({"provider":")" + provider + R"(","kind":")" + kind + R"(","message":")" + message +
           R"(","state":")" + state + R"("})";
}
inline std::string replies(const std::string& list) {
    return R"({"replies":[)" + list + "]}";
}

}  // namespace tenon::test
