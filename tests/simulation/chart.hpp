#pragma once

#include <ostream>

#include "records.hpp"
#include "scenario.hpp"

namespace tenon::simulation {

/// Draws the run as SVG: tries in each second, share of successes, state of the breakers.
void draw(const Scenario& scenario, const Records& records, std::ostream& out);

}  // namespace tenon::simulation
