#include <algorithm>

#include "config/load.hpp"
#include "config/object_reader.hpp"

namespace tenon::config {
namespace {

/// What no single member can know.
void check_references(const Config& config, Report& report) {
    std::vector<std::string_view> names;
    for (const auto& [name, provider] : config.providers) names.push_back(name);
    const std::string& chosen = config.default_provider;
    if (!chosen.empty() && !config.providers.contains(chosen)) {
        report.at_value(Place().member("default_provider"),
                        "no provider has this name" + base::did_you_mean(chosen, names));
    }
    const auto& allow = config.plugins.allow;
    for (const auto& [name, provider] : config.providers) {
        const bool allowed =
            allow.empty() || std::find(allow.begin(), allow.end(), provider.kind) != allow.end();
        if (allowed || !provider.enabled || provider.kind.empty()) continue;
        report.at_value(Place().member("providers").member(name).member("kind"),
                        "this kind is not among those of plugins.allow");
    }
}

}  // namespace

LoadResult parse(std::string_view text, const std::filesystem::path& file,
                 const Environment& environment) {
    LoadResult result;
    result.file = file;
    wire::JsonFault fault;
    const auto document =
        wire::JsonDocument::parse(text, {.comments = true, .positions = true}, fault);
    if (!document) {
        result.problems.push_back({Severity::error,
                                   std::move(fault.cause),
                                   file.string(),
                                   fault.where.line,
                                   fault.where.column,
                                   {}});
        return result;
    }
    Report report(file.string(), document->positions());
    ReadContext context{report, environment, file.parent_path()};
    Config config;
    ObjectReader(context, document->root(), Place()).read(config);
    check_references(config, report);
    result.problems = report.take();
    if (!has_errors(result.problems)) result.config = std::move(config);
    return result;
}

}  // namespace tenon::config
