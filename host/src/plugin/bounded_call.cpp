#include "plugin/bounded_call.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace tenon::plugin {

bool run_bounded(base::Duration limit, std::function<void()> body) {
    struct State {
        std::mutex mutex;
        std::condition_variable ended_changed;
        bool ended = false;
    };
    auto state = std::make_shared<State>();
    std::thread thread([state, body = std::move(body)]() mutable {
        body();
        body = nullptr;  // what it owns ends here, not on a thread that was left behind later
        const std::lock_guard lock(state->mutex);
        state->ended = true;
        state->ended_changed.notify_all();
    });
    std::unique_lock lock(state->mutex);
    const bool in_time = state->ended_changed.wait_for(lock, limit, [&] { return state->ended; });
    lock.unlock();
    if (in_time) {
        thread.join();
    } else {
        thread.detach();
    }
    return in_time;
}

}  // namespace tenon::plugin
