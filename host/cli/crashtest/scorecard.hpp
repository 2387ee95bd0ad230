#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "cli/crashtest/faults.hpp"

namespace tenon::cli::crashtest {

/// How one fault went.
struct Score {
    const Fault* fault = nullptr;
    Verdict verdict;
    std::chrono::milliseconds took{0};
};

/// The head of the table, and the lines under it, one for each fault as it ends.
class Scorecard {
public:
    explicit Scorecard(const std::vector<const Fault*>& faults);

    [[nodiscard]] std::string head() const;
    /// A fault that was not passed has further lines, one for each thing that was wrong.
    [[nodiscard]] std::string line(const Score& score) const;
    /// What --list prints of a fault.
    [[nodiscard]] std::string description(const Fault& fault) const;

private:
    [[nodiscard]] std::string row(std::string_view name, std::string_view upstream,
                                  std::string_view must) const;

    std::size_t name_width_;
    std::size_t upstream_width_;
    std::size_t must_width_;
};

/// "16 of 16"
[[nodiscard]] std::string total(const std::vector<Score>& scores);

[[nodiscard]] std::string to_json(const std::vector<Score>& scores);

}  // namespace tenon::cli::crashtest
