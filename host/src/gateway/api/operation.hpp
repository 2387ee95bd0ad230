#pragma once

#include "gateway/dialect/dialect.hpp"
#include "provider/upstream.hpp"

namespace tenon::gateway {

/// What a client asks for, in the words of those who do it.
[[nodiscard]] inline provider::Operation to_provider(Operation operation) noexcept {
    switch (operation) {
        case Operation::embed: return provider::Operation::embed;
        case Operation::rerank: return provider::Operation::rerank;
        case Operation::complete: break;
    }
    return provider::Operation::complete;
}

}  // namespace tenon::gateway
