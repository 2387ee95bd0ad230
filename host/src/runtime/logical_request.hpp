#pragma once

#include <string_view>

#include "core/stable_hash.hpp"
#include "router/router.hpp"
#include "tenon/host/types.hpp"

namespace tenon::runtime {

/// A request in the router's words. Borrows everything.
[[nodiscard]] inline router::LogicalRequest to_logical(const host::RequestOptions& options,
                                                       std::string_view route,
                                                       router::RequestBody& body) {
    router::LogicalRequest logical;
    logical.model = route;
    logical.body = &body;
    const auto limit = [&](core::Phase phase, std::chrono::milliseconds asked) {
        if (asked.count() > 0) logical.limits[phase] = asked;
    };
    limit(core::Phase::total, options.timeout);
    limit(core::Phase::queue, options.queue);
    limit(core::Phase::first_byte, options.first_byte);
    limit(core::Phase::idle, options.idle);
    logical.max_attempts = options.max_attempts;
    if (!options.session.empty()) logical.session = core::stable_hash(options.session);
    logical.trace_parent = options.trace_parent;
    return logical;
}

}  // namespace tenon::runtime
