#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "event_loop.hpp"

namespace tenon::bench {

/// When a client goes away by itself.
enum class Leave { never, in_request, before_head, before_first_delta, in_stream };
constexpr std::size_t kLeaves = 5;

/// Times, kept one by one; percentiles are exact.
class Times {
public:
    void add(Nanoseconds time) { values_.push_back(time.count()); }
    /// In microseconds: {"count":...,"p50":...,...}
    [[nodiscard]] std::string json();

private:
    std::vector<std::int64_t> values_;
};

/// What became of the streams.
struct Tally {
    long long started = 0;
    long long completed = 0;
    long long chunks = 0;
    long long bytes = 0;
    std::array<long long, kLeaves> left{};
    std::map<std::string, long long> failures;
    Times head;         ///< from the request to the first byte of the answer
    Times first_delta;  ///< from the request to the first delta
    Times gap;          ///< from delta to delta
    Times delay;        ///< of each delta, from its sender

    [[nodiscard]] std::string json(Nanoseconds elapsed);
};

}  // namespace tenon::bench
