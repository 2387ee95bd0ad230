#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Text as a terminal shows it: how wide it is, and what colour it has.
namespace tenon::cli {

/// Columns that the text takes: none for combining characters, two for East Asian wide ones and
/// emoji. Independent of the user's locale.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// The text in one line that may be shown: control characters become spaces, ill-formed UTF-8 and
/// what changes the direction of writing U+FFFD. What providers say is not trusted with a terminal.
[[nodiscard]] std::string printable(std::string_view text);

/// At most so many columns of it; the last one is "…" if there is more.
[[nodiscard]] std::string shorten(std::string_view text, std::size_t columns);

/// Exactly so many columns: shortened, or with spaces after it.
[[nodiscard]] std::string fit(std::string_view text, std::size_t columns);

/// At most so many columns of a line with escape sequences of coloured(), which take none.
[[nodiscard]] std::string clip(std::string_view line, std::size_t columns);

enum class Colour : std::uint8_t { none, good, fair, bad, faint, strong, chosen };

/// The text between the escape sequences of the colour.
[[nodiscard]] std::string coloured(std::string_view text, Colour colour);

struct Cell {
    std::string text;
    Colour colour = Colour::none;
};

struct TableStyle {
    std::size_t width = 0;  ///< that lines may have, at the cost of the last column; 0 = any
    bool colours = false;
};

/// Aligned lines, the first of which is the head. Cells are made printable.
[[nodiscard]] std::vector<std::string> table_lines(const std::vector<std::vector<Cell>>& rows,
                                                   const TableStyle& style);

/// As fits standard output: as wide as the terminal and coloured, if it is one and NO_COLOR is not
/// set.
[[nodiscard]] TableStyle output_style();

/// Writes lines to standard output.
void print_lines(const std::vector<std::string>& lines);

}  // namespace tenon::cli
