#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.hpp"

/// What `tenon plugins check` tries with a plugin. Each case runs against a fresh host, in a
/// process of its own unless a debugger is wanted.
namespace tenon::cli {

enum class CaseStatus { passed, failed, skipped };

struct CaseResult {
    CaseStatus status = CaseStatus::passed;
    std::string message;  ///< what was seen, why it failed or was skipped
};

struct PluginCase {
    std::string_view name;
    std::string_view title;
    CaseResult (*run)(const PluginsCheckOptions& options);
};

/// In the order in which they make sense.
[[nodiscard]] const std::vector<PluginCase>& plugin_cases();

[[nodiscard]] std::string_view to_string(CaseStatus status) noexcept;

}  // namespace tenon::cli
