#include "cli/serve_signals.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace tenon::cli {
namespace {

/// An editor writes a file in several steps; after this much silence it is whole.
constexpr std::chrono::milliseconds kSettle{200};

sigset_t daemon_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    return set;
}

struct Entry {
    std::filesystem::path directory;
    std::string name;
};

/// Whoever replaces one of these replaces the file: itself, and the links that lead to it.
std::vector<Entry> entries_on_the_way_to(const std::filesystem::path& file) {
    constexpr int kMostLinks = 40;  // as the system
    std::error_code failed;
    const auto absolute = std::filesystem::absolute(file, failed);
    std::deque<std::filesystem::path> ahead(absolute.begin(), absolute.end());
    std::filesystem::path at;
    std::vector<Entry> out;
    for (int links = 0; !ahead.empty() && links <= kMostLinks;) {
        const auto name = std::move(ahead.front());
        ahead.pop_front();
        if (name == "..") {
            at = at.parent_path();
        } else if (const auto next = at / name; std::filesystem::is_symlink(next, failed)) {
            out.push_back({at, name});
            const auto target = std::filesystem::read_symlink(next, failed);
            ahead.insert(ahead.begin(), target.begin(), target.end());
            ++links;
        } else if (!name.empty() && name != ".") {
            if (ahead.empty()) out.push_back({at, name});
            at = next;
        }
    }
    return out;
}

}  // namespace

ServeSignals::ServeSignals() {
    const sigset_t set = daemon_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // Whoever read the output may end before the daemon, by the same Ctrl-C.
    std::signal(SIGPIPE, SIG_IGN);
    signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

ServeSignals::~ServeSignals() {
    if (signals_ >= 0) close(signals_);
    if (watch_ >= 0) close(watch_);
}

Result<void> ServeSignals::watch(const std::filesystem::path& file) {
    file_ = file;
    watch_ = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    return watch_entries();
}

Result<void> ServeSignals::watch_entries() {
    std::multimap<int, std::string> entries;
    int problem = watch_ < 0 ? errno : 0;
    for (const Entry& entry : entries_on_the_way_to(file_)) {
        // The directory, not the file: most who change it put a new file in its place.
        const int added = inotify_add_watch(watch_, entry.directory.c_str(),
                                            IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE);
        if (added < 0) {
            problem = errno;
        } else {
            entries.emplace(added, entry.name);
        }
    }
    entries_.swap(entries);
    for (const auto& [watch, name] : entries) {
        if (!entries_.contains(watch)) static_cast<void>(inotify_rm_watch(watch_, watch));
    }
    if (problem == 0) return {};
    return Error(Code::unavailable, "changes of " + file_.string() +
                                        " will not be noticed: " + std::strerror(problem) +
                                        "; send SIGHUP, or run 'tenon reload'");
}

bool ServeSignals::file_was_touched() {
    alignas(inotify_event) std::array<char, 4096> buffer;
    bool touched = false;
    for (;;) {
        const ssize_t size = read(watch_, buffer.data(), buffer.size());
        if (size <= 0) break;
        for (ssize_t at = 0; at < size;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            const auto [from, to] = entries_.equal_range(event->wd);
            touched = touched || (event->mask & IN_Q_OVERFLOW) != 0 ||
                      std::any_of(from, to, [&](const auto& entry) {
                          return event->len > 0 && entry.second == event->name;
                      });
            at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        }
    }
    // The way may lead elsewhere now. What happens there before it is watched is read with the
    // rest.
    if (touched) static_cast<void>(watch_entries());
    return touched;
}

ServeSignals::What ServeSignals::wait(std::chrono::milliseconds patience) {
    // By the clock: in a directory where much happens there is always something to read.
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + patience;
    for (;;) {
        const auto due = touched_ ? std::min(end, *touched_ + kSettle) : end;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now()).count();
        std::array<pollfd, 2> waiting{{{signals_, POLLIN, 0}, {watch_, POLLIN, 0}}};
        const int ready = poll(waiting.data(), watch_ < 0 ? 1 : 2,
                               static_cast<int>(std::clamp<long long>(left, 0, 3'600'000)));
        if (ready < 0) {
            if (errno == EINTR) continue;
            return What::nothing;
        }
        if (waiting[0].revents != 0) {
            signalfd_siginfo info{};
            if (read(signals_, &info, sizeof(info)) != sizeof(info)) continue;
            return info.ssi_signo == SIGHUP ? What::reload : What::stop;
        }
        const auto now = Clock::now();
        if (waiting[1].revents != 0 && file_was_touched()) touched_ = now;
        if (touched_ && now >= *touched_ + kSettle) {
            touched_.reset();
            return What::file_changed;
        }
        if (now >= end) return What::nothing;
    }
}

void ServeSignals::let_them_end_the_process() noexcept {
    sigset_t set = daemon_signals();
    sigdelset(&set, SIGHUP);  // asks for a reload, which is of no use any more
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void notify_service_manager(std::string_view state) noexcept {
    const char* path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path == nullptr || std::strlen(path) >= sizeof(address.sun_path)) return;
    std::memcpy(address.sun_path, path, std::strlen(path));
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    static_cast<void>(sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), size));
    close(fd);
}

}  // namespace tenon::cli
