#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace tenon::cli {

/// Gives the terminal back as it was, if a FullScreen has it. Async-signal-safe, for the handlers
/// of crashes.
void restore_terminal() noexcept;

/// The whole terminal: the alternate screen, keys as they are pressed, no cursor. It is given back
/// at the end of the object's life, and by a crash too.
///
/// \par Preconditions
/// One at a time; can_have_screen().
/// \par Thread-safety
/// None.
class FullScreen {
public:
    struct Size {
        std::size_t rows = 24;
        std::size_t columns = 80;
    };

    FullScreen();
    ~FullScreen();
    FullScreen(const FullScreen&) = delete;
    FullScreen& operator=(const FullScreen&) = delete;

    /// \name For the time in which the program is suspended
    /// @{
    void leave();
    void enter();
    /// @}

    [[nodiscard]] Size size() const;
    /// Shows the lines, which fit the size, from the top.
    void draw(const std::vector<std::string>& lines);
};

/// Are standard input and output a terminal that can do that?
[[nodiscard]] bool can_have_screen();

}  // namespace tenon::cli
