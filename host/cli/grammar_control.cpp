#include "base/duration.hpp"
#include "cli/control_commands.hpp"
#include "cli/grammar.hpp"

namespace tenon::cli {
namespace {

struct VerbText {
    ProviderVerb verb;
    const char* name;
    const char* help;
};

constexpr VerbText kVerbs[] = {
    {ProviderVerb::connect, "connect", "Connect providers, now and whenever a daemon runs"},
    {ProviderVerb::disconnect, "disconnect", "Disconnect providers until they are connected again"},
    {ProviderVerb::enable, "enable", "Let providers take requests again"},
    {ProviderVerb::disable, "disable", "Let providers take no requests, and disconnect them"},
    {ProviderVerb::reconnect, "reconnect", "Replace the connections of providers by new ones"},
    {ProviderVerb::recover, "recover",
     "Try providers that do not work at once, and reset their breakers"},
    {ProviderVerb::health, "health", "Check the health of providers now; it costs no tokens"},
};

void add_provider_command(CLI::App& app, const GlobalOptions& global, Chosen& chosen,
                          const VerbText& verb) {
    auto* command = app.add_subcommand(verb.name, verb.help);
    const auto options = std::make_shared<ProviderCommandOptions>();
    options->verb = verb.verb;
    command->add_option(
        "name", options->providers,
        verb.verb == ProviderVerb::health ? "The providers; default: all" : "The providers");
    command->add_flag("--all", options->all, "All providers");
    if (verb.verb == ProviderVerb::disconnect) {
        command->add_flag("--now", options->now, "Do not let requests in flight end first");
    }
    auto* wait = add_duration(*command, "--wait", options->wait,
                              "How long to wait for the result; default: 15s");
    command->add_flag("--no-wait", options->no_wait, "Only give the command")->excludes(wait);
    const bool is_kept = verb.verb == ProviderVerb::connect || verb.verb == ProviderVerb::enable ||
                         verb.verb == ProviderVerb::disconnect ||
                         verb.verb == ProviderVerb::disable;
    command->footer(
        std::string("Exit status: 0 done (with --no-wait: accepted) or nothing to do, 1 "
                    "refused, or not as wanted in time, 2 wrong command line, 3 wrong "
                    "configuration") +
        (is_kept ? ". Without a daemon, it is kept for the next one to start."
                 : ", 4 no daemon runs."));
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_provider_command(global, *options); };
    });
}

void add_breaker(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand("breaker", "Open, close or reset a circuit breaker");
    const auto options = std::make_shared<BreakerOptions>();
    command->add_option("name", options->provider, "The provider")->required();
    command
        ->add_option("command", options->command,
                     "open: reject everything; close: let everything through, both until another "
                     "command; reset: back to normal")
        ->required()
        ->check(CLI::IsMember({"open", "close", "reset"}));
    command->add_option("-m,--model", options->model,
                        "The breaker of this model; default: that of the provider");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_breaker(global, *options); };
    });
}

void add_route(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* route = app.add_subcommand("route", "Look at routes, and tie them to a provider");
    route->require_subcommand(1);
    auto* list = route->add_subcommand("list", "List the routes and where they lead");
    const auto as_json = std::make_shared<bool>(false);
    list->add_flag("--json", *as_json, "Print an array");
    list->callback([&chosen, &global, as_json] {
        chosen.run = [&global, as_json] { return run_route_list(global, *as_json); };
    });

    auto* pin = route->add_subcommand("pin", "Let a route prefer one of its providers");
    const auto options = std::make_shared<RoutePinOptions>();
    pin->add_option("model", options->model, "The route's model")->required();
    pin->add_option("provider", options->provider, "The provider")->required();
    add_duration(*pin, "--for", options->duration, "How long; default: until it is unpinned");
    pin->add_flag("--force", options->force, "Ask nobody else, whatever state it is in");
    pin->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_route_pin(global, *options); };
    });

    auto* unpin = route->add_subcommand("unpin", "Undo that");
    const auto model = std::make_shared<std::string>();
    unpin->add_option("model", *model, "The route's model")->required();
    unpin->callback([&chosen, &global, model] {
        chosen.run = [&global, model] { return run_route_unpin(global, *model); };
    });
}

void add_requests(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* requests = app.add_subcommand("requests", "List the requests in flight, or cancel one");
    requests->require_subcommand(0, 1);
    const auto as_json = std::make_shared<bool>(false);
    requests->add_flag("--json", *as_json, "Print an array");
    auto* cancel = requests->add_subcommand("cancel", "Cancel a request");
    const auto id = std::make_shared<std::string>();
    cancel->add_option("id", *id, "The request's id")->required();
    requests->callback([&chosen, &global, as_json, id, cancel] {
        chosen.run = [&global, as_json, id, cancels = cancel->parsed()] {
            return cancels ? run_request_cancel(global, *id) : run_requests(global, *as_json);
        };
    });
}

void add_events(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand("events", "Print what happens, as it happens");
    const auto options = std::make_shared<EventsOptions>();
    command->add_flag("--json", options->json, "Print one object for each event and line");
    command->add_option("--since", options->since,
                        "First those after this number that the daemon still has; 0 = all");
    command->add_option("-p,--provider", options->provider, "Only those of this provider");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_events(global, *options); };
    });
}

void add_trace(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand(
        "trace", "Show everything that one request did, or list the latest requests");
    const auto options = std::make_shared<TraceOptions>();
    command->add_option("id", options->id,
                        "Trace id or request id (x-request-id), or the beginning of one");
    command->add_option("-n,--limit", options->limit, "How many to list; default: 50")
        ->check(CLI::Range(1, 10'000));
    command->add_flag("--json", options->json, "Print an object, or an array of the list");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_trace(global, *options); };
    });
}

}  // namespace

void add_control_commands(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    for (const VerbText& verb : kVerbs) add_provider_command(app, global, chosen, verb);
    add_breaker(app, global, chosen);
    add_route(app, global, chosen);
    add_requests(app, global, chosen);
    add_events(app, global, chosen);
    add_trace(app, global, chosen);
    app.add_subcommand("top", "Watch and steer the providers on a full screen")
        ->callback([&chosen, &global] { chosen.run = [&global] { return run_top(global); }; });
    app.add_subcommand("reload", "Let the daemon read its configuration again, whole or not at all")
        ->callback([&chosen, &global] { chosen.run = [&global] { return run_reload(global); }; });
}

}  // namespace tenon::cli
