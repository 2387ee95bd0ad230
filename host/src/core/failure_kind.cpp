#include "core/failure_kind.hpp"

namespace tenon::core {
namespace {

FailureMeaning meaning_by_code(const Error& error) noexcept {
    using Kind = FailureKind;
    // The provider's own word goes before what is usual (x-should-retry).
    const Kind refusal = error.retryable ? Kind::passing : Kind::ineligible;
    switch (error.code) {
        case Code::unavailable:
        case Code::protocol:
        case Code::internal:
        case Code::stale:
        case Code::again: return {Kind::passing, Cause::unavailable, true};
        case Code::deadline: return {Kind::passing, Cause::deadline, true};
        // Limits are mostly those of one model; a provider's own are seen in its state.
        case Code::throttled:
        case Code::overloaded: return {Kind::passing, Cause::throttled, false};
        case Code::auth: return {refusal, Cause::unavailable, true};
        case Code::forbidden:
        case Code::unsupported:
        case Code::not_found: return {refusal, Cause::unavailable, false};
        case Code::too_large: return {Kind::context_window, Cause::context_window, false};
        case Code::refused: return {Kind::content_filter, Cause::content_filter, false};
        case Code::invalid:
        case Code::no_memory:
            return {error.retryable ? Kind::passing : Kind::final, Cause::unavailable, false};
        case Code::ok:
        case Code::cancelled: break;
    }
    return {};
}

}  // namespace

FailureMeaning meaning_of(const Error& error) noexcept {
    FailureMeaning meaning = meaning_by_code(error);
    // What a server says with a status, it says of the model, unless the plugin knows better; so
    // does the breaker of a model.
    const bool of_model =
        error.http_status >= 500 || (error.scope == Scope::request && error.not_sent);
    if (of_model && error.scope != Scope::provider) meaning.blames_provider = false;
    return meaning;
}

}  // namespace tenon::core
