#pragma once

#include <string_view>
#include <vector>

#include "cli/crashtest/bench.hpp"
#include "cli/crashtest/judge.hpp"

namespace tenon::cli::crashtest {

/// One thing that goes wrong, and what must come of it.
struct Fault {
    std::string_view name;
    std::string_view upstream;  ///< what it does
    std::string_view must;      ///< what the client must see
    Settings settings;
    /// Plays it and judges what clients saw and what stands in the books; that the books balance is
    /// judged afterwards, by judge_fault().
    void (*play)(Bench& bench, Verdict& verdict);
};

/// All of them, in the order of the scorecard.
[[nodiscard]] const std::vector<Fault>& faults();

/// Plays one fault on a bench of its own.
/// Errors: there is no bench to play it on.
[[nodiscard]] Result<Verdict> judge_fault(const Fault& fault, const host::HostOptions& base);

// The parts of faults().
[[nodiscard]] std::vector<Fault> refusals();  ///< errors instead of answers
[[nodiscard]] std::vector<Fault> silences();  ///< broken and silent connections
[[nodiscard]] std::vector<Fault> streams();   ///< streams that go wrong
[[nodiscard]] std::vector<Fault> storms();    ///< many requests

}  // namespace tenon::cli::crashtest
