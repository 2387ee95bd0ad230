#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tenon::openai {

/// A streamed chat request that asks for the usage: `body` with
/// "stream_options":{"include_usage":true}, all else as it is. nullopt if `body` says itself
/// whether it wants the usage, or does not begin like a JSON object: send it as it is.
///
/// \par Thread-safety
/// Safe.
[[nodiscard]] std::optional<std::string> with_usage_option(std::string_view body);

}  // namespace tenon::openai
