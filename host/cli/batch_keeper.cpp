#include "cli/batch_keeper.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>
#include <utility>

#include "cli/terminal.hpp"

namespace tenon::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMostNotSynced = 100;
constexpr std::chrono::milliseconds kBarEvery{250};
constexpr std::chrono::seconds kSyncEvery{1};
constexpr std::chrono::seconds kLineEvery{10};

std::size_t terminal_columns() {
    struct winsize size {};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

}  // namespace

BatchKeeper::BatchKeeper(BatchOutput& output, std::function<BatchProgress()> look, bool tell)
    : output_(output),
      look_(std::move(look)),
      tell_(tell),
      terminal_(::isatty(STDERR_FILENO) == 1),
      begin_(Clock::now()),
      told_(begin_),
      thread_([this] { keep(); }) {}

BatchKeeper::~BatchKeeper() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void BatchKeeper::written() {
    if (output_.not_synced() < kMostNotSynced) return;
    const std::lock_guard lock(mutex_);
    changed_.notify_one();
}

void BatchKeeper::keep() {
    std::unique_lock lock(mutex_);
    while (!stop_) {
        const auto pause = tell_ && terminal_ ? kBarEvery : std::chrono::milliseconds(kSyncEvery);
        changed_.wait_for(lock, pause,
                          [this] { return stop_ || output_.not_synced() >= kMostNotSynced; });
        lock.unlock();
        const bool synced = output_.sync().has_value();
        tell(false);
        lock.lock();
        // The output stays as it is, and whoever writes learns why: nothing to be done in haste.
        if (!synced) changed_.wait(lock, [this] { return stop_; });
    }
}

void BatchKeeper::tell(bool last) {
    if (!tell_) return;
    const auto now = Clock::now();
    if (!terminal_ && !last && now - told_ < kLineEvery) return;
    if (terminal_ && !last && now - told_ < kBarEvery) return;
    told_ = now;
    BatchProgress progress = look_();
    progress.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - begin_);
    const std::lock_guard lock(speaking_);
    if (!terminal_) {
        print_error(describe(progress));
        return;
    }
    std::cerr << '\r' << progress_bar(progress, terminal_columns()) << "\033[K"
              << (last ? "\n" : "") << std::flush;
    line_is_open_ = !last;
}

void BatchKeeper::say(std::string_view sentence) {
    const std::lock_guard lock(speaking_);
    if (std::exchange(line_is_open_, false)) std::cerr << '\n';
    print_error(sentence);
}

Result<void> BatchKeeper::finish() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
    auto synced = output_.sync();
    tell(true);
    return synced;
}

}  // namespace tenon::cli
