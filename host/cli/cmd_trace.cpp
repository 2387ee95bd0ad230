#include <iostream>

#include "cli/control_commands.hpp"
#include "cli/daemon.hpp"
#include "cli/interrupt.hpp"
#include "cli/json_text.hpp"
#include "cli/terminal.hpp"
#include "cli/trace_text.hpp"

namespace tenon::cli {

int run_trace(const GlobalOptions& global, const TraceOptions& options) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    const Interrupts::Scope interrupt;
    const bool lists = options.id.empty();
    const std::string target = lists ? "/admin/v1/traces?limit=" + std::to_string(options.limit)
                                     : "/admin/v1/traces/" + path_segment(options.id);
    const auto answer = daemon.client->get(target, interrupt.token());
    if (!answer) return report_daemon_failure(answer.error());
    const auto what = lists ? answer->root()["traces"] : answer->root();
    if (options.json) {
        print_json(what);
    } else if (!lists) {
        print_lines(trace_lines(what, output_style()));
    } else if (what.size() == 0) {
        std::cerr << "no request has been traced since the daemon began (telemetry.traces)\n";
    } else {
        print_lines(table_lines(trace_rows(what), output_style()));
    }
    return kSuccess;
}

}  // namespace tenon::cli
