#include "cli/control_commands.hpp"
namespace tenon::cli {
int run_top(const GlobalOptions&) {
    return kSuccess;
}
}  // namespace tenon::cli
