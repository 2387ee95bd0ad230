#pragma once

#include <chrono>

#include "store/state.hpp"

namespace tenon::gateway {

/// The time that the queue's file knows.
[[nodiscard]] inline store::UnixMs offline_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace tenon::gateway
