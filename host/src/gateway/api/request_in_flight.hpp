#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tenon::gateway {

/// A request that is being answered.
struct RequestInFlight {
    std::string id;
    std::string dialect;   ///< its path
    std::string model;     ///< as the client names it
    std::string provider;  ///< of the latest attempt; empty = none yet
    std::string key;       ///< the name of the client's key; empty = none
    bool stream = false;
    std::chrono::system_clock::time_point started;
    std::chrono::milliseconds age{0};
    std::uint64_t attempts = 0;
    std::uint64_t deltas = 0;
    std::uint64_t bytes = 0;  ///< sent to the client
};

}  // namespace tenon::gateway
