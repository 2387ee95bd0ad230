#pragma once

#include <string>
#include <vector>

#include "records.hpp"
#include "scenario.hpp"

namespace tenon::simulation {

/// What the machines promise, and whether they kept it.
struct Requirement {
    bool kept = false;
    std::string sentence;  ///< with the numbers
};

[[nodiscard]] std::vector<Requirement> check(const Scenario& scenario, const Records& records);

}  // namespace tenon::simulation
