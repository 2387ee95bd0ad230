#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tenon/result.hpp"

namespace tenon::gateway {

/// The models that a canonical request names beside "model": members that the gateway does not know
/// reach the provider as they are, and some providers find other models in them ("models",
/// "fallbacks", ...; docs/gateway_dialects.md). Rather too many than too few.
///
/// A member whose name has "model" or "fallback" in it, in any case and at any depth, names all
/// strings in it; what clients say, and the schemas of tools and answers, name none.
///
/// Errors: Code::invalid, a member is not JSON.
[[nodiscard]] Result<std::vector<std::string>> further_models(std::string_view body);

}  // namespace tenon::gateway
