#include "tenon/host/host.hpp"

#include "config/load.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/settings.hpp"

namespace tenon::host {

Result<std::unique_ptr<Host>> Host::open(const HostOptions& options) {
    const auto profile = runtime::to_profile(options.profile);
    if (!profile) return profile.error();
    config::LoadResult loaded;
    if (options.config_file.empty()) {
        loaded = config::parse("{}", {}, {}, *profile);
    } else {
        loaded = config::load(options.config_file, config::process_environment(), *profile);
    }
    if (!loaded.config) {
        std::string problems = config::format(loaded.problems);
        while (problems.ends_with('\n')) problems.pop_back();
        return Error(Code::invalid, problems);
    }
    if (!options.log_level.empty()) {
        const auto level = base::log_level(options.log_level);
        if (!level) {
            return Error(Code::invalid, "there is no log level '" + options.log_level +
                                            "'; use trace, debug, info, warn, error or off");
        }
        loaded.config->log.level = *level;
    }
    auto host =
        std::make_unique<runtime::HostImpl>(*std::move(loaded.config), loaded.problems, options);
    if (auto started = host->start(options); !started) return std::move(started).error();
    return std::unique_ptr<Host>(std::move(host));
}

}  // namespace tenon::host
