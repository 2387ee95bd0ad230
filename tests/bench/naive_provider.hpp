#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "plugin/kind.hpp"
#include "tenon/abi/host.h"

namespace tenon::bench {

/// The same pipeline around the same plugin as one writes it on an afternoon, for the ratio: each
/// part with a mutex of its own, waiting by condition variables, blocking its thread.
///
/// It is not equal: it has neither cancellation nor time limits nor streams, and trusts the plugin
/// with a pointer to its memory.
class NaiveProvider {
public:
    explicit NaiveProvider(const plugin::Kind& kind);
    ~NaiveProvider();
    NaiveProvider(const NaiveProvider&) = delete;
    NaiveProvider& operator=(const NaiveProvider&) = delete;

    /// The answer; nothing if the breaker is open or the plugin failed.
    std::optional<std::string> complete(std::string_view model, std::string_view body);

private:
    struct Call;
    static tenon_status TENON_CALL finish(void* ctx, tenon_call call,
                                          const tenon_result* result) noexcept;

    bool admit();
    void record(bool ok);
    void acquire();
    void release();
    std::optional<std::string> run(const std::function<tenon_status(Call&)>& start);

    const plugin::Kind& kind_;
    tenon_host host_{};
    tenon_provider* provider_ = nullptr;

    std::mutex breaker_mutex_;
    std::deque<base::TimePoint> failures_;
    base::TimePoint open_until_;

    std::mutex permit_mutex_;
    std::condition_variable permit_free_;
    int permits_ = 10;

    std::mutex statistics_mutex_;
    std::uint64_t calls_ = 0;
    std::uint64_t failed_ = 0;
    base::Duration total_{0};
};

}  // namespace tenon::bench
