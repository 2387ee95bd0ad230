#include <iostream>

#include "cli/cell_text.hpp"
#include "cli/control_commands.hpp"
#include "cli/daemon.hpp"
#include "cli/event_text.hpp"
#include "cli/interrupt.hpp"
#include "cli/terminal.hpp"

namespace tenon::cli {

int run_events(const GlobalOptions& global, const EventsOptions& options) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    const Interrupts::Scope interrupt;
    const bool colours = output_style().colours;
    std::string target = "/admin/v1/events";
    if (options.since) target += "?since=" + std::to_string(*options.since);
    const auto ended = daemon.client->follow(
        target,
        [&](const ControlEvent& event) {
            if (event.type == "hello") return;
            const auto document = wire::JsonDocument::parse(event.data);
            if (!document) return;
            const auto it = document->root();
            if (event.type == "lost") {
                return print_error(std::to_string(it["lost"].as_int64().value_or(0)) +
                                   " events were lost");
            }
            if (!options.provider.empty() && it["provider"].as_string() != options.provider) return;
            std::cout << (options.json ? it.to_text() : event_text(it, colours)) << '\n'
                      << std::flush;
        },
        interrupt.token());
    if (!ended) return report_daemon_failure(ended.error());
    print_error("the daemon has ended");
    return kNoDaemon;
}

}  // namespace tenon::cli
