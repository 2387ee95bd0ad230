#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tenon::cli {

/// Exit statuses, for scripts.
enum ExitStatus : int {
    kSuccess = 0,
    kFailed = 1,         ///< the request failed, a plugin check failed, a provider is not healthy
    kUsage = 2,          ///< the command line is wrong
    kConfiguration = 3,  ///< the configuration is wrong
    kNoDaemon = 4,       ///< the command needs a daemon, and none runs
    kInterrupted = 130,  ///< Ctrl-C
};

/// Options that stand before the command.
struct GlobalOptions {
    std::string config_file;  ///< empty = the usual places
    std::vector<std::string> plugin_directories;
    std::string log_level;  ///< empty = as configured
};

struct CompleteOptions {
    std::string provider;
    std::string model;
    std::string system;
    std::vector<std::string> prompt;  ///< joined with spaces; empty or "-" = standard input
    std::optional<double> temperature;
    std::optional<int> max_tokens;
    std::chrono::milliseconds timeout{0};
    bool no_stream = false;
    bool json = false;
};

struct EmbedOptions {
    std::string provider;
    std::string model;
    std::vector<std::string> inputs;  ///< empty = lines of standard input
    std::optional<int> dimensions;
    std::chrono::milliseconds timeout{0};
    bool json = false;
};

struct RerankOptions {
    std::string provider;
    std::string model;
    std::string query;
    std::vector<std::string> documents;  ///< empty = lines of standard input
    std::optional<int> top_n;
    std::chrono::milliseconds timeout{0};
    bool json = false;
};

struct BatchOptions {
    std::string input;
    std::string output;
    std::string failures;  ///< empty = beside the output
    std::string provider;
    std::string model;
    int concurrency = 8;
    int retries = 2;  ///< of one job, beyond those of the host
    std::chrono::milliseconds timeout = std::chrono::minutes(10);  ///< of one try
    std::chrono::milliseconds patience = std::chrono::hours(24);
    bool retry_failed = false;
    bool no_progress = false;
};

struct ModelsOptions {
    std::string provider;  ///< empty = all
    bool json = false;
};

struct StatusOptions {
    std::vector<std::string> providers;  ///< empty = all
    bool json = false;
    bool no_probe = false;  ///< no health checks, if there is no daemon
    bool watch = false;
    std::chrono::milliseconds interval = std::chrono::seconds(2);  ///< of watch
};

struct ServeOptions {
    std::vector<std::string> listen;  ///< instead of gateway.listen
};

struct PluginsListOptions {
    bool json = false;
};

struct PluginsCheckOptions {
    std::string file;
    std::string config_json = "{}";  ///< of the providers that are made
    std::string model;
    bool json = false;
    bool in_process = false;                    ///< for a debugger
    std::vector<std::string> only_cases;        ///< names; empty = all
    std::chrono::milliseconds timeout{30'000};  ///< of one case
};

struct CrashtestOptions {
    std::vector<std::string> only;  ///< names of faults; empty = all
    bool list = false;
    bool json = false;
};

struct SchemaOptions {
    bool markdown = false;
};

/// Each runs one command and returns its exit status. Results go to standard output, everything
/// else to standard error.
int run_complete(const GlobalOptions& global, const CompleteOptions& options);
int run_chat(const GlobalOptions& global, const CompleteOptions& options);
int run_embed(const GlobalOptions& global, const EmbedOptions& options);
int run_rerank(const GlobalOptions& global, const RerankOptions& options);
int run_batch(const GlobalOptions& global, const BatchOptions& options);
int run_models(const GlobalOptions& global, const ModelsOptions& options);
int run_status(const GlobalOptions& global, const StatusOptions& options);
int run_serve(const GlobalOptions& global, const ServeOptions& options);
int run_dashboard(const GlobalOptions& global);
int run_plugins_list(const GlobalOptions& global, const PluginsListOptions& options);
int run_plugins_check(const PluginsCheckOptions& options);
int run_crashtest(const GlobalOptions& global, const CrashtestOptions& options);
int run_config_check(const GlobalOptions& global);
int run_config_show(const GlobalOptions& global);
int run_config_schema(const SchemaOptions& options);

}  // namespace tenon::cli
