#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>

#include "tenon/host/host.hpp"

namespace tenon::host {

/// One prompt that has time.
struct BackgroundJob {
    /// Names it for cancel(); no other unfinished job has the same.
    std::string id;
    std::variant<ChatRequest, EmbeddingRequest> request;
    int priority = 0;   ///< higher ones first; equals in the order of arrival
    int max_tries = 0;  ///< 0 = as BackgroundOptions says
};

struct BackgroundResult {
    std::string id;
    /// The answer is of the kind that was asked for.
    Result<std::variant<ChatAnswer, EmbeddingAnswer>> answer;
    int tries = 0;  ///< requests to the host, each of which may have had several attempts
};

struct BackgroundOptions {
    int concurrency = 8;          ///< jobs at once, 1 or more
    std::size_t capacity = 1000;  ///< jobs that wait, 1 or more
    /// Of one job, the first included: each is a request to the host, with its own deadline,
    /// retries and fail-over.
    int max_tries = 3;
    /// Before the second try, doubling from try to try; likewise between looks whether somebody can
    /// be asked again, unless the host tells.
    std::chrono::milliseconds retry_base = std::chrono::seconds(1);
    std::chrono::milliseconds retry_cap = std::chrono::seconds(60);
    /// How long jobs wait while nobody can be asked or reached. After that they fail.
    std::chrono::milliseconds patience = std::chrono::hours(24);
};

struct BackgroundCounts {
    std::size_t ready = 0;    ///< start as soon as there is room
    std::size_t held = 0;     ///< nobody can be asked for them at present
    std::size_t delayed = 0;  ///< wait before their next try
    std::size_t running = 0;
    std::uint64_t succeeded = 0;  ///< since the beginning, like the next two
    std::uint64_t failed = 0;
    std::uint64_t cancelled = 0;
    std::string held_because;  ///< while some are held: what was said last
    [[nodiscard]] std::size_t waiting() const noexcept { return ready + held + delayed; }
};

/// Works through prompts in the background: by priority, so many at once, over whichever
/// connections the host manages, pooled or not.
///
/// A job whose request fails in a way that may pass is tried again after a while. While nobody can
/// be asked (a breaker is open, the server cannot be reached), the jobs for that model wait, and
/// none is used up; one goes ahead as soon as the host tells of a change, or from time to time.
/// What will not pass by itself (a provider that is disabled or misconfigured) fails its jobs: call
/// pause() before taking a provider away.
///
/// \par Callbacks
/// Each job's callback is called once, also when the job was cancelled (Code::cancelled). They run
/// on the processor's one thread, one after another, without a lock: they may call everything here
/// except drain() and the destructor. No job starts while one runs. What they throw is dropped.
/// \par Thread-safety
/// Any thread, except that construction and destruction are exclusive.
/// \par Object lifetimes
/// The host outlives the processor. The destructor cancels all jobs, waits until they have ended,
/// which the host does promptly, and until their callbacks have returned. It must not run within a
/// callback: that ends the program.
class BackgroundProcessor {
public:
    using OnResult = std::function<void(BackgroundResult)>;
    enum class WhenFull : std::uint8_t { refuse, wait };

    /// Errors: Code::invalid for options that make no sense.
    [[nodiscard]] static Result<std::unique_ptr<BackgroundProcessor>> create(
        Host& host, const BackgroundOptions& options = {});
    ~BackgroundProcessor();
    BackgroundProcessor(const BackgroundProcessor&) = delete;
    BackgroundProcessor& operator=(const BackgroundProcessor&) = delete;

    /// Takes a job in. When as many wait as may, it waits for room or refuses; within a callback it
    /// always refuses, for there it would wait for itself.
    /// Errors, without a callback: Code::overloaded if it is full; Code::invalid if a job of this
    /// id is unfinished; Code::cancelled if `stop` was requested
    /// while it waited, or after wind_down().
    Result<void> submit(BackgroundJob job, OnResult on_result, WhenFull when_full = WhenFull::wait,
                        std::stop_token stop = {});

    /// Ends a job with Code::cancelled, unless its answer is faster.
    /// \return false if there is no such job, or its result is on the way.
    bool cancel(std::string_view id);
    /// From now on nothing starts: jobs that wait are cancelled, jobs that run get no further try
    /// (if they fail in a way that may pass, they count as cancelled), submit() refuses.
    void wind_down();

    /// Starts no more jobs; those that run go on.
    void pause();
    void resume();

    /// Waits until all jobs are over and their callbacks have returned.
    /// \return false if `stop` was requested first.
    bool drain(std::stop_token stop = {});

    [[nodiscard]] BackgroundCounts counts() const;

private:
    struct State;
    BackgroundProcessor(Host& host, const BackgroundOptions& options);

    std::shared_ptr<State> state_;
};

}  // namespace tenon::host
