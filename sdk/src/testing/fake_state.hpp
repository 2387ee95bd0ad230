#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/testing/fake_host.hpp"
#include "testing/fake_call.hpp"
#include "testing/fake_exchange.hpp"
#include "testing/fake_operation.hpp"

namespace tenon::testing {

/// The inside of a FakeHost.
///
/// \par Thread-safety
/// Functions that take no lock and say nothing else lock for themselves; those that take a `Lock`
/// expect it locked. No plugin code runs under the lock.
class FakeState {
public:
    using Lock = std::unique_lock<std::mutex>;

    FakeState() noexcept;
    FakeState(const FakeState&) = delete;
    FakeState& operator=(const FakeState&) = delete;
    ~FakeState();

    [[nodiscard]] Lock lock() const { return Lock(mutex_); }

    // ---- queue and clock (the test's thread) ---------------------------------------------------
    bool step();
    void run();
    void run_until_idle();
    void advance_to(std::int64_t target_ns);
    /// When the next timer expires.
    [[nodiscard]] std::optional<std::int64_t> next_timer() const;
    /// How many exchanges wait for the test to let them go on.
    [[nodiscard]] std::size_t held_exchanges() const;
    /// Waits for another thread to do something; false = nobody did in time.
    [[nodiscard]] bool wait_for_threads(tenon_call call);
    /// Marks plugin code on the stack of the test's thread while it runs `body`.
    void enter(const std::function<void()>& body);

    // ---- calls ---------------------------------------------------------------------------------
    [[nodiscard]] tenon_call begin(std::unique_ptr<CallRecord> record);
    /// The start function has returned.
    void started(tenon_call call, tenon_status status);
    void cancel(tenon_call call);
    [[nodiscard]] CallRecord* find(const Lock&, tenon_call call) noexcept;
    [[nodiscard]] std::vector<tenon_call> open_calls(const void* owner) const;
    /// Calls that occupy a connection.
    [[nodiscard]] std::size_t calls_on(const tenon_conn* connection) const;

    /// The open connections of a provider; value: usable.
    [[nodiscard]] std::map<tenon_conn*, bool> connections_of(const void* owner) const;

    // ---- what the plugin calls -----------------------------------------------------------------
    tenon_status emit(tenon_call call, const tenon_delta* delta);
    tenon_status finish(tenon_call call, const tenon_result* result);
    [[nodiscard]] bool is_cancelled(tenon_call call);
    tenon_status connection_lost(tenon_conn* connection, const tenon_error* error);
    /// Registers an operation on behalf of a call. 0 = refused.
    tenon_op start(Lock& lock, const char* what, std::shared_ptr<FakeOperation> operation);
    void cancel_operation(tenon_op op);
    [[nodiscard]] const tenon_json_document* parse(const tenon_str* text, tenon_error* error);
    void release(const tenon_json_document* document);
    [[nodiscard]] const tenon_json_document* request_json(tenon_call call);
    [[nodiscard]] bool is_alive(const tenon_json_document* document);

    void violation(const Lock&, std::string text);
    void violation(std::string text) { violation(lock(), std::move(text)); }
    /// Documents that plugin code parsed and never released are violations from here on.
    void report_leaks();
    /// Puts an operation that can go on into the queue.
    void schedule(const Lock&, const std::shared_ptr<FakeOperation>& operation);

    // Guarded by the lock.
    std::int64_t now_ns = 1'000'000'000;
    std::chrono::milliseconds patience{5000};
    LogLevel log_level = LogLevel::trace;
    std::vector<LogLine> logs;
    std::vector<LostConnection> lost;
    struct Connection {
        const void* owner;
        bool usable;
    };
    std::map<tenon_conn*, Connection> connections;  ///< open ones of all providers
    std::set<std::string, std::less<>> hidden_services;
    HttpScript script;
    std::vector<std::string> violations;
    std::size_t violations_shown = 0;
    std::map<tenon_op, std::shared_ptr<FakeOperation>> operations;

    tenon_host table{};

private:
    /// Runs the oldest waiting callback.
    bool run_one();
    void run_operation(tenon_op op);
    void expire_due(Lock& lock);
    [[nodiscard]] std::optional<std::int64_t> next_due(const Lock&) const;
    void stop_operations(const Lock&, tenon_call call, const Error& cause);
    void reclaim(const Lock&, CallRecord& record);
    void tell_cancel(Lock& lock, CallRecord& record);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    std::vector<std::unique_ptr<CallRecord>>
        calls_;  ///< for ever: a late use is told from a wrong one
    tenon_op next_op_ = 0;
    std::map<const tenon_json_document*, bool> documents_;  ///< value: parsed by plugin code
    std::atomic<int> inside_{0};  ///< plugin code on the stack of the test's thread
};

/// Fills the table that the plugin sees (fake_table.cpp).
void fill_table(tenon_host& table, FakeState& state) noexcept;

}  // namespace tenon::testing
