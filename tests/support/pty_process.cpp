#include "support/pty_process.hpp"

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

#include "support/gate.hpp"

extern char** environ;

namespace tenon::test {
namespace {

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    for (std::string& string : strings) pointers.push_back(string.data());
    pointers.push_back(nullptr);
    return pointers;
}

winsize size_of(std::size_t rows, std::size_t columns) {
    winsize size{};
    size.ws_row = static_cast<unsigned short>(rows);
    size.ws_col = static_cast<unsigned short>(columns);
    return size;
}

}  // namespace

PtyProcess::PtyProcess(const std::vector<std::string>& arguments,
                       const std::vector<std::pair<std::string, std::string>>& environment,
                       std::size_t rows, std::size_t columns) {
    std::vector<std::string> words = arguments;
    std::vector<std::string> variables;
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    for (char** entry = environ; *entry != nullptr; ++entry) variables.emplace_back(*entry);
    const auto argv = pointers_to(words);
    const auto envp = pointers_to(variables);
    const winsize size = size_of(rows, columns);
    if (::openpty(&terminal_, &other_end_, nullptr, nullptr, &size) != 0) {
        throw std::system_error(errno, std::generic_category(), "openpty");
    }
    pid_ = ::fork();
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid_ == 0) {  // only what is safe after a fork of threads
        ::login_tty(other_end_);
        ::close(terminal_);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
}

PtyProcess::~PtyProcess() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(other_end_);
    ::close(terminal_);
}

void PtyProcess::type(std::string_view keys) {
    while (!keys.empty()) {
        const ssize_t written = ::write(terminal_, keys.data(), keys.size());
        if (written <= 0) return;
        keys.remove_prefix(static_cast<std::size_t>(written));
    }
}

void PtyProcess::resize(std::size_t rows, std::size_t columns) {
    const winsize size = size_of(rows, columns);
    ::ioctl(terminal_, TIOCSWINSZ, &size);
}

void PtyProcess::send_signal(int signal) {
    ::kill(pid_, signal);
}

bool PtyProcess::read_more() {
    pollfd watched{terminal_, POLLIN, 0};
    constexpr int kSlice = 50;  // ms, between looks whether the program still runs
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (::poll(&watched, 1, kSlice) <= 0) {
        siginfo_t info{};
        const bool ended = pid_ <= 0 || (::waitid(P_PID, static_cast<id_t>(pid_), &info,
                                                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
                                         info.si_pid == pid_);
        if (ended && ::poll(&watched, 1, 0) <= 0) return false;
        if (std::chrono::steady_clock::now() > until) return false;
    }
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(terminal_, buffer.data(), buffer.size());
    if (count <= 0) return false;
    output_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
}

bool PtyProcess::wait_for(std::string_view text) {
    for (;;) {
        const std::size_t at = output_.find(text, seen_);
        if (at != std::string::npos) {
            seen_ = at + text.size();
            return true;
        }
        if (!read_more()) return false;
    }
}

bool PtyProcess::wait_for_stop() {
    int status = 0;
    return ::waitpid(pid_, &status, WUNTRACED) == pid_ && WIFSTOPPED(status);
}

int PtyProcess::wait() {
    while (read_more()) {
    }
    int status = 0;
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (::waitpid(pid_, &status, WNOHANG) == 0) {
        if (std::chrono::steady_clock::now() > until) return -1;
        ::poll(nullptr, 0, 10);
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool PtyProcess::is_cooked() const {
    termios settings{};
    return ::tcgetattr(other_end_, &settings) == 0 && (settings.c_lflag & ICANON) != 0 &&
           (settings.c_lflag & ECHO) != 0 && (settings.c_lflag & ISIG) != 0;
}

}  // namespace tenon::test
