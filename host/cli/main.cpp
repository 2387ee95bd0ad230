#include "base/duration.hpp"
#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/crash_report.hpp"
#include "cli/grammar.hpp"
#include "cli/interrupt.hpp"
#include "cli/terminal.hpp"
#include "tenon/abi/version.h"

// The command line's grammar, and nothing else: every command is a function of commands.hpp.
namespace tenon::cli {

CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::chrono::milliseconds& into, const std::string& help) {
    return command
        .add_option_function<std::string>(
            name,
            [&into](const std::string& text) {
                const auto parsed = base::parse_duration(text);
                if (!parsed) throw CLI::ValidationError(parsed.error().message);
                into = *parsed;
            },
            help)
        ->type_name("DURATION");
}

namespace {

void add_chat_options(CLI::App& command, CompleteOptions& options) {
    command.add_option("-p,--provider", options.provider,
                       "Provider to ask; default: default_provider of the configuration");
    command.add_option("-m,--model", options.model, "Model; default: that of the provider");
    command.add_option("-s,--system", options.system, "System message before the conversation");
    command.add_option("-t,--temperature", options.temperature, "Sampling temperature")
        ->check(CLI::Range(0.0, 2.0));
    command.add_option("--max-tokens", options.max_tokens, "Length limit of an answer, in tokens")
        ->check(CLI::PositiveNumber);
    add_duration(command, "--timeout", options.timeout,
                 "Time limit of an answer, such as 30s; default: as configured");
}

void add_complete(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand("complete", "Complete one prompt and print the answer");
    const auto options = std::make_shared<CompleteOptions>();
    command->add_option("prompt", options->prompt,
                        "The prompt; without it or with '-', standard input is read");
    add_chat_options(*command, *options);
    command->add_flag("--no-stream", options->no_stream, "Print the answer when it is complete");
    command->add_flag("--json", options->json, "Print the answer as a chat.completion object");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_complete(global, *options); };
    });
}

void add_chat(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand("chat", "Talk to a model, line by line");
    const auto options = std::make_shared<CompleteOptions>();
    add_chat_options(*command, *options);
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_chat(global, *options); };
    });
}

void add_embed(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand("embed", "Print the embedding vectors of texts");
    const auto options = std::make_shared<EmbedOptions>();
    command->add_option("text", options->inputs,
                        "The texts; without them, each line of standard input is one");
    command->add_option("-p,--provider", options->provider, "Provider to ask");
    command->add_option("-m,--model", options->model, "Model; default: that of the provider");
    command->add_option("--dimensions", options->dimensions, "Length of the vectors")
        ->check(CLI::PositiveNumber);
    add_duration(*command, "--timeout", options->timeout, "Time limit, such as 30s");
    command->add_flag("--json", options->json, "Print an object with vectors and usage");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_embed(global, *options); };
    });
}

void add_rerank(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand("rerank", "Order documents by how well they fit a query");
    const auto options = std::make_shared<RerankOptions>();
    command->add_option("query", options->query, "What is looked for")->required();
    command->add_option("document", options->documents,
                        "The documents; without them, each line of standard input is one");
    command->add_option("-p,--provider", options->provider, "Provider to ask");
    command->add_option("-m,--model", options->model, "Model; default: that of the provider");
    command->add_option("-n,--top", options->top_n, "Print only the best so many")
        ->check(CLI::PositiveNumber);
    add_duration(*command, "--timeout", options->timeout, "Time limit, such as 30s");
    command->add_flag("--json", options->json, "Print an object");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_rerank(global, *options); };
    });
}

void add_batch(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand(
        "batch", "Answer the prompts of a file; the same command again resumes it");
    const auto options = std::make_shared<BatchOptions>();
    command->add_option("input", options->input, "The prompts, one JSON value a line")->required();
    command->add_option("-o,--output", options->output, "Where the answers go, one a line")
        ->required();
    command->add_option("--errors", options->failures,
                        "Where failures go; default: beside the output, with .errors.jsonl");
    command->add_option("-p,--provider", options->provider, "For lines that name no provider");
    command->add_option("-m,--model", options->model, "For lines that name no model");
    command->add_option("--concurrency", options->concurrency, "Requests at once; default: 8")
        ->check(CLI::Range(1, 10'000));
    command
        ->add_option("--retry", options->retries,
                     "Further tries of a request that failed in spite of the host's own; "
                     "default: 2")
        ->check(CLI::Range(0, 1'000));
    command->add_flag("--retry-failed", options->retry_failed,
                      "Ask once more for what failed in earlier runs");
    add_duration(*command, "--timeout", options->timeout, "Time limit of a try; default: 10m");
    add_duration(*command, "--patience", options->patience,
                 "How long to wait while no provider can be asked; default: 24h");
    command->add_flag("--no-progress", options->no_progress, "Say nothing meanwhile");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_batch(global, *options); };
    });
}

void add_models(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand("models", "List the models of the providers");
    const auto options = std::make_shared<ModelsOptions>();
    command->add_option("provider", options->provider, "Only this provider");
    command->add_flag("--json", options->json, "Print an object");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_models(global, *options); };
    });
}

