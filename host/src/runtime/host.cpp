#include "tenon/host/host.hpp"

#include "config/load.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/settings.hpp"

namespace tenon::runtime {

Result<std::unique_ptr<HostImpl>> HostImpl::open(const host::HostOptions& options) {
    const auto profile = to_profile(options.profile);
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
    auto host = std::make_unique<HostImpl>(*std::move(loaded.config), loaded.problems, options);
    if (auto started = host->start(options); !started) return std::move(started).error();
    return host;
}

}  // namespace tenon::runtime

namespace tenon::host {

Result<std::unique_ptr<Host>> Host::open(const HostOptions& options) {
    auto opened = runtime::HostImpl::open(options);
    if (!opened) return std::move(opened).error();
    return std::unique_ptr<Host>(*std::move(opened));
}

}  // namespace tenon::host
