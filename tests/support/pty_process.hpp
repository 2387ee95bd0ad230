#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::test {

/// A program that a test started on a terminal of its own.
///
/// \par Thread-safety
/// None.
class PtyProcess {
public:
    /// Starts `arguments[0]` (a path). Throws std::system_error if there is no terminal to be had.
    PtyProcess(const std::vector<std::string>& arguments,
               const std::vector<std::pair<std::string, std::string>>& environment,
               std::size_t rows = 24, std::size_t columns = 100);
    ~PtyProcess();  ///< kills the program if it still runs
    PtyProcess(const PtyProcess&) = delete;
    PtyProcess& operator=(const PtyProcess&) = delete;

    void type(std::string_view keys);
    void resize(std::size_t rows, std::size_t columns);
    void send_signal(int signal);

    /// Reads until the output since the last call that returned true has the text; false at the
    /// end of the program, or after kPatience.
    [[nodiscard]] bool wait_for(std::string_view text);

    /// Waits until the program is stopped by a signal; false if it ends instead.
    [[nodiscard]] bool wait_for_stop();

    /// Reads on until the program has ended.
    /// \return what main() returned, or 128 and the signal.
    int wait();

    [[nodiscard]] const std::string& output() const noexcept { return output_; }  ///< all of it

    /// Do keys have an echo and come in lines, as at the beginning?
    [[nodiscard]] bool is_cooked() const;

private:
    bool read_more();

    int terminal_ = -1;
    int other_end_ = -1;  // keeps the terminal's settings after the program's end
    pid_t pid_ = -1;
    std::string output_;
    std::size_t seen_ = 0;
};

}  // namespace tenon::test
