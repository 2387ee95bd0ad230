#pragma once

#include <map>
#include <sstream>
#include <thread>

#include "cli_fixture.hpp"
#include "wire/json.hpp"

namespace tenon::test {

/// A batch in a directory of its own, answered by the mock.
struct BatchFixture {
    TemporaryDirectory directory;
    std::string input = (directory.path() / "in.jsonl").string();
    std::string output = (directory.path() / "out.jsonl").string();
    std::string failures = (directory.path() / "out.errors.jsonl").string();
    std::string config = R"({"retry":{"max_attempts":1},
        "providers":{"it":{"kind":"mock","default_model":"m"}}})";

    [[nodiscard]] std::vector<std::string> command(std::vector<std::string> more = {}) const {
        std::vector<std::string> all = {"--plugin-dir", TENON_TEST_PLUGIN_DIR,
                                        "-c",           directory.file("config.json", config),
                                        "batch",        input,
                                        "-o",           output};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    [[nodiscard]] Ran run(std::vector<std::string> more = {}) const {
        return run_tenon(command(std::move(more)));
    }
    /// The same, not waited for.
    [[nodiscard]] std::unique_ptr<ChildProcess> start(std::vector<std::string> more = {}) const {
        auto arguments = command(std::move(more));
        arguments.insert(arguments.begin(), TENON_TEST_PROGRAM);
        using Environment = std::vector<std::pair<std::string, std::string>>;
        return std::make_unique<ChildProcess>(
            arguments, Environment{{"XDG_CONFIG_HOME", "/nonexistent"}, {"HOME", "/nonexistent"}});
    }

    void write_input(const std::string& text) const {
        static_cast<void>(directory.file("in.jsonl", text));
    }

    [[nodiscard]] static std::string text_of(const std::string& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    /// The objects of a file by their ids, each of which must be there once.
    [[nodiscard]] static std::map<std::string, wire::JsonDocument> results(
        const std::string& path, const std::string& id = "id") {
        std::map<std::string, wire::JsonDocument> out;
        std::istringstream lines(text_of(path));
        for (std::string line; std::getline(lines, line);) {
            const auto document = wire::JsonDocument::parse(line);
            BOOST_REQUIRE_MESSAGE(document.has_value(), path << ": " << line);
            const auto name = document->root()[id].as_string();
            BOOST_REQUIRE_MESSAGE(name.has_value(), path << ": " << line);
            BOOST_TEST(out.emplace(*name, *document).second, "twice: " << *name);
        }
        return out;
    }
    /// Waits until the output has so many lines.
    void wait_for_lines(std::size_t count) const {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        std::size_t seen = 0;
        std::uintmax_t read = 0;  // only what is new is read: the file may be large
        while (seen < count) {
            if (std::chrono::steady_clock::now() >= end) BOOST_FAIL("no " << count << " lines");
            std::error_code ignored;
            const auto size = std::filesystem::file_size(output, ignored);
            if (ignored || size == read) {
                std::this_thread::yield();
                continue;
            }
            if (size < read) seen = 0, read = 0;  // a torn line was cut off
            std::ifstream in(output, std::ios::binary);
            in.seekg(static_cast<std::streamoff>(read));
            std::string part(size - read, '\0');
            in.read(part.data(), static_cast<std::streamsize>(part.size()));
            seen += lines(part.substr(0, static_cast<std::size_t>(in.gcount())));
            read += static_cast<std::uintmax_t>(in.gcount());
        }
    }
};

inline std::string text_at(const wire::JsonDocument& document, std::string_view pointer) {
    return std::string(document.root().at(pointer).as_string().value_or("(none)"));
}

}  // namespace tenon::test
