#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/host/status.hpp"

namespace tenon::wire {
class JsonWriter;
}

namespace tenon::gateway {

/// An RFC 3339 time in UTC, or null.
void write_time(wire::JsonWriter& json, std::string_view name, std::optional<host::Time> time);

/// One object for each provider, with its statistics (null without any) and the share of its
/// attempts that succeeded (null before the first has ended).
void write_providers(wire::JsonWriter& json, const std::vector<host::ProviderStatus>& all,
                     const std::vector<host::ProviderStatistics>& statistics);

/// The same as a text of its own, for people and scripts.
[[nodiscard]] std::string to_json(const std::vector<host::ProviderStatus>& all,
                                  const std::vector<host::ProviderStatistics>& statistics);

/// Of the attempts that were answered; nullopt before the first.
[[nodiscard]] std::optional<double> success_rate(const host::ProviderStatistics& statistics);

}  // namespace tenon::gateway
