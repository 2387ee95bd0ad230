#include "cli/full_screen.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

namespace tenon::cli {
namespace {

/// The alternate screen, no cursor, no wrapping of lines that are too long.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kLeave = "\x1b[?2026l\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
/// Terminals that know it show all of a frame at once.
constexpr std::string_view kBeginFrame = "\x1b[?2026h\x1b[H";
constexpr std::string_view kEndFrame = "\x1b[J\x1b[?2026l";

// For a handler of signals.
termios saved;
volatile std::sig_atomic_t is_taken = 0;

void write_all(std::string_view text) noexcept {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // nobody looks any more
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

void restore_terminal() noexcept {
    if (is_taken == 0) return;
    is_taken = 0;
    write_all(kLeave);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
}

bool can_have_screen() {
    if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) return false;
    const char* term = std::getenv("TERM");
    return term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
}

FullScreen::FullScreen() {
    enter();
}
FullScreen::~FullScreen() {
    leave();
}

void FullScreen::leave() {
    restore_terminal();
}

void FullScreen::enter() {
    if (is_taken != 0 || ::tcgetattr(STDIN_FILENO, &saved) != 0) return;
    is_taken = 1;
    termios raw = saved;
    ::cfmakeraw(&raw);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    write_all(kEnter);
}

FullScreen::Size FullScreen::size() const {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        return {};
    }
    return {size.ws_row, size.ws_col};
}

void FullScreen::draw(const std::vector<std::string>& lines) {
    std::string frame(kBeginFrame);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0) frame += "\r\n";
        frame += lines[i];
        frame += "\x1b[K";
    }
    frame += kEndFrame;
    write_all(frame);
}

}  // namespace tenon::cli
