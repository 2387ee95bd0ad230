#pragma once

#include <cstdint>
#include <string>

namespace tenon::gateway {

/// What a client's key has used since the daemon began, or since the key was changed.
struct KeyUsage {
    std::string name;
    std::uint64_t requests = 0;  ///< that were let through
    std::uint64_t rejected = 0;  ///< for its models or its limits
    std::uint64_t tokens = 0;    ///< of requests that have ended, as its limit counts them
    int in_flight = 0;
};

}  // namespace tenon::gateway
