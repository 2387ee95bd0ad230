#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "base/duration.hpp"
#include "cli/commands.hpp"
#include "cli/daemon.hpp"
#include "cli/open_host.hpp"
#include "cli/serve_signals.hpp"
#include "cli/terminal.hpp"
#include "gateway/daemon/daemon.hpp"

namespace tenon::cli {
namespace {

constexpr std::chrono::milliseconds kNoWatchdog = std::chrono::hours(1);

/// How often systemd wants a sign of life: half of what it allows.
std::chrono::milliseconds watchdog_interval() {
    const char* microseconds = std::getenv("WATCHDOG_USEC");
    const long long allowed = microseconds == nullptr ? 0 : std::atoll(microseconds);
    if (allowed <= 0) return kNoWatchdog;
    return std::chrono::milliseconds(allowed / 2000 + 1);
}

void announce(const gateway::Daemon& daemon) {
    for (const std::string& url : daemon.urls()) std::cout << "listening on " << url << '\n';
    if (daemon.urls().empty()) std::cout << "listening nowhere but on the control socket\n";
    std::cout << "control socket " << daemon.control_socket().string() << '\n' << std::flush;
    notify_service_manager("READY=1\nSTATUS=serving\n");
}

void reload(gateway::Daemon& daemon) {
    notify_service_manager("RELOADING=1\n");
    if (const auto report = daemon.reload()) {  // the log says why not
        for (const std::string& path : report->needs_restart) {
            print_error(path + " has changed, which takes effect with the next start");
        }
    }
    notify_service_manager("READY=1\n");
}

/// Until somebody wants it to end.
void serve(gateway::Daemon& daemon, ServeSignals& signals) {
    const auto patience = watchdog_interval();
    for (;;) {
        switch (signals.wait(patience)) {
            case ServeSignals::What::stop: return;
            case ServeSignals::What::reload:
            case ServeSignals::What::file_changed: reload(daemon); break;
            case ServeSignals::What::nothing: break;
        }
        notify_service_manager("WATCHDOG=1\n");
    }
}

}  // namespace

int run_serve(const GlobalOptions& global, const ServeOptions& options) {
    ServeSignals signals;
    gateway::DaemonOptions wanted;
    wanted.host = host_options(global);
    wanted.host.active_checks = true;
    wanted.host.log_level = global.log_level;
    wanted.listen = options.listen;
    auto daemon = gateway::Daemon::start(wanted);
    if (!daemon) {
        print_error(daemon.error().message);
        return daemon.error().code == Code::invalid ? kConfiguration : kFailed;
    }
    announce(**daemon);
    if (!(*daemon)->config_file().empty() && (*daemon)->watches_config()) {
        if (auto watched = signals.watch((*daemon)->config_file()); !watched) {
            print_error(watched.error().message);
        }
    }
    serve(**daemon, signals);
    notify_service_manager("STOPPING=1\n");
    std::cout << "draining; another signal ends at once\n" << std::flush;
    signals.let_them_end_the_process();
    (*daemon)->stop();
    return kSuccess;
}

int run_dashboard(const GlobalOptions& global) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    const auto answer = daemon.client->get("/control/v1/dashboard");
    if (!answer) return report_daemon_failure(answer.error());
    const auto url = answer->root()["url"].as_string().value_or("");
    if (url.empty()) {
        print_error("the daemon listens nowhere but on its control socket");
        return kFailed;
    }
    std::cout << url << '\n';
    return kSuccess;
}

}  // namespace tenon::cli
