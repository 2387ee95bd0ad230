#include <algorithm>
#include <iostream>

#include "base/duration.hpp"
#include "cli/control_commands.hpp"
#include "cli/daemon.hpp"
#include "cli/interrupt.hpp"
#include "cli/terminal.hpp"
#include "cli/wanted_state.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

/// As the admin API has it.
constexpr std::chrono::milliseconds kLongestWait = std::chrono::minutes(10);

const char* name_of(ProviderVerb verb) noexcept {
    switch (verb) {
        case ProviderVerb::connect: return "connect";
        case ProviderVerb::disconnect: return "disconnect";
        case ProviderVerb::enable: return "enable";
        case ProviderVerb::disable: return "disable";
        case ProviderVerb::reconnect: return "reconnect";
        case ProviderVerb::recover: return "recover";
        case ProviderVerb::health: break;
    }
    return "health";
}

std::string body_of(const ProviderCommandOptions& options) {
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object();
    if (!options.providers.empty()) {
        json.key("providers");
        json.begin_array();
        for (const std::string& provider : options.providers) json.value(provider);
        json.end_array();
    }
    if (options.now) json.member("now", true);
    json.member("patience_ms", options.no_wait ? 0 : options.wait.count());
    json.end_object();
    return body;
}

/// Does the state, after all the patience, mean that it went as wanted?
bool is_settled(ProviderVerb verb, std::string_view state) noexcept {
    switch (verb) {
        case ProviderVerb::connect:
        case ProviderVerb::reconnect: return state == "connected";
        case ProviderVerb::disconnect:
        case ProviderVerb::disable: return state != "disconnecting" && state != "connected";
        default: break;
    }
    return state != "unhealthy" && state != "misconfigured" && state != "connecting";
}

int print_replies(const ProviderCommandOptions& options, wire::JsonView replies) {
    bool good = true;
    for (const wire::JsonView reply : replies.elements()) {
        const std::string message(reply["message"].as_string().value_or(""));
        const bool refused = reply["kind"].as_string() == "refused" ||
                             reply["healthy"].as_bool() == false;  // a health check's reply
        const auto state = reply["state"].as_string().value_or("");
        if (!refused && (options.no_wait || is_settled(options.verb, state))) {
            std::cout << message << '\n';
            continue;
        }
        good = false;
        const bool goes_on = !refused && (state == "connecting" || state == "disconnecting");
        print_error(goes_on ? message + " That takes longer than " +
                                  base::format_duration(options.wait) +
                                  "; it goes on, and 'tenon status' shows it."
                            : message);
    }
    if (replies.size() == 0) print_error("no provider is configured");
    flush_output();
    return good ? kSuccess : kFailed;
}

int misused(const ProviderCommandOptions& options) {
    const std::string name = name_of(options.verb);
    if (options.all && !options.providers.empty()) {
        print_error("'tenon " + name + "' takes either names or --all");
        return kUsage;
    }
    if (!options.all && options.providers.empty() && options.verb != ProviderVerb::health) {
        print_error("'tenon " + name + "' needs the name of a provider, or --all for all of them");
        return kUsage;
    }
    if (options.wait > kLongestWait) {
        print_error("--wait: the daemon waits for " + base::format_duration(kLongestWait) +
                    " at most; 'tenon status --watch' shows what comes later");
        return kUsage;
    }
    return kSuccess;
}

}  // namespace

int run_provider_command(const GlobalOptions& global, const ProviderCommandOptions& options) {
    if (const int wrong = misused(options); wrong != kSuccess) return wrong;
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    const Interrupts::Scope interrupt;
    const std::string target = std::string("/admin/v1/commands/") + name_of(options.verb);
    const auto answer = daemon.client->post(
        target, body_of(options), options.no_wait ? std::chrono::milliseconds(0) : options.wait,
        interrupt.token());
    if (answer) return print_replies(options, answer->root()["replies"]);
    if (says_no_daemon(answer.error()) && can_be_wanted(options.verb)) {
        return change_wanted_state(global, options, daemon.places.state_file,
                                   answer.error().message);
    }
    return report_daemon_failure(answer.error());
}

}  // namespace tenon::cli
