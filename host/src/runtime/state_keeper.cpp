#include "runtime/state_keeper.hpp"

#include <vector>

namespace tenon::runtime {
namespace {

using Clock = std::chrono::steady_clock;

/// Enough for the changes that come of one cause.
constexpr std::chrono::milliseconds kTogether{200};
/// After a failure of the disk.
constexpr std::chrono::seconds kAgain{5};

void merge(store::Sighting& into, store::Sighting news) {
    if (news.last) into.last = std::move(news.last);
    if (news.cool_down_until) into.cool_down_until = news.cool_down_until;
}

}  // namespace

Result<std::unique_ptr<StateKeeper>> StateKeeper::open(const std::filesystem::path& path,
                                                       base::Log& log) {
    auto store = store::StateStore::open(path, store::Mode::owner);
    if (!store) return std::move(store).error();
    auto restored = (*store)->read();
    if (!restored) return std::move(restored).error();
    return std::make_unique<StateKeeper>(*std::move(store), *std::move(restored), log);
}

StateKeeper::StateKeeper(std::unique_ptr<store::StateStore> store, store::Snapshot restored,
                         base::Log& log)
    : store_(std::move(store)), restored_(std::move(restored)), log_(log) {
    thread_ = std::thread([this] { run(); });
}

StateKeeper::~StateKeeper() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
        changed_.notify_all();
    }
    thread_.join();
}

void StateKeeper::post(Job job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_all();
}

void StateKeeper::note(store::Sighting sighting) {
    const std::lock_guard lock(mutex_);
    if (notes_.empty()) {
        due_ = Clock::now() + kTogether;
        changed_.notify_all();
    }
    store::Sighting& noted = notes_[sighting.provider];
    noted.provider = sighting.provider;
    merge(noted, std::move(sighting));
}

bool StateKeeper::notes_are_due() const {
    return !notes_.empty() && (ending_ || Clock::now() >= due_);
}

void StateKeeper::run() {
    Lock lock(mutex_);
    for (;;) {
        if (!jobs_.empty()) {
            Job job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job(*store_);
            job = nullptr;
            lock.lock();
        } else if (notes_are_due()) {
            write_notes(lock);
        } else if (ending_) {
            return;
        } else if (notes_.empty()) {
            changed_.wait(lock);
        } else {
            changed_.wait_until(lock, due_);
        }
    }
}

void StateKeeper::write_notes(Lock& lock) {
    Notes notes = std::exchange(notes_, {});
    lock.unlock();
    std::vector<store::Sighting> all;
    for (const auto& [name, sighting] : notes) all.push_back(sighting);
    const auto written = store_->note(all);
    if (!written && !std::exchange(failing_, true)) {
        log_.write(base::LogLevel::error, "state",
                   "the providers' states cannot be kept: " + written.error().message);
    }
    if (written && std::exchange(failing_, false)) {
        log_.write(base::LogLevel::warn, "state", "the providers' states can be kept again");
    }
    lock.lock();
    if (written || ending_) return;
    for (auto& [name, newer] : notes_) {
        auto& older = notes[name];
        older.provider = name;
        merge(older, std::move(newer));
    }
    notes_ = std::move(notes);
    due_ = Clock::now() + kAgain;
}

}  // namespace tenon::runtime