void add_status(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand("status", "Show how every configured provider stands");
    const auto options = std::make_shared<StatusOptions>();
    command->add_option("name", options->providers, "The providers; default: all");
    command->add_flag("--no-probe", options->no_probe,
                      "Do not run the health checks, if there is no daemon that does");
    command->add_flag("--json", options->json, "Print an array");
    command->add_flag("-w,--watch", options->watch, "Show it again and again, until Ctrl-C");
    add_duration(*command, "--interval", options->interval, "Time between; default: 2s");
    command->footer(
        "Exit status: 0 all enabled providers work or have not been tried, 1 one is unhealthy or "
        "misconfigured, 2 wrong command line, 3 wrong configuration. Asks the daemon; without one, "
        "this process itself finds out what it can.");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_status(global, *options); };
    });
}

void add_serve(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand(
        "serve", "Run the daemon: connections that live on, a gateway for clients, a dashboard");
    const auto options = std::make_shared<ServeOptions>();
    command
        ->add_option("-l,--listen", options->listen,
                     "HOST:PORT, https://HOST:PORT, unix:/PATH (repeatable) or none; default: "
                     "gateway.listen of the configuration, else 127.0.0.1:8080")
        ->take_all()
        ->allow_extra_args(false);
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_serve(global, *options); };
    });
    app.add_subcommand("dashboard", "Print the address of the daemon's dashboard, with its key")
        ->footer("Exit status: 0 success, 1 it has none, 3 wrong configuration, 4 no daemon runs.")
        ->callback(
            [&chosen, &global] { chosen.run = [&global] { return run_dashboard(global); }; });
}

void add_plugins(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* plugins = app.add_subcommand("plugins", "Look at plugins");
    plugins->require_subcommand(1);
    auto* list = plugins->add_subcommand("list", "List the kinds that are loaded, and what failed");
    const auto list_options = std::make_shared<PluginsListOptions>();
    list->add_flag("--json", list_options->json, "Print an object");
    list->callback([&chosen, &global, list_options] {
        chosen.run = [&global, list_options] { return run_plugins_list(global, *list_options); };
    });

    auto* check = plugins->add_subcommand(
        "check", "Try a plugin against the rules of the ABI, each case in a process of its own");
    const auto options = std::make_shared<PluginsCheckOptions>();
    check->add_option("file", options->file, "The plugin's shared library")->required();
    check->add_option("--config", options->config_json,
                      "Configuration of the providers that are made, a JSON object");
    check->add_option("-m,--model", options->model, "Model to ask for");
    check->add_option("--case", options->only_cases, "Run only this case (repeatable)");
    add_duration(*check, "--timeout", options->timeout, "Time limit of one case; default: 30s");
    check->add_flag("--in-process", options->in_process,
                    "Run in this process, for a debugger; a crash ends it");
    check->add_flag("--json", options->json, "Print an object");
    check->callback(
        [&chosen, options] { chosen.run = [options] { return run_plugins_check(*options); }; });
}

void add_crashtest(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* command = app.add_subcommand(
        "crashtest", "Show what becomes of requests when upstreams fail: 16 faults, a scorecard");
    const auto options = std::make_shared<CrashtestOptions>();
    command->add_option("--only", options->only, "Play only this fault (repeatable)");
    command->add_flag("--list", options->list, "List the faults");
    command->add_flag("--json", options->json, "Print an object");
    command->callback([&chosen, &global, options] {
        chosen.run = [&global, options] { return run_crashtest(global, *options); };
    });
}

