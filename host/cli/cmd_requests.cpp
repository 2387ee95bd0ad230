#include <iostream>

#include "base/text.hpp"
#include "cli/cell_text.hpp"
#include "cli/control_commands.hpp"
#include "cli/daemon.hpp"
#include "cli/interrupt.hpp"
#include "cli/json_text.hpp"
#include "cli/terminal.hpp"

// Requests in flight, and the daemon's configuration.
namespace tenon::cli {
namespace {

std::vector<std::vector<Cell>> request_rows(wire::JsonView requests) {
    std::vector<std::vector<Cell>> rows(1);
    for (const char* head : {"ID", "DIALECT", "MODEL", "PROVIDER", "KEY", "STREAM", "AGE",
                             "ATTEMPTS", "DELTAS", "BYTES"}) {
        rows[0].push_back({head, Colour::faint});
    }
    const auto or_dash = [](wire::JsonView value) {
        const std::string text = text_of(value);
        return text.empty() ? "-" : text;
    };
    for (const wire::JsonView one : requests.elements()) {
        rows.push_back({{text_of(one["id"]), Colour::strong},
                        {or_dash(one["dialect"])},
                        {or_dash(one["model"])},
                        {or_dash(one["provider"])},
                        {or_dash(one["key"])},
                        {one["stream"].as_bool().value_or(false) ? "yes" : "no"},
                        {duration_text(count_of(one["age_ms"]) * 1'000)},
                        {or_dash(one["attempts"])},
                        {or_dash(one["deltas"])},
                        {bytes_text(count_of(one["bytes"]))}});
    }
    return rows;
}

std::string listed(wire::JsonView names) {
    std::vector<std::string> words;
    for (const wire::JsonView name : names.elements()) words.push_back(text_of(name));
    return base::join(words, ", ");
}

}  // namespace

int run_requests(const GlobalOptions& global, bool json) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    const Interrupts::Scope interrupt;
    const auto answer = daemon.client->get("/admin/v1/requests", interrupt.token());
    if (!answer) return report_daemon_failure(answer.error());
    const auto requests = answer->root()["requests"];
    if (json) {
        print_json(requests);
    } else if (requests.size() == 0) {
        std::cerr << "no request is in flight\n";
    } else {
        print_lines(table_lines(request_rows(requests), output_style()));
    }
    return kSuccess;
}

int run_request_cancel(const GlobalOptions& global, const std::string& id) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    const Interrupts::Scope interrupt;
    const auto answer = daemon.client->post("/admin/v1/requests/" + path_segment(id) + "/cancel",
                                            "{}", {}, interrupt.token());
    if (!answer) return report_daemon_failure(answer.error());
    std::cout << "Request '" << id << "' is cancelled.\n" << std::flush;
    return kSuccess;
}

int run_reload(const GlobalOptions& global) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    const Interrupts::Scope interrupt;
    // Plugins may be loaded, and many providers made.
    const auto answer =
        daemon.client->post("/admin/v1/reload", "{}", std::chrono::seconds(30), interrupt.token());
    if (!answer) {
        const int status = report_daemon_failure(answer.error());
        return answer.error().http_status == 422 ? kConfiguration : status;
    }
    const std::string changed = listed(answer->root()["changed"]);
    const std::string restart = listed(answer->root()["needs_restart"]);
    std::cout << (changed.empty() ? "Nothing has changed." : "Changed: " + changed + ".") << '\n';
    flush_output();
    if (!restart.empty()) {
        print_error("not in effect until the daemon is restarted: " + restart);
    }
    for (const wire::JsonView provider : answer->root()["misconfigured"].elements()) {
        print_error("cannot be used: " + text_of(provider["message"]));
    }
    return kSuccess;
}

}  // namespace tenon::cli
