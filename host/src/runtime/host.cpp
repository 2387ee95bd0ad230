#include "tenon/host/host.hpp"

#include "config/load.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/settings.hpp"

namespace tenon::runtime {

Result<ConfigSource> ConfigSource::of(const host::HostOptions& options) {
    ConfigSource source;
    source.file = options.config_file;
    const auto profile = to_profile(options.profile);
    if (!profile) return profile.error();
    source.usual = *profile;
    if (options.log_level.empty()) return source;
    source.log_level = base::log_level(options.log_level);
    if (source.log_level) return source;
    return Error(Code::invalid, "there is no log level '" + options.log_level +
                                    "'; use trace, debug, info, warn, error or off");
}

Result<config::Config> ConfigSource::read(std::vector<config::Problem>& warnings) const {
    config::LoadResult loaded = file.empty()
                                    ? config::parse("{}", {}, {}, usual)
                                    : config::load(file, config::process_environment(), usual);
    if (!loaded.config) {
        std::string problems = config::format(loaded.problems);
        while (problems.ends_with('\n')) problems.pop_back();
        return Error(Code::invalid, problems);
    }
    warnings = std::move(loaded.problems);
    if (log_level) loaded.config->log.level = *log_level;
    return *std::move(loaded.config);
}

Result<std::unique_ptr<HostImpl>> HostImpl::open(const host::HostOptions& options) {
    auto source = ConfigSource::of(options);
    if (!source) return std::move(source).error();
    std::vector<config::Problem> warnings;
    auto config = source->read(warnings);
    if (!config) return std::move(config).error();
    auto host =
        std::make_unique<HostImpl>(*std::move(source), *std::move(config), warnings, options);
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
