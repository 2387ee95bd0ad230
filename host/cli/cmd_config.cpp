#include <iostream>

#include "cli/commands.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"
#include "config/load.hpp"
#include "config/provider_schema.hpp"
#include "config/schema.hpp"
#include "config/show.hpp"

namespace tenon::cli {
namespace {

/// The configuration that applies; prints what is wrong with it.
std::optional<config::Config> load_and_report(const GlobalOptions& global,
                                              std::filesystem::path& file) {
    auto loaded = config::load(global.config_file, config::process_environment());
    std::cerr << config::format(loaded.problems);
    file = loaded.file;
    return std::move(loaded.config);
}

/// The secrets of every provider whose kind is loaded.
config::SecretNames secret_names(const config::Config& config, const host::Host& host) {
    config::SecretNames names;
    const auto kinds = host.kinds();
    for (const auto& [name, provider] : config.providers) {
        for (const host::KindInfo& kind : kinds) {
            if (kind.id != provider.kind) continue;
            if (const auto schema = config::ProviderSchema::parse(kind.config_schema_json)) {
                names.emplace(name, schema->secret_names());
            }
        }
    }
    return names;
}

}  // namespace

int run_config_check(const GlobalOptions& global) {
    std::filesystem::path file;
    const auto config = load_and_report(global, file);
    if (!config) return kConfiguration;
    // What only a plugin can judge: its own object, and whether it accepts it.
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    int status = kSuccess;
    for (const host::ProviderStatus& provider : opened.host->status()) {
        if (provider.state != "misconfigured") continue;
        print_error(provider.last_error);
        status = kConfiguration;
    }
    if (status != kSuccess) return status;
    if (file.empty()) {
        std::cout << "there is no configuration file; the built-in defaults apply\n";
    } else {
        const std::size_t count = config->providers.size();
        std::cout << file.string() << ": good, " << count
                  << (count == 1 ? " provider\n" : " providers\n");
    }
    return kSuccess;
}

int run_config_show(const GlobalOptions& global) {
    std::filesystem::path file;
    const auto config = load_and_report(global, file);
    if (!config) return kConfiguration;
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    std::string text = config::show(*config, secret_names(*config, *opened.host));
    if (!text.ends_with('\n')) text += '\n';
    std::cout << text;
    return kSuccess;
}

int run_config_schema(const SchemaOptions& options) {
    std::string text = options.markdown ? config::reference_page() : config::json_schema();
    if (!text.ends_with('\n')) text += '\n';
    std::cout << text;
    return kSuccess;
}

}  // namespace tenon::cli