void add_config(CLI::App& app, const GlobalOptions& global, Chosen& chosen) {
    auto* config = app.add_subcommand("config", "Check, show and describe the configuration");
    config->require_subcommand(1);
    config->add_subcommand("check", "Check the configuration file, including the plugins' parts")
        ->callback(
            [&chosen, &global] { chosen.run = [&global] { return run_config_check(global); }; });
    config->add_subcommand("show", "Print the configuration in effect, without secrets")
        ->callback(
            [&chosen, &global] { chosen.run = [&global] { return run_config_show(global); }; });
    auto* schema = config->add_subcommand("schema", "Print the JSON Schema of the file");
    const auto options = std::make_shared<SchemaOptions>();
    schema->add_flag("--markdown", options->markdown, "Print the reference page instead");
    schema->callback(
        [&chosen, options] { chosen.run = [options] { return run_config_schema(*options); }; });
}

/// The command that was being read when the parser gave up.
const CLI::App& innermost(const CLI::App& app) {
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    return *at;
}

std::string path_of(const CLI::App& command) {
    return command.get_parent() == nullptr
               ? command.get_name()
               : path_of(*command.get_parent()) + " " + command.get_name();
}

std::string wrong_command(const CLI::App& app, const CLI::App& command) {
    std::vector<std::string> names;
    for (const CLI::App* sub : command.get_subcommands({})) names.push_back(sub->get_name());
    const auto words = app.remaining(true);
    if (words.empty()) {
        return "'" + path_of(command) + "' needs a command: " + base::join(names, ", ");
    }
    return "there is no command '" + path_of(command) + " " + words.front() + "'" +
           base::did_you_mean(words.front(),
                              std::vector<std::string_view>(names.begin(), names.end()));
}

std::string wrong_argument(const CLI::App& app, const CLI::App& command) {
    const auto words = app.remaining(true);
    std::vector<std::string> names;
    for (const CLI::App* at = &command; at != nullptr; at = at->get_parent()) {
        for (const CLI::Option* option : at->get_options()) {
            for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
        }
    }
    for (const std::string& word : words) {
        if (!word.starts_with('-')) continue;
        return "'" + path_of(command) + "' has no option " + word +
               base::did_you_mean(word, std::vector<std::string_view>(names.begin(), names.end()));
    }
    return "'" + path_of(command) + "' takes no argument '" + (words.empty() ? "" : words.front()) +
           "'";
}

/// What CLI11 found, as this program says things.
int refuse(const CLI::App& app, const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
        return app.exit(error);  // --help, --version
    }
    const CLI::App& command = innermost(app);
    std::string message = error.what();
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
        !command.get_subcommands({}).empty()) {
        message = wrong_command(app, command);
    } else if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
        message = wrong_argument(app, command);
    }
    print_error(message + " (see '" + path_of(command) + " --help')");
    return kUsage;
}

int run(int argc, char** argv) {
    GlobalOptions global;
    Chosen chosen;
    CLI::App app{"Tenon: talk to LLM providers through plugins", "tenon"};
    app.set_version_flag("--version", "tenon " TENON_VERSION_STRING);
    app.require_subcommand(1);
    app.option_defaults()->always_capture_default(false);
    app.add_option("-c,--config", global.config_file,
                   "Configuration file; default: $TENON_CONFIG, ~/.config/tenon/config.json");
    app.add_option("--plugin-dir", global.plugin_directories,
                   "Load the plugins of this directory too (repeatable)")
        ->take_all()
        ->allow_extra_args(false);
    app.add_option("--log-level", global.log_level,
                   "Log to standard error: trace, debug, info, warn or error; default: off");
    add_complete(app, global, chosen);
    add_chat(app, global, chosen);
    add_embed(app, global, chosen);
    add_rerank(app, global, chosen);
    add_batch(app, global, chosen);
    add_models(app, global, chosen);
    add_status(app, global, chosen);
    add_control_commands(app, global, chosen);
    add_serve(app, global, chosen);
    add_plugins(app, global, chosen);
    add_crashtest(app, global, chosen);
    add_config(app, global, chosen);
    app.footer(
        "Exit status: 0 success, 1 the request failed, 2 wrong command line, 3 wrong "
        "configuration, 4 no daemon runs and the command needs one, 130 interrupted.");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return refuse(app, error);
    }
    return chosen.run();
}

}  // namespace
}  // namespace tenon::cli

int main(int argc, char** argv) {
    tenon::cli::Interrupts::block();
    tenon::cli::install_crash_report();
    try {
        return tenon::cli::run(argc, argv);
    } catch (const std::exception& error) {
        tenon::cli::print_error(error.what());
        return tenon::cli::kFailed;
    }
}
