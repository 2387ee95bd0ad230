#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "core/deadline.hpp"
#include "plugin/call.hpp"
#include "provider/upstream.hpp"
#include "router/request_observer.hpp"
#include "tenon/result.hpp"

namespace tenon::router {

/// The body of one logical request, which names the model as the provider that is asked calls it.
class RequestBody {
public:
    /// On the request's I/O thread, before an attempt; may be asked for the same one again. No
    /// longer once deltas were delivered. An error ends the request.
    [[nodiscard]] virtual Result<std::string> for_model(std::string_view model) = 0;

protected:
    ~RequestBody() = default;
};

/// What somebody wants to have answered, by whomever. Everything is borrowed until it has ended.
struct LogicalRequest {
    provider::Operation operation = provider::Operation::complete;
    std::string_view model = {};  ///< a name that the route table knows
    RequestBody* body = nullptr;  ///< never null
    bool stream = false;
    core::PhaseLimits limits = {};              ///< what the caller asks for
    std::optional<std::uint64_t> session = {};  ///< core::stable_hash() of the session's name
    int max_attempts = 0;                       ///< 0 = as configured, 1 = no retry
    std::string_view trace_parent = {};
    /// Names it to the providers when it is sent again later; empty = one that is made for it.
    std::string_view idempotency_key = {};
    RequestObserver* observer = nullptr;  ///< nullptr = nobody wants to know
};

/// An answer, and how it came about.
struct Routed {
    plugin::CallOutcome outcome;
    std::string provider;  ///< who answered
    std::string model;     ///< as the provider names it
    int attempts = 0;
    base::Duration queue_wait{0};  ///< for permits and connections, at all providers
    base::Duration total_wait{0};  ///< and for back-offs and providers to come back
};

}  // namespace tenon::router
