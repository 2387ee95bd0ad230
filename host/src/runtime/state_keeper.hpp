#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "net/awaitable.hpp"
#include "provider/io_waker.hpp"
#include "store/state_store.hpp"
#include "tenon/result.hpp"

namespace tenon::runtime {

/// The host's StateStore, and the one thread that uses it: a disk may take its time.
///
/// \par Object lifetimes
/// `log` outlives it. Nobody waits for a job when it ends.
/// \par Thread-safety
/// Any thread.
class StateKeeper {
public:
    using Job = std::function<void(store::StateStore&)>;

    /// Owns the file from now on. Errors: as StateStore::open() and read().
    [[nodiscard]] static Result<std::unique_ptr<StateKeeper>> open(
        const std::filesystem::path& path, base::Log& log);

    StateKeeper(std::unique_ptr<store::StateStore> store, store::Snapshot restored, base::Log& log);
    StateKeeper(const StateKeeper&) = delete;
    StateKeeper& operator=(const StateKeeper&) = delete;
    /// Does what has been posted and writes what has been noted.
    ~StateKeeper();

    /// What the file said when it was opened.
    [[nodiscard]] const store::Snapshot& restored() const noexcept { return restored_; }

    /// Runs `job`, which does not throw, on the keeper's thread after those before it.
    void post(Job job);

    /// post(), and waits for what `job` returns.
    /// \par Preconditions
    /// Neither on an I/O thread nor on the keeper's.
    template <class T>
    [[nodiscard]] Result<T> call(std::function<Result<T>(store::StateStore&)> job) {
        const auto promise = std::make_shared<std::promise<Result<T>>>();
        auto result = promise->get_future();
        post([promise, job = std::move(job)](store::StateStore& store) {
            promise->set_value(job(store));
        });
        return result.get();
    }

    /// Likewise, for a coroutine on the I/O thread of `io`.
    template <class T>
    [[nodiscard]] net::Awaitable<Result<T>> ask(std::function<Result<T>(store::StateStore&)> job,
                                                boost::asio::io_context& io) {
        const auto result = std::make_shared<std::optional<Result<T>>>();
        const auto waker = std::make_shared<provider::IoWaker>(io);
        post([job = std::move(job), result, waker](store::StateStore& store) {
            result->emplace(job(store));
            waker->wake();
        });
        for (bool done = false; !done;) done = co_await waker->wait(base::kNoDeadline);
        co_return *std::move(*result);
    }

    /// Writes it soon, together with what else is noted until then; later news of a provider take
    /// the place of earlier ones.
    void note(store::Sighting sighting);

private:
    using Notes = std::map<std::string, store::Sighting, std::less<>>;
    using Lock = std::unique_lock<std::mutex>;

    void run();
    void write_notes(Lock& lock);
    [[nodiscard]] bool notes_are_due() const;

    const std::unique_ptr<store::StateStore> store_;
    const store::Snapshot restored_;
    base::Log& log_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> jobs_;
    Notes notes_;
    std::chrono::steady_clock::time_point due_;  ///< of the notes
    bool failing_ = false;                       ///< the last notes could not be written
    bool ending_ = false;
    std::thread thread_;  ///< last: it uses all of the above
};

}  // namespace tenon::runtime
