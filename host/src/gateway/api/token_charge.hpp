#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/api/key_ring.hpp"
#include "plugin/call.hpp"

/// What a request costs the key that sent it.
namespace tenon::gateway {

/// About four bytes a token: what is reserved of a key's budget until the truth is known.
[[nodiscard]] inline std::int64_t estimated_tokens(std::string_view body) noexcept {
    return static_cast<std::int64_t>(body.size() / 4) + 1;
}

/// A whole answer has come: what the provider has counted, else what was reserved.
inline void charge(KeyLease& lease, const plugin::CallOutcome& outcome) noexcept {
    const auto known = [](std::uint64_t tokens) { return tokens != TENON_TOKENS_UNKNOWN; };
    if (!known(outcome.input_tokens) && !known(outcome.output_tokens)) {
        lease.used_as_reserved();
        return;
    }
    const auto or_none = [&](std::uint64_t tokens) {
        return known(tokens) ? static_cast<std::int64_t>(tokens) : 0;
    };
    lease.used(or_none(outcome.input_tokens) + or_none(outcome.output_tokens));
}

}  // namespace tenon::gateway
