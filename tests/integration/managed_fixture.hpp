#pragma once

#include "host_fixture.hpp"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "support/contains.hpp"
#include "support/eventually.hpp"

namespace tenon::test {

/// Longer than anything a test waits for; who waits as long has failed.
inline constexpr std::chrono::seconds kLong = kPatience;

/// For command(): long enough.
inline constexpr std::chrono::milliseconds kSettle = kLong;

/// Configurations of the mock: a connect that lasts, requests that are never answered.
inline const std::string kSlowConnect = R"({"connect":"slow","slow_ms":3600000})";
inline const std::string kSilent = R"({"fail_every":1,"fail_with":"silent"})";
/// Settings of a provider: one dial, then quiet for as long as a test may last.
inline const std::string kOneDial =
    R"({"connection":{"reconnect_attempts":1,"reconnect_delay":"1h","drain_grace":"1h"},
        "health":{"interval":"1h"},"timeouts":{"connect":"1h"},"jitter":false})";

/// A host with the bundled plugins and this configuration file.
inline std::unique_ptr<host::Host> open_with(const std::string& json,
                                             host::HostOptions options = {}) {
    static std::atomic<int> number{0};
    const auto path =
        std::filesystem::temp_directory_path() /
        ("tenon_managed_" + std::to_string(::getpid()) + '_' + std::to_string(++number) + ".json");
    std::ofstream(path) << json;
    options.config_file = path;
    auto host = open_host(options);
    std::filesystem::remove(path);
    return host;
}

/// Without checks at intervals, so that nothing happens by itself.
inline host::HostOptions quiet() {
    host::HostOptions options;
    options.active_checks = false;
    return options;
}

inline void add(host::Host& host, const std::string& name, const std::string& kind,
                const std::string& config, const std::string& settings) {
    const auto added = host.add_provider({name, kind, config, {}, settings});
    BOOST_REQUIRE_MESSAGE(added.has_value(), why(added));
}

inline host::ProviderStatistics statistics_of(const host::Host& host, const std::string& name) {
    for (const auto& each : host.statistics()) {
        if (each.name == name) return each;
    }
    BOOST_FAIL("no statistics of " << name);
    return {};
}

inline host::CommandReply tell(host::Host& host, const std::string& provider, host::Command command,
                               std::chrono::milliseconds patience = {}) {
    auto reply = host.command(provider, command, patience);
    BOOST_REQUIRE_MESSAGE(reply.has_value(), why(reply));
    return *std::move(reply);
}

/// Who answers a request for this model.
inline std::string who_answers(host::Host& host, const std::string& model) {
    const auto answer = host.complete(ask({}, "hi", model));
    BOOST_REQUIRE_MESSAGE(answer.has_value(), why(answer));
    return answer->provider;
}

/// Requests under way. Their host ends after this, or the requests do.
class Requests {
public:
    using Answer = Result<host::ChatAnswer>;

    std::shared_ptr<host::Operation> start(host::Host& host, const host::ChatRequest& request,
                                           const host::OnDelta& on_delta = {}) {
        auto promise = std::make_shared<std::promise<Answer>>();
        futures_.push_back(promise->get_future());
        return host.start_complete(
            request, on_delta, [promise](Answer answer) { promise->set_value(std::move(answer)); });
    }
    /// The answer of the oldest that has not been taken.
    Answer take() {
        auto future = std::move(futures_.front());
        futures_.erase(futures_.begin());
        BOOST_REQUIRE_MESSAGE(future.wait_for(kLong) == std::future_status::ready,
                              "the request does not end");
        return future.get();
    }
    [[nodiscard]] std::size_t size() const noexcept { return futures_.size(); }

private:
    std::vector<std::future<Answer>> futures_;
};

/// All events of a host.
class Events {
public:
    explicit Events(host::Host& host, std::size_t capacity = 4096)
        : subscription_(
              host.subscribe([this](const host::Event& event) { add(event); }, capacity)) {}

    /// Waits for the first that is so, and returns it.
    template <class Condition>
    host::Event wait_for(const std::string& what, Condition condition) {
        std::unique_lock lock(mutex_);
        const host::Event* found = nullptr;
        const auto look = [&] {
            for (const host::Event& event : events_) {
                if (!condition(event)) continue;
                found = &event;
                return true;
            }
            return false;
        };
        BOOST_REQUIRE_MESSAGE(changed_.wait_for(lock, kLong, look), "no event: " << what);
        return *found;
    }
    host::Event wait_for(const std::string& provider, const std::string& kind,
                         const std::string& to) {
        return wait_for(provider + ' ' + kind + ' ' + to, [&](const host::Event& event) {
            return event.provider == provider && event.kind == kind && event.to == to;
        });
    }
    [[nodiscard]] std::vector<host::Event> all() const {
        const std::lock_guard lock(mutex_);
        return events_;
    }
    /// For the condition of wait_for().
    [[nodiscard]] const std::vector<host::Event>& all_unlocked() const noexcept { return events_; }
    [[nodiscard]] const host::Subscription& subscription() const noexcept { return *subscription_; }

private:
    void add(const host::Event& event) {
        const std::lock_guard lock(mutex_);
        events_.push_back(event);
        changed_.notify_all();
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<host::Event> events_;
    std::unique_ptr<host::Subscription> subscription_;  // last: it ends before what it writes to
};

}  // namespace tenon::test
