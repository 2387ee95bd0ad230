#include "cli/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace tenon::cli {
namespace {

constexpr std::size_t kMostDiagnostics = std::size_t{64} * 1024;

struct Pipe {
    int read = -1;
    int write = -1;
    bool open() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        read = ends[0];
        write = ends[1];
        return true;
    }
    void close_write() {
        if (write >= 0) close(write);
        write = -1;
    }
    ~Pipe() {
        close_write();
        if (read >= 0) close(read);
    }
};

/// In the child: async-signal-safe functions only. Never returns.
[[noreturn]] void become(char* const* arguments, int output, int diagnostics) {
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(diagnostics, STDERR_FILENO);
    execv("/proc/self/exe", arguments);
    _exit(127);
}

/// Reads both pipes until they are closed. Returns false when the time is up.
bool read_all(const Pipe& output, const Pipe& diagnostics, ChildEnd& end,
              std::chrono::steady_clock::time_point until) {
    std::array<pollfd, 2> waiting{{{output.read, POLLIN, 0}, {diagnostics.read, POLLIN, 0}}};
    const std::array<std::string*, 2> into{&end.output, &end.diagnostics};
    while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        if (poll(waiting.data(), waiting.size(), static_cast<int>(left.count())) < 0) continue;
        for (std::size_t i = 0; i < waiting.size(); ++i) {
            if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
            std::array<char, 4096> buffer;
            const ssize_t size = read(waiting[i].fd, buffer.data(), buffer.size());
            if (size > 0) {
                into[i]->append(buffer.data(), static_cast<std::size_t>(size));
                if (i == 1 && into[i]->size() > kMostDiagnostics) {
                    into[i]->erase(0, into[i]->size() - kMostDiagnostics);
                }
            } else if (size == 0 || errno != EINTR) {
                waiting[i].fd = -1;
            }
        }
    }
    return true;
}

}  // namespace

ChildEnd run_child(const std::vector<std::string>& arguments, std::chrono::milliseconds limit) {
    ChildEnd end;
    Pipe output;
    Pipe diagnostics;
    std::vector<char*> raw;
    for (const std::string& argument : arguments)
        raw.push_back(const_cast<char*>(argument.c_str()));
    raw.push_back(nullptr);
    if (!output.open() || !diagnostics.open()) {
        end.code = errno;
        return end;
    }
    const pid_t child = fork();
    if (child < 0) {
        end.code = errno;
        return end;
    }
    if (child == 0) become(raw.data(), output.write, diagnostics.write);
    setpgid(child, child);
    output.close_write();
    diagnostics.close_write();
    const bool in_time =
        read_all(output, diagnostics, end, std::chrono::steady_clock::now() + limit);
    // Closed pipes without an exit do not happen to programs that mean well.
    if (!in_time) kill(-child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    kill(-child, SIGKILL);  // what the child may have left behind
    if (!in_time) {
        end.how = ChildEnd::How::timed_out;
    } else if (WIFSIGNALED(status)) {
        end.how = ChildEnd::How::killed_by_signal;
        end.code = WTERMSIG(status);
    } else {
        end.how = ChildEnd::How::exited;
        end.code = WEXITSTATUS(status);
    }
    return end;
}

}  // namespace tenon::cli
