#pragma once

#include <optional>
#include <string_view>

#include "tenon/abi/request.h"
#include "tenon/plugin/host.hpp"

namespace tenon {

/// One request of complete, embed or rerank: a view of the host's `tenon_request`.
///
/// \par Object lifetimes
/// Valid until the call is finished.
/// \par Thread-safety
/// Immutable: any number of threads may read it.
class Request {
public:
    explicit Request(const tenon_request* request) noexcept : request_(request) {}

    /// The provider's own name of the model; may be empty.
    [[nodiscard]] std::string_view model() const noexcept { return from_abi(request_->model); }

    /// The whole request as one JSON object in the OpenAI dialect.
    [[nodiscard]] std::string_view body() const noexcept { return from_abi(request_->body_json); }

    /// Does the caller want deltas as they come? A hint.
    [[nodiscard]] bool stream() const noexcept {
        return (request_->flags & TENON_REQUEST_STREAM) != 0;
    }

    /// Absolute, on the clock of `HostRef::now()`; nullopt = none.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> deadline() const noexcept {
        if (request_->deadline_ns == TENON_NO_DEADLINE) return std::nullopt;
        return std::chrono::nanoseconds(request_->deadline_ns);
    }

    /// The same for every attempt of one logical request; may be empty.
    [[nodiscard]] std::string_view idempotency_key() const noexcept {
        return from_abi(request_->idempotency_key);
    }

    /// W3C traceparent; may be empty.
    [[nodiscard]] std::string_view trace_parent() const noexcept {
        return from_abi(request_->trace_parent);
    }

private:
    const tenon_request* request_;
};

}  // namespace tenon
