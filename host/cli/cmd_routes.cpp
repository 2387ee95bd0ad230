#include <array>
#include <cstdio>
#include <iostream>

#include "base/duration.hpp"
#include "base/text.hpp"
#include "cli/cell_text.hpp"
#include "cli/control_commands.hpp"
#include "cli/daemon.hpp"
#include "cli/interrupt.hpp"
#include "cli/json_text.hpp"
#include "cli/terminal.hpp"
#include "cli/wanted_state.hpp"
#include "wire/json_writer.hpp"

// Breakers and routes.
namespace tenon::cli {
namespace {

/// "openai:gpt-x (2)", of one target of a tier.
std::string target_text(wire::JsonView target) {
    std::string out = text_of(target["provider"]);
    const std::string model = text_of(target["model"]);
    if (!model.empty()) out += ":" + model;
    const double weight = target["weight"].as_double().value_or(1);
    if (weight != 1) {
        std::array<char, 32> number{};
        std::snprintf(number.data(), number.size(), " (%g)", weight);
        out += number.data();
    }
    return out;
}

/// "a, b; then c": tiers by falling priority.
std::string tiers_text(wire::JsonView tiers) {
    std::vector<std::string> parts;
    for (const wire::JsonView tier : tiers.elements()) {
        std::vector<std::string> targets;
        for (const wire::JsonView target : tier.elements()) targets.push_back(target_text(target));
        parts.push_back(base::join(targets, ", "));
    }
    return base::join(parts, "; then ");
}

std::string pin_text(wire::JsonView route) {
    const std::string to = text_of(route["pinned_to"]);
    if (to.empty()) return "-";
    return to + (route["pin_forced"].as_bool().value_or(false) ? " (forced)" : "");
}

}  // namespace

int run_breaker(const GlobalOptions& global, const BreakerOptions& options) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object();
    json.member("provider", options.provider);
    if (!options.model.empty()) json.member("model", options.model);
    json.member("command", options.command);
    json.end_object();
    const Interrupts::Scope interrupt;
    const auto answer = daemon.client->post("/admin/v1/breaker", body, {}, interrupt.token());
    if (!answer) return report_daemon_failure(answer.error());
    std::cout << "The breaker of provider '" << options.provider << "'";
    if (!options.model.empty()) std::cout << " for model '" << options.model << "'";
    std::cout << " is " << spaced(text_of(answer->root()["state"])) << " now.\n" << std::flush;
    return kSuccess;
}

int run_route_list(const GlobalOptions& global, bool as_json) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    const Interrupts::Scope interrupt;
    const auto answer = daemon.client->get("/admin/v1/routes", interrupt.token());
    if (!answer) return report_daemon_failure(answer.error());
    const auto routes = answer->root()["routes"];
    if (as_json) {
        print_json(routes);
        return kSuccess;
    }
    if (routes.size() == 0) {
        std::cerr << "no route is configured: a model leads to the default provider, or to the one "
                     "that the request names\n";
        return kSuccess;
    }
    std::vector<std::vector<Cell>> rows = {
        {{"MODEL", Colour::faint}, {"PINNED TO", Colour::faint}, {"PROVIDERS", Colour::faint}}};
    for (const wire::JsonView route : routes.elements()) {
        rows.push_back({{text_of(route["model"]), Colour::strong},
                        {pin_text(route)},
                        {tiers_text(route["tiers"])}});
    }
    print_lines(table_lines(rows, output_style()));
    return kSuccess;
}

int run_route_pin(const GlobalOptions& global, const RoutePinOptions& options) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object();
    json.member("model", options.model);
    json.member("provider", options.provider);
    if (options.duration.count() > 0) json.member("duration_ms", options.duration.count());
    if (options.force) json.member("force", true);
    json.end_object();
    const Interrupts::Scope interrupt;
    const auto answer = daemon.client->post("/admin/v1/routes/pin", body, {}, interrupt.token());
    if (!answer && says_no_daemon(answer.error())) {
        return keep_pin(global, options, daemon.places.state_file, answer.error().message);
    }
    if (!answer) return report_daemon_failure(answer.error());
    std::cout << "Route '" << options.model << "' "
              << (options.force ? "goes to provider '" : "prefers provider '") << options.provider
              << (options.force ? "' alone" : "'")
              << (options.duration.count() > 0 ? " for " + base::format_duration(options.duration)
                                               : ", until it is unpinned")
              << ".\n"
              << std::flush;
    return kSuccess;
}

int run_route_unpin(const GlobalOptions& global, const std::string& model) {
    const FoundDaemon daemon = daemon_client(global);
    if (!daemon.client) return daemon.status;
    std::string body;
    wire::JsonWriter json(body);
    json.begin_object();
    json.member("model", model);
    json.end_object();
    const Interrupts::Scope interrupt;
    const auto answer = daemon.client->post("/admin/v1/routes/unpin", body, {}, interrupt.token());
    if (!answer && says_no_daemon(answer.error())) {
        return forget_pin(global, model, daemon.places.state_file, answer.error().message);
    }
    if (!answer) return report_daemon_failure(answer.error());
    const bool was_pinned = answer->root()["was_pinned"].as_bool().value_or(true);
    std::cout << "Route '" << model
              << (was_pinned ? "' is pinned no more.\n" : "' was not pinned.\n") << std::flush;
    return kSuccess;
}

}  // namespace tenon::cli
