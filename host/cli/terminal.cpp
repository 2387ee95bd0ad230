#include "cli/terminal.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>

#include "cli/cell_text.hpp"
#include "cli/commands.hpp"

namespace tenon::cli {
namespace {

std::string_view advice(const Error& error) noexcept {
    switch (error.code) {
        case Code::auth: return "check the provider's credentials (tenon config show)";
        case Code::forbidden: return "check the account's permissions and billing";
        case Code::throttled:
        case Code::overloaded: return "wait a little and try again, or use another provider";
        case Code::unavailable:
            // If the request pays, nobody was asked; the message says what to do about it.
            if (error.scope == Scope::request) return {};
            return "check that the server runs and the address is right";
        case Code::not_found: return "see 'tenon models' for the names that the provider knows";
        case Code::too_large: return "shorten the request or choose a model with a larger context";
        case Code::refused: return "change the request; the provider's policy refused it";
        case Code::protocol: return "check that base_url points to the right kind of server";
        case Code::deadline: return "allow more time with --timeout, or use another provider";
        case Code::unsupported: return "use a provider that can";
        case Code::internal:
            return "this is a defect in the plugin or in Tenon; see --log-level debug";
        default: return {};
    }
}

bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

void print_error(std::string_view message) {
    flush_output();
    std::string lines = "tenon: ";
    for (const char c : message) {
        if (c == '\n') {
            lines += "\ntenon: ";
        } else {
            lines += is_control(c) ? ' ' : c;
        }
    }
    std::cerr << lines << '\n' << std::flush;
}

void print_error(const Error& error) {
    std::string message = error.message;
    const std::string_view next = advice(error);
    if (message.find(';') == std::string::npos && !next.empty()) {
        if (message.ends_with('.')) message.pop_back();
        message += "; ";
        message += next;
    }
    print_error(message);
}

int report_failure(const Error& error) {
    if (error.code == Code::cancelled) {
        print_error("interrupted");
        return kInterrupted;
    }
    print_error(error);
    return kFailed;
}

void print_answer(std::string_view text) {
    static const bool terminal = output_is_terminal();
    if (!terminal) {
        std::cout << text << std::flush;
        return;
    }
    // U+0080 to U+009F are controls as well: C2 80 to C2 9F, perhaps in two pieces.
    static bool held = false;
    static constexpr char kLead = '\xc2';
    static constexpr const char* kReplacement = "\xef\xbf\xbd";
    for (const char c : text) {
        if (held) {
            held = false;
            if ((static_cast<unsigned char>(c) & 0xe0) == 0x80) {
                std::cout << kReplacement;
                continue;
            }
            std::cout << kLead;
        }
        if (c == kLead) {
            held = true;
        } else if (is_control(c) && c != '\n' && c != '\t') {
            std::cout << kReplacement;
        } else {
            std::cout << c;
        }
    }
    std::cout << std::flush;
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<Cell>> cells;
    for (const auto& row : rows) {
        auto& line = cells.emplace_back();
        for (const std::string& text : row) line.push_back({text, Colour::none});
    }
    print_lines(table_lines(cells, {}));
}

void flush_output() {
    std::cout << std::flush;
}

bool output_is_terminal() {
    return isatty(STDOUT_FILENO) == 1;
}
bool input_is_terminal() {
    return isatty(STDIN_FILENO) == 1;
}

std::string read_all_input() {
    return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
}

bool read_line(std::string& line) {
    return static_cast<bool>(std::getline(std::cin, line));
}

}  // namespace tenon::cli
