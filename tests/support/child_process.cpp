#include "support/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <utility>

#include "support/gate.hpp"

extern char** environ;

namespace tenon::test {
namespace {

struct Pipe {
    Pipe() {
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe2");
        }
    }
    ~Pipe() {
        for (const int end : ends) {
            if (end >= 0) {
                ::close(end);
            }
        }
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    int release_read_end() { return std::exchange(ends[0], -1); }

    std::array<int, 2> ends{-1, -1};
};

std::vector<std::string> merged_environment(
    const std::vector<std::pair<std::string, std::string>>& changes) {
    std::vector<std::string> merged;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        merged.emplace_back(*entry);
    }
    for (const auto& [name, value] : changes) {
        std::erase_if(merged, [&](const std::string& entry) {
            return entry.compare(0, name.size() + 1, name + "=") == 0;
        });
        merged.push_back(name + "=" + value);
    }
    return merged;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    for (std::string& string : strings) {
        pointers.push_back(string.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

pid_t spawn(std::vector<std::string> arguments, std::vector<std::string> environment, int out,
            int err) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    pid_t pid = -1;
    const int failed =
        ::posix_spawn(&pid, arguments[0].c_str(), &actions, nullptr, pointers_to(arguments).data(),
                      pointers_to(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        throw std::system_error(failed, std::generic_category(), "start " + arguments[0]);
    }
    return pid;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& arguments,
                           const std::vector<std::pair<std::string, std::string>>& environment) {
    Pipe out;
    Pipe err;
    pid_ = spawn(arguments, merged_environment(environment), out.ends[1], err.ends[1]);
    out_fd_ = out.release_read_end();
    err_fd_ = err.release_read_end();
}

ChildProcess::~ChildProcess() {
    if (pid_ > 0) {
        send_signal(SIGKILL);
        wait();
    }
    ::close(out_fd_);
    ::close(err_fd_);
}

void ChildProcess::send_signal(int signal) {
    if (pid_ > 0) {
        ::kill(pid_, signal);
    }
}

void ChildProcess::close_output() {
    if (out_fd_ >= 0) ::close(std::exchange(out_fd_, -1));
}

bool ChildProcess::read_more() {
    std::array<pollfd, 2> fds{{{out_fd_, POLLIN, 0}, {err_fd_, POLLIN, 0}}};
    constexpr auto kMilliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(kPatience).count();
    int ready = 0;
    do {
        ready = ::poll(fds.data(), fds.size(), static_cast<int>(kMilliseconds));
    } while (ready < 0 && errno == EINTR);
    for (const pollfd& fd : fds) {
        std::array<char, 4096> buffer;
        const ssize_t count = fd.revents == 0 ? 0 : ::read(fd.fd, buffer.data(), buffer.size());
        if (count > 0) {
            std::string& text = fd.fd == out_fd_ ? out_ : err_;
            text.append(buffer.data(), static_cast<std::size_t>(count));
        } else if (fd.revents != 0) {  // the end of this one; poll() ignores -1
            ::close(fd.fd);
            (fd.fd == out_fd_ ? out_fd_ : err_fd_) = -1;
        }
    }
    return ready > 0;
}

std::optional<std::string> ChildProcess::read_line() {
    std::size_t end = 0;
    while ((end = out_.find('\n')) == out_.npos) {
        if (out_fd_ < 0 || !read_more()) {
            return std::nullopt;
        }
    }
    std::string line = out_.substr(0, end);
    out_.erase(0, end + 1);
    return line;
}

bool ChildProcess::wait_for_error(std::string_view text) {
    while (err_.find(text) == err_.npos) {
        if (err_fd_ < 0 || !read_more()) return false;
    }
    return true;
}

ChildProcess::Exit ChildProcess::wait() {
    while (out_fd_ >= 0 || err_fd_ >= 0) {
        if (!read_more()) {
            send_signal(SIGKILL);
            break;
        }
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0};
}

}  // namespace tenon::test
