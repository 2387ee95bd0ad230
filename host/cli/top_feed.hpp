#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "cli/control_client.hpp"

namespace tenon::cli {

/// News for `tenon top`: asks the daemon for its status every second and whenever something has
/// happened, follows the events, and gives commands. A daemon that ends is waited for.
///
/// \par Thread-safety
/// None; it has threads of its own.
class TopFeed {
public:
    static constexpr std::size_t kMostEvents = 500;  ///< that are kept

    /// What has come since the last look.
    struct News {
        std::optional<wire::JsonDocument> status;
        std::deque<wire::JsonDocument> events;
        std::optional<std::string> message;  ///< what became of a command
        bool restarted = false;              ///< it is another daemon since, and so are its numbers
        std::string trouble;                 ///< why there is no status; empty = there is
    };

    explicit TopFeed(const ControlClient& client);
    ~TopFeed();
    TopFeed(const TopFeed&) = delete;
    TopFeed& operator=(const TopFeed&) = delete;

    /// Becomes readable when there is news.
    [[nodiscard]] int fd() const noexcept { return wake_; }
    [[nodiscard]] News take();

    /// Gives a command ("connect", ...) to one provider, some time soon.
    void give(const std::string& command, const std::string& provider);

private:
    struct Order {
        std::string command;
        std::string provider;
    };

    void ask(const std::stop_token& stop);
    void carry_out(const Order& order, const std::stop_token& stop);
    void fetch_status(const std::stop_token& stop);
    void follow(const std::stop_token& stop);
    /// How far the events of which daemon are known.
    struct Place {
        std::string started;
        std::int64_t newest = 0;
    };
    /// \return false if it is another daemon, whose events must be asked for from the beginning.
    bool note(const ControlEvent& event, Place& place);
    /// Until somebody wants something, or for so long.
    std::optional<Order> wait_for_order(const std::stop_token& stop);
    void wake() const noexcept;

    ControlClient client_;
    int wake_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    News news_;                 ///< guarded by mutex_
    std::deque<Order> orders_;  ///< likewise
    bool is_stale_ = false;     ///< likewise: something has happened since the last status
    std::jthread asker_;
    std::jthread follower_;
};

}  // namespace tenon::cli
