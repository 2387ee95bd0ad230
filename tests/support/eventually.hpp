#pragma once

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <thread>

#include "support/gate.hpp"

namespace tenon::test {

/// Waits until it is so; a test that waits in vain for kPatience fails.
template <class Condition>
void eventually(const std::string& what, Condition condition) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) BOOST_FAIL("never: " << what);
        std::this_thread::yield();
    }
}

}  // namespace tenon::test
