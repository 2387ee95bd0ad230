#include "config/check.hpp"
#include "config/derive.hpp"
#include "config/load.hpp"
#include "config/object_reader.hpp"
#include "config/profile.hpp"

namespace tenon::config {
namespace {

/// The profile that `root` names; what is wrong with it is reported when all is read.
Profile profile_of(wire::JsonView root, const Environment& environment) {
    Report ignored("", nullptr);
    ReadContext context{ignored, environment, {}};
    Profile profile{};
    ObjectReader(context, root, Place()).choice("profile", profile, "");
    return profile;
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
    Config config = defaults_of(profile_of(document->root(), environment));
    ObjectReader(context, document->root(), Place()).read(config);
    derive(config);
    check(config, report);
    result.problems = report.take();
    if (!has_errors(result.problems)) result.config = std::move(config);
    return result;
}

}  // namespace tenon::config
