#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace tenon::config {

/// For each provider whose plugin is known, the secrets of its `config` (ProviderSchema).
using SecretNames = std::map<std::string, std::vector<std::string>, std::less<>>;

/// The configuration in effect as JSON, defaults and inherited values included; it can be loaded
/// again, but for its secrets. These are "***": those of the configuration itself, those in
/// `secrets`, every string at or below a key that sounds like a secret ("api_key", "token", ...),
/// and for a provider that `secrets` does not know all that came from the environment.
[[nodiscard]] std::string show(const Config& config, const SecretNames& secrets = {});

}  // namespace tenon::config
