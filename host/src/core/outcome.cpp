#include "core/outcome.hpp"

namespace tenon::core {
namespace {

/// A 4xx that says nothing about this request's sense: who asks, how often, or that the server
/// could not. 498: no capacity at Groq.
bool is_neutral_status(int status) noexcept {
    switch (status) {
        case 401:
        case 402:
        case 403:
        case 407:
        case 408:
        case 424:
        case 425:
        case 429:
        case 498:
        case 499: return true;
        default: return false;
    }
}

/// The request is at fault, so whoever said so has read it.
bool blames_request(Code code) noexcept {
    switch (code) {
        case Code::invalid:
        case Code::unsupported:
        case Code::too_large:
        case Code::refused:
        case Code::not_found: return true;
        default: return false;
    }
}

Outcome by_code(const Error& error, Outcome answered) noexcept {
    switch (error.code) {
        case Code::unavailable:
        case Code::protocol:
        case Code::internal:
            return error.scope == Scope::request ? Outcome::ignored : Outcome::failure;
        case Code::overloaded:
        case Code::deadline: return Outcome::failure;
        default: break;
    }
    // Without a status of the provider, the plugin itself may have found the fault.
    const bool has_answer = error.http_status >= 200 && !error.not_sent;
    return has_answer && blames_request(error.code) ? answered : Outcome::ignored;
}

Outcome by_error(const Error& error, Outcome answered) noexcept {
    switch (error.code) {
        case Code::ok: return Outcome::success;
        case Code::cancelled:
        case Code::stale:
        case Code::again: return Outcome::ignored;
        default: break;
    }
    const int status = error.http_status;
    if (status >= 500) return status == 501 ? answered : Outcome::failure;
    if (status >= 400) {
        // 409 comes as unavailable; a wrong key comes as 400 at some.
        const bool about_request = blames_request(error.code) || status == 409;
        return about_request && !is_neutral_status(status) ? answered : Outcome::ignored;
    }
    if (status >= 300) return Outcome::ignored;  // not the provider's address
    return by_code(error, answered);
}

}  // namespace

Verdict judge(const AttemptEnd& end) noexcept {
    if (end.stop == Stop::attempt_timeout) return {.outcome = Outcome::failure};
    if (end.stop != Stop::none) return {.outcome = Outcome::ignored};
    if (end.error == nullptr) return {.outcome = Outcome::success};

    const Error& error = *end.error;
    const bool strict = end.probe && end.strict_probe;
    Verdict verdict;
    verdict.outcome = by_error(error, strict ? Outcome::ignored : Outcome::success);
    verdict.cool_down = error.code == Code::throttled || error.http_status == 429;
    verdict.misconfigured = error.scope == Scope::provider &&
                            (error.code == Code::auth || error.code == Code::forbidden);
    return verdict;
}

Stop passed_limit(base::TimePoint now, base::TimePoint caller_deadline,
                  base::TimePoint attempt_deadline) noexcept {
    if (caller_deadline < attempt_deadline) {
        return now >= caller_deadline ? Stop::caller_deadline : Stop::none;
    }
    return now >= attempt_deadline ? Stop::attempt_timeout : Stop::none;
}

}  // namespace tenon::core
