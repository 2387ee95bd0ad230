#pragma once

#include <cstddef>
#include <cstdint>

#include "tenon/abi/delta.h"
#include "tenon/abi/error.h"
#include "tenon/abi/result.h"

/// What a plugin hands over may be uninitialized memory. These tell what cannot be meant, before
/// the host follows a pointer or allocates; they do not protect from a plugin that means harm.
namespace tenon::plugin {

/// Longer than any text of a request or an answer.
inline constexpr std::size_t kLongestText = std::size_t{1} << 30;
/// More than any embedding request brings: 65,536 inputs with 4,096 dimensions.
inline constexpr std::uint64_t kMostNumbers = std::uint64_t{1} << 28;

[[nodiscard]] inline bool is_plausible(const tenon_str& text) noexcept {
    return text.len == 0 || (text.ptr != nullptr && text.len <= kLongestText);
}

/// The members are those of ABI 1.0, so that a plugin of any version has filled them.
[[nodiscard]] inline bool is_plausible(const tenon_delta& delta) noexcept {
    return TENON_HAS(&delta, tenon_delta, raw) && is_plausible(delta.data) &&
           is_plausible(delta.tool_call_id) && is_plausible(delta.tool_name) &&
           is_plausible(delta.raw);
}

[[nodiscard]] inline bool is_plausible(const tenon_error& error) noexcept {
    return TENON_HAS(&error, tenon_error, detail_json) && is_plausible(error.message) &&
           is_plausible(error.provider_code) && is_plausible(error.detail_json);
}

[[nodiscard]] inline bool is_plausible(const tenon_result& result) noexcept {
    if (!TENON_HAS(&result, tenon_result, output_tokens)) return false;
    if (result.error != nullptr) return is_plausible(*result.error);
    return is_plausible(result.body_json) && is_plausible(result.finish_reason) &&
           (result.vectors == nullptr ||
            std::uint64_t{result.n_vectors} * result.dimensions <= kMostNumbers);
}

}  // namespace tenon::plugin
