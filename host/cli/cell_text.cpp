#include "cli/cell_text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cwchar>
#include <iostream>

#include "cli/terminal.hpp"

namespace tenon::cli {
namespace {

constexpr std::size_t kGap = 2;  // between columns
constexpr std::size_t kLeastLastColumn = 12;
constexpr char32_t kReplacement = 0xfffd;
constexpr std::string_view kEllipsis = "…";

/// Takes one character off the text; U+FFFD for a byte that begins none.
char32_t take(std::string_view& text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    const std::size_t length = lead < 0x80                    ? 1
                               : lead >= 0xc2 && lead <= 0xdf ? 2
                               : (lead & 0xf0u) == 0xe0       ? 3
                               : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                              : 0;
    char32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    bool good = length > 0 && length <= text.size();
    for (std::size_t i = 1; good && i < length; ++i) {
        good = (byte(i) & 0xc0u) == 0x80;
        point = (point << 6) | (byte(i) & 0x3fu);
    }
    good = good && !(length == 3 && point < 0x800) && !(length == 4 && point < 0x10000) &&
           point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
    text.remove_prefix(good ? length : 1);
    return good ? point : kReplacement;
}

void append(std::string& out, char32_t point) {
    const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) return put(point);
    if (point < 0x800) {
        put(0xc0 | (point >> 6));
    } else {
        if (point < 0x10000) {
            put(0xe0 | (point >> 12));
        } else {
            put(0xf0 | (point >> 18));
            put(0x80 | ((point >> 12) & 0x3f));
        }
        put(0x80 | ((point >> 6) & 0x3f));
    }
    put(0x80 | (point & 0x3f));
}

/// wcwidth() knows characters by the locale of the thread; the user's may not know UTF-8.
class Utf8Locale {
public:
    Utf8Locale() : before_(utf8() != nullptr ? uselocale(utf8()) : nullptr) {}
    ~Utf8Locale() {
        if (before_ != nullptr) uselocale(before_);
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

    [[nodiscard]] std::size_t width(char32_t point) const noexcept {
        if (point < 0x80 || before_ == nullptr) return 1;
        const int columns = ::wcwidth(static_cast<wchar_t>(point));
        return columns < 0 ? 1 : static_cast<std::size_t>(columns);
    }

private:
    static locale_t utf8() {
        static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return locale;
    }
    locale_t before_;
};

bool is_control(char32_t point) noexcept {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029;
}

bool turns_text(char32_t point) noexcept {
    return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

const char* escape_of(Colour colour) noexcept {
    switch (colour) {
        case Colour::none: return "";
        case Colour::good: return "\x1b[32m";
        case Colour::fair: return "\x1b[33m";
        case Colour::bad: return "\x1b[31m";
        case Colour::faint: return "\x1b[2m";
        case Colour::strong: return "\x1b[1m";
        case Colour::chosen: break;
    }
    return "\x1b[7m";
}

std::vector<std::size_t> widths_of(const std::vector<std::vector<Cell>>& rows, std::size_t most) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], columns_of(row[i].text));
        }
    }
    if (most == 0 || widths.empty()) return widths;
    std::size_t others = 0;
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) others += widths[i] + kGap;
    const std::size_t left = most > others ? most - others : 0;
    widths.back() = std::min(widths.back(), std::max(left, kLeastLastColumn));
    return widths;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
    const Utf8Locale locale;
    std::size_t columns = 0;
    while (!text.empty()) columns += locale.width(take(text));
    return columns;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const char32_t point = take(text);
        append(out, is_control(point) ? U' ' : turns_text(point) ? kReplacement : point);
    }
    return out;
}

std::string shorten(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) return std::string(text);
    if (columns == 0) return {};
    const Utf8Locale locale;
    std::string out;
    std::size_t used = 1;  // the ellipsis
    while (!text.empty()) {
        const char32_t point = take(text);
        used += locale.width(point);
        if (used > columns) break;
        append(out, point);
    }
    return out.append(kEllipsis);
}

std::string fit(std::string_view text, std::size_t columns) {
    std::string out = shorten(text, columns);
    out.append(columns - columns_of(out), ' ');
    return out;
}

std::string clip(std::string_view line, std::size_t columns) {
    const Utf8Locale locale;
    std::string out;
    std::size_t used = 0;
    while (!line.empty()) {
        if (line.front() == '\x1b') {
            const std::size_t end = std::min(line.find('m'), line.size() - 1) + 1;
            out += line.substr(0, end);
            line.remove_prefix(end);
            continue;
        }
        const char32_t point = take(line);
        used += locale.width(point);
        if (used <= columns) append(out, point);
    }
    return out;
}

std::string coloured(std::string_view text, Colour colour) {
    if (colour == Colour::none || text.empty()) return std::string(text);
    return escape_of(colour) + std::string(text) + "\x1b[0m";
}

std::vector<std::string> table_lines(const std::vector<std::vector<Cell>>& rows,
                                     const TableStyle& style) {
    std::vector<std::vector<Cell>> shown = rows;
    for (auto& row : shown) {
        for (Cell& cell : row) cell.text = printable(cell.text);
    }
    const auto widths = widths_of(shown, style.width);
    std::vector<std::string> lines;
    for (const auto& row : shown) {
        std::size_t last = row.size();  // after it, nothing has to be aligned
        while (last > 0 && row[last - 1].text.empty()) --last;
        std::string line;
        for (std::size_t i = 0; i < last; ++i) {
            const std::string text = shorten(row[i].text, widths[i]);
            line += style.colours ? coloured(text, row[i].colour) : text;
            if (i + 1 < last) line.append(widths[i] - columns_of(text) + kGap, ' ');
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

TableStyle output_style() {
    TableStyle style;
    if (!output_is_terminal()) return style;
    const char* no_colour = std::getenv("NO_COLOR");
    style.colours = no_colour == nullptr || *no_colour == '\0';
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) style.width = size.ws_col;
    return style;
}

void print_lines(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) std::cout << line << '\n';
    std::cout << std::flush;
}

}  // namespace tenon::cli
