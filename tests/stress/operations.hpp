#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/random.hpp"
#include "tenon/host/host.hpp"

/// What the threads of the stress program do.
namespace tenon::stress {

/// How the requests ended, as their callers saw it.
struct Tally {
    std::atomic<std::uint64_t> succeeded{0};
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> cancelled{0};
    std::atomic<std::uint64_t> commands{0};
    std::atomic<std::uint64_t> looks{0};
    std::atomic<std::uint64_t> wrong{0};  ///< answers that are none

    [[nodiscard]] std::uint64_t requests() const noexcept { return succeeded + failed + cancelled; }
};

/// All of the mock plugin.
inline constexpr std::array kProviders = {"steady", "flaky",  "silent",  "cut",
                                          "pooled", "shared", "blocking"};
/// The host's: these providers, and the route "any" over all of them.
[[nodiscard]] std::string configuration();

/// One thread's operations, at random.
class Worker {
public:
    Worker(host::Host& host, Tally& tally, std::uint64_t seed)
        : host_(host), tally_(tally), random_(seed) {}

    /// One operation: mostly a request, now and then a command or a look.
    void step();

private:
    [[nodiscard]] std::size_t below(std::size_t limit) noexcept;
    [[nodiscard]] std::string provider();
    void request();
    void started_request();
    void give_command();
    void steer();
    void look();
    void count(const Result<host::ChatAnswer>& answer);
    [[nodiscard]] host::ChatRequest make_request();

    host::Host& host_;
    Tally& tally_;
    core::Random random_;
};

}  // namespace tenon::stress
