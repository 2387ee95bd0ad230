#include "cli/control_commands.hpp"
namespace tenon::cli {
int run_trace(const GlobalOptions&, const TraceOptions&) {
    return kSuccess;
}
}  // namespace tenon::cli
