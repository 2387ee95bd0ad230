#pragma once

#include <chrono>
#include <memory>

namespace tenon::test {

/// No scripted wait lasts longer; a test that gets here has failed already.
inline constexpr std::chrono::seconds kPatience{30};

/// Holds threads of a scripted server back until the test lets them go on.
///
/// Copies share one gate, so a handler may capture it by value and need not care which of test,
/// gate and server ends first.
///
/// \par Thread-safety
/// All functions may be called from any thread at any time.
class Gate {
public:
    Gate();

    /// Lets everybody pass, now and later.
    void open();

    /// Lets `count` further waits pass, in no particular order. Nothing if the gate is open.
    void let_pass(int count = 1);

    /// Waits for open() or for one pass. False after kPatience, or when `stop_fd` (-1 = none)
    /// became readable or was hung up.
    [[nodiscard]] bool wait(int stop_fd = -1) const;

private:
    struct Pipe;
    std::shared_ptr<Pipe> pipe_;
};

}  // namespace tenon::test
