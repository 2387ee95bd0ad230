#pragma once

namespace tenon::cli {

/// From now on a crash or an uncaught exception tells on standard error which plugin's code was
/// running, before the process ends as it would have.
void install_crash_report();

}  // namespace tenon::cli
