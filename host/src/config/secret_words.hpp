#pragma once

#include <string_view>

namespace tenon::config {

/// Whether a key's name suggests that its value is a secret: "api_key", "AuthToken", "password".
/// Only for caution: what is a secret is declared by the plugin.
[[nodiscard]] bool sounds_secret(std::string_view key);

}  // namespace tenon::config
