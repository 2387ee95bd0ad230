#include "config/check.hpp"
#include "config/derive.hpp"
#include "config/load.hpp"
#include "config/object_reader.hpp"
#include "config/profile.hpp"

namespace tenon::config {
namespace {

/// The profile that `root` names; what is wrong with it is reported when all is read.
Profile profile_of(wire::JsonView root, const Environment& environment, Profile usual) {
    Report ignored("", nullptr);
    ReadContext context{ignored, environment, {}};
    Profile profile = usual;
    ObjectReader(context, root, Place()).choice("profile", profile, "");
    return profile;
}

}  // namespace

LoadResult parse(std::string_view text, const std::filesystem::path& file,
                 const Environment& environment, Profile usual) {
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
    Config config = defaults_of(profile_of(document->root(), environment, usual));
    ObjectReader(context, document->root(), Place()).read(config);
    derive(config);
    check(config, report);
    result.problems = report.take();
    if (!has_errors(result.problems)) result.config = std::move(config);
    return result;
}

Result<ProviderSettings> parse_settings(std::string_view text, const ProviderSettings& settings,
                                        const Environment& environment) {
    wire::JsonFault fault;
    const auto document =
        wire::JsonDocument::parse(text, {.comments = true, .positions = true}, fault);
    if (!document) return Error(Code::invalid, "the settings are not JSON: " + fault.cause);
    Report report({}, nullptr);
    ReadContext context{report, environment, {}};
    ProviderSettings read = settings;
    ObjectReader(context, document->root(), Place()).read(read);
    derive(read);
    check(read, report);
    const auto problems = report.take();
    if (!has_errors(problems)) return read;
    std::string message = format(problems);
    while (message.ends_with('\n')) message.pop_back();
    return Error(Code::invalid, message);
}

}  // namespace tenon::config
