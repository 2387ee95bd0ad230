#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::test {

/// A program that a test started. Its stdin is empty, its stdout and stderr are read here.
///
/// \par Thread-safety
/// None.
class ChildProcess {
public:
    struct Exit {
        int code = -1;   ///< what main() returned, -1 if a signal ended it
        int signal = 0;  ///< the signal that ended it, 0 = none
    };

    /// Starts `arguments[0]` (a path). `environment` adds to or replaces the test's own variables.
    /// Throws std::system_error if the program cannot be started.
    explicit ChildProcess(const std::vector<std::string>& arguments,
                          const std::vector<std::pair<std::string, std::string>>& environment = {});

    /// Kills the program if it still runs.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

    /// The next line of stdout without its end; nothing at the end of file or after kPatience.
    [[nodiscard]] std::optional<std::string> read_line();

    /// Reads until stderr contains `text`; false if it ends, or is silent for kPatience, before.
    [[nodiscard]] bool wait_for_error(std::string_view text);

    void send_signal(int signal);

    /// Nobody reads its stdout any more.
    void close_output();

    /// Reads both outputs to their ends, then waits for the exit. A program that says nothing for
    /// kPatience is killed.
    Exit wait();

    /// \name After wait()
    /// @{
    [[nodiscard]] const std::string& out() const noexcept { return out_; }  ///< not read by line
    [[nodiscard]] const std::string& err() const noexcept { return err_; }
    /// @}

private:
    bool read_more();  // from whichever output has something

    pid_t pid_ = -1;
    int out_fd_ = -1;
    int err_fd_ = -1;
    std::string out_;
    std::string err_;
};

}  // namespace tenon::test
