#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "support/child_process.hpp"
#include "support/fake_llm.hpp"
#include "support/temporary_directory.hpp"

namespace tenon::test {

struct Ran {
    int code;
    std::string out;
    std::string err;
};

/// Runs the program `tenon` with an environment that no user's configuration reaches.
inline Ran run_tenon(std::vector<std::string> arguments,
                     std::vector<std::pair<std::string, std::string>> environment = {}) {
    arguments.insert(arguments.begin(), TENON_TEST_PROGRAM);
    // A daemon of the user's is not reached, unless the test names one of its own.
    environment.insert(environment.begin(), {{"XDG_RUNTIME_DIR", "/nonexistent"},
                                             {"XDG_STATE_HOME", "/nonexistent"},
                                             {"TENON_SOCKET", ""},
                                             {"TENON_STATE", ""}});
    environment.emplace_back("XDG_CONFIG_HOME", "/nonexistent");
    environment.emplace_back("HOME", "/nonexistent");
    ChildProcess child(arguments, environment);
    const auto exit = child.wait();
    return {exit.code, child.out(), child.err()};
}

/// The configuration of one provider.
inline std::string provider_config(const std::string& kind, const std::string& config,
                                   const std::string& more = "") {
    return R"({"providers":{"it":{"kind":")" + kind + R"(","config":)" + config + more + "}}}";
}

inline std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace tenon::test
