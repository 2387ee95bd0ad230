#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "cli/cell_text.hpp"
#include "cli/control_commands.hpp"
#include "cli/daemon.hpp"
#include "cli/event_text.hpp"
#include "cli/full_screen.hpp"
#include "cli/keys.hpp"
#include "cli/terminal.hpp"
#include "cli/top_feed.hpp"
#include "cli/top_view.hpp"

namespace tenon::cli {
namespace {

/// Signals as something to read, so that their handling is ordinary code. Threads that are started
/// while it lives do not get them either.
class Signals {
public:
    Signals() {
        sigset_t set;
        sigemptyset(&set);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP}) {
            sigaddset(&set, signal);
        }
        pthread_sigmask(SIG_BLOCK, &set, &before_);
        fd_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    ~Signals() {
        ::close(fd_);
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    [[nodiscard]] int fd() const noexcept { return fd_; }
    /// The next one; 0 = none.
    [[nodiscard]] int take() const {
        signalfd_siginfo info{};
        if (::read(fd_, &info, sizeof info) != sizeof info) return 0;
        return static_cast<int>(info.ssi_signo);
    }

private:
    sigset_t before_{};
    int fd_ = -1;
};

/// The loop of keys, signals and news.
class Top {
public:
    explicit Top(const ControlClient& client) : feed_(client) {
        model_.colours = output_style().colours;
    }

    int run() {
        while (!status_) {
            show();
            std::array<pollfd, 3> watched{pollfd{STDIN_FILENO, POLLIN, 0},
                                          pollfd{signals_.fd(), POLLIN, 0},
                                          pollfd{feed_.fd(), POLLIN, 0}};
            if (::poll(watched.data(), watched.size(), -1) < 0) continue;
            if (watched[0].revents != 0) read_keys();
            if (watched[1].revents != 0) receive_signals();
            if (watched[2].revents != 0) take_news();
        }
        return *status_;
    }

private:
    void show() {
        auto lines = top_lines(model_, screen_.size());
        if (lines == shown_) return;
        screen_.draw(lines);
        shown_ = std::move(lines);
    }

    void read_keys() {
        std::array<char, 256> bytes{};
        const ssize_t count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) return;
        if (count <= 0) status_ = kSuccess;  // the terminal is gone
        for (ssize_t i = 0; i < count; ++i) {
            if (const auto key = keys_.feed(bytes[static_cast<std::size_t>(i)])) press(*key);
        }
    }

    void press(const Key& key) {
        switch (key.kind) {
            case Key::Kind::up: return move_selection(model_, -1);
            case Key::Kind::down: return move_selection(model_, 1);
            case Key::Kind::interrupt: status_ = kInterrupted; return;
            case Key::Kind::suspend: return suspend();
            case Key::Kind::character: break;
        }
        switch (key.character) {
            case 'q': status_ = kSuccess; return;
            case 'k': return move_selection(model_, -1);
            case 'j': return move_selection(model_, 1);
            case 'c': return give("connect");
            case 'd': return give("disconnect");
            case 'e': return give("enable");
            case 'x': return give("disable");
            case 'r': return give("recover");
            default: return;
        }
    }

    void give(const char* command) {
        if (model_.selected.empty()) return;
        model_.message = std::string(command) + " " + model_.selected + " ...";
        feed_.give(command, model_.selected);
    }

    void receive_signals() {
        while (const int signal = signals_.take()) {
            switch (signal) {
                case SIGWINCH: shown_.clear(); break;
                case SIGTSTP: suspend(); break;
                default: status_ = 128 + signal;
            }
        }
    }

    /// The terminal belongs to the shell meanwhile.
    void suspend() {
        screen_.leave();
        ::kill(::getpid(), SIGSTOP);
        screen_.enter();
        shown_.clear();
    }

    void take_news() {
        TopFeed::News news = feed_.take();
        if (news.status) model_.status = std::move(news.status);
        if (news.message) model_.message = *std::move(news.message);
        model_.trouble = std::move(news.trouble);
        if (news.restarted) {
            model_.events.clear();
            model_.message = "another daemon has been started";
        }
        for (const wire::JsonDocument& event : news.events) {
            model_.events.push_back(event_text(event.root(), model_.colours));
        }
        while (model_.events.size() > TopFeed::kMostEvents) model_.events.pop_front();
        move_selection(model_, 0);
    }

    Signals signals_;  // before the threads of feed_ begin
    FullScreen screen_;
    TopFeed feed_;
    KeyReader keys_;
    TopModel model_;
    std::vector<std::string> shown_;
    std::optional<int> status_;
};

}  // namespace

int run_top(const GlobalOptions& global) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    if (!can_have_screen()) {
        print_error(
            "'tenon top' needs a terminal; use 'tenon status --watch' or 'tenon events' instead");
        return kUsage;
    }
    // What is wrong from the beginning is said on the ordinary screen.
    if (const auto status = daemon.client->get("/admin/v1/status"); !status) {
        return report_daemon_failure(status.error());
    }
    return Top(*daemon.client).run();
}

}  // namespace tenon::cli
