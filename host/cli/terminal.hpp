#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tenon/error.hpp"

namespace tenon::cli {

/// "tenon: MESSAGE" on standard error, each of its lines.
void print_error(std::string_view message);
/// The same, with what to do next if the message does not say so itself.
void print_error(const Error& error);
/// Prints why a request failed; returns the exit status.
[[nodiscard]] int report_failure(const Error& error);

/// Provider text is not trusted with the terminal: control characters other than line feed and tab
/// become U+FFFD when standard output is a terminal. Elsewhere every byte is kept.
void print_answer(std::string_view text);

/// A table with aligned columns; the first row is the head.
void print_table(const std::vector<std::vector<std::string>>& rows);

/// Standard output, complete, before more is written to standard error.
void flush_output();

[[nodiscard]] bool output_is_terminal();
[[nodiscard]] bool input_is_terminal();

/// Everything on standard input.
[[nodiscard]] std::string read_all_input();

/// One line without its end; false at the end of input.
bool read_line(std::string& line);

}  // namespace tenon::cli
