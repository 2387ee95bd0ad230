#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "control_fixture.hpp"

// docs/command_line.md and --help say the same.
using namespace tenon::test;

namespace {

using Words = std::set<std::string>;

Words matches(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern, std::regex::ECMAScript | std::regex::multiline);
    Words out;
    for (std::sregex_iterator it(text.begin(), text.end(), expression), end; it != end; ++it) {
        out.insert((*it)[1]);
    }
    return out;
}

std::string page() {
    std::ifstream file(TENON_TEST_DOCS "/command_line.md", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// From the heading of the command to the next heading.
std::string section_of(const std::string& text, const std::string& command) {
    const std::string heading = "\n### `" + command + "`\n";
    const auto at = text.find(heading);
    if (at == std::string::npos) return {};
    const auto begin = at + heading.size();
    return text.substr(begin, text.find("\n#", begin) - begin);
}

std::string help_of(const std::vector<std::string>& command) {
    std::vector<std::string> arguments = command;
    arguments.emplace_back("--help");
    return run_tenon(arguments).out;
}

/// Every command with its subcommands, as words.
std::vector<std::vector<std::string>> all_commands(const std::vector<std::string>& above = {}) {
    std::vector<std::vector<std::string>> out;
    const std::string help = help_of(above);
    const auto at = help.find("\nSubcommands:\n");
    if (at == std::string::npos) return out;
    for (const std::string& name : matches(help.substr(at), "^  ([a-z]+) ")) {
        auto command = above;
        command.push_back(name);
        out.push_back(command);
        for (auto& below : all_commands(command)) out.push_back(std::move(below));
    }
    return out;
}

std::string name_of(const std::vector<std::string>& command) {
    std::string name = "tenon";
    for (const std::string& word : command) name += " " + word;
    return name;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cli_docs)

BOOST_AUTO_TEST_CASE(every_command_and_option_is_described_and_no_other) {
    const std::string text = page();
    Words described = matches(text, "^### `(tenon[^`]*)`$");
    const auto commands = all_commands();
    BOOST_TEST(commands.size() > 20u);
    for (const auto& command : commands) {
        const std::string name = name_of(command);
        BOOST_TEST_CONTEXT(name) {
            BOOST_TEST(described.erase(name) == 1u);
            // Names at the beginning of a line of the options, not in their descriptions.
            Words options = matches(help_of(command), "^  (?:-[a-z],)?(--[a-z-]+)");
            options.erase("--help");
            const std::string section = section_of(text, name);
            for (const std::string& option : options) {
                BOOST_TEST_CONTEXT(option) {
                    BOOST_TEST(matches(section, "(--[a-z-]+)").count(option) == 1u);
                }
            }
            if (options.empty()) BOOST_TEST(matches(section, "`(--[a-z-]+)").empty());
        }
    }
    for (const std::string& name : described) BOOST_ERROR("there is no command " << name);
}

BOOST_AUTO_TEST_CASE(no_option_is_described_that_no_command_has) {
    Words known = matches(help_of({}), "(--[a-z-]+)");
    for (const auto& command : all_commands())
        known.merge(matches(help_of(command), "(--[a-z-]+)"));
    for (const std::string& option : matches(page(), "(--[a-z-]+)")) {
        if (known.count(option) == 0 && option.find_first_not_of('-') != std::string::npos) {
            BOOST_ERROR("there is no option " << option);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
