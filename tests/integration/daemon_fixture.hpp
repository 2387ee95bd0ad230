#pragma once

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "cli_fixture.hpp"
#include "support/raw_client.hpp"

namespace tenon::test {

/// `tenon serve` as a process of its own, in a directory of its own, before a scripted model server
/// and mocks.
struct ServeFixture {
    using Environment = std::vector<std::pair<std::string, std::string>>;

    explicit ServeFixture(FakeLlmOptions options = {}) : llm(std::move(options)) {}

    /// \param gateway, more further members of "gateway" and of the configuration
    void configure(const std::string& gateway, const std::string& more = "") {
        config = directory.file(
            "tenon.json",
            R"({"gateway":{"admin_key":"key-of-the-operator")" +
                (gateway.empty() ? "" : "," + gateway) + "}," + (more.empty() ? "" : more + ",") +
                R"("daemon":{"state_file":"state.db","control_socket":"control.sock"},)"
                R"("retry":{"max_attempts":1},"providers":{)"
                R"("fake":{"kind":"openai","default_model":"fake-small","config":{"base_url":")" +
                llm.openai_url() +
                R"(","api_key":"secret"}},"one":{"kind":"mock","default_model":"m"},)"
                R"("two":{"kind":"mock","default_model":"m"}}})");
    }

    [[nodiscard]] std::unique_ptr<ChildProcess> spawn(Environment more = {}) const {
        more.insert(more.begin(), {{"XDG_CONFIG_HOME", "/nonexistent"},
                                   {"HOME", "/nonexistent"},
                                   {"XDG_RUNTIME_DIR", "/nonexistent"},
                                   {"NOTIFY_SOCKET", ""},
                                   {"TENON_SOCKET", ""},
                                   {"TENON_STATE", ""}});
        return std::make_unique<ChildProcess>(
            std::vector<std::string>{TENON_TEST_PROGRAM, "--log-level", "off", "--plugin-dir",
                                     TENON_TEST_PLUGIN_DIR, "-c", config, "serve", "-l", listen},
            more);
    }

    /// Starts it, and waits until it serves.
    void start(const Environment& more = {}) {
        daemon = spawn(more);
        port = 0;
        const std::string where = "listening on http://" + listen.substr(0, listen.rfind(':') + 1);
        bool serves = false;
        for (auto line = daemon->read_line(); line; line = daemon->read_line()) {
            if (line->starts_with(where)) {
                port = static_cast<std::uint16_t>(std::stoi(line->substr(line->rfind(':') + 1)));
            }
            serves = line->starts_with("control socket ");
            if (serves) break;
        }
        if (serves && port != 0) return;
        static_cast<void>(daemon->wait());
        BOOST_FAIL("the daemon does not start: " + daemon->err());
    }

    [[nodiscard]] std::filesystem::path socket() const { return directory.path() / "control.sock"; }
    [[nodiscard]] RawResponse get(const std::string& path) const {
        RawClient client(port);
        return client.exchange("GET", path);
    }
    [[nodiscard]] RawResponse control(const std::string& method, const std::string& path,
                                      const std::string& body = "") const {
        RawClient client(socket());
        return client.exchange(method, path, body);
    }

    FakeLlm llm;
    TemporaryDirectory directory;
    std::string config;
    std::string listen = "127.0.0.1:0";
    std::unique_ptr<ChildProcess> daemon;
    std::uint16_t port = 0;
};

inline std::string chat(const std::string& model, const std::string& text, bool stream = false) {
    return R"({"model":")" + model + R"(","stream":)" + (stream ? "true" : "false") +
           R"(,"messages":[{"role":"user","content":")" + text + R"("}]})";
}

/// Waits until it is so; a test that waits in vain fails.
template <class Condition>
void eventually(const std::string& what, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) BOOST_FAIL("never: " << what);
        std::this_thread::yield();
    }
}

}  // namespace tenon::test
