#pragma once

#include <string>
#include <string_view>

#include "provider/upstream.hpp"
#include "router/request.hpp"
#include "runtime/chat_sinks.hpp"
#include "tenon/host/types.hpp"

/// Requests and answers as canonical bodies, without a program's types around them.
namespace tenon::runtime {

/// A request whose body somebody else has written. Everything is borrowed until it has ended.
struct CanonicalRequest {
    provider::Operation operation = provider::Operation::complete;
    std::string_view provider = {};  ///< asks this one and nobody else; empty = as the route says
    std::string_view model = {};     ///< empty = the configuration's
    router::RequestBody* body = nullptr;  ///< never null
    bool stream = false;
    host::RequestOptions options = {};
    std::string_view idempotency_key = {};        ///< empty = one of its own
    router::RequestObserver* observer = nullptr;  ///< nullptr = nobody
};

struct CanonicalAnswer {
    router::Routed routed;  ///< its outcome's body is moved from
    /// The whole answer as JSON; empty if it went to the sink.
    std::string body;
};

/// The answer to a chat as one body, whichever way the provider gave it.
[[nodiscard]] std::string chat_body(const Collector& collector, router::Routed& routed);

/// An embeddings object of the floats that a plugin handed over.
[[nodiscard]] std::string embedding_body(const router::Routed& routed);

/// Gives `sink` a whole answer as the deltas of a stream. Errors: Code::protocol if it is none.
[[nodiscard]] Result<void> stream_body(std::string_view body, provider::DeltaSink& sink);

}  // namespace tenon::runtime
