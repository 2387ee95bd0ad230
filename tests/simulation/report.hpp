#pragma once

#include "records.hpp"
#include "scenario.hpp"

namespace tenon::simulation {

/// Prints, for each stage, what requests and what each provider saw.
void print_table(const Scenario& scenario, const Records& records);

}  // namespace tenon::simulation
