#include "tenon/http_error.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <system_error>

#include "http_error_text.hpp"
#include "http_retry_hint.hpp"
#include "tenon/json_text.hpp"

namespace tenon {
namespace {

using detail::clean_line;
using detail::to_lower;
using Words = std::initializer_list<std::string_view>;

constexpr std::size_t kLongestCode = 64;        // characters
constexpr std::size_t kLongestRequestId = 128;  // characters

/// What an answer says about its failure.
struct Facts {
    int status = 0;          // what the failure amounts to as an HTTP status
    bool in_answer = false;  // it arrived inside a good answer, so `status` comes from the body
    bool stated = false;     // a number: from the head, or in the body
    std::string text;        // in the provider's words, clean
    std::string text_lower;
    std::string codes_lower;  // all codes and types that the body names, a space after each
    std::string code;         // the most telling of them
};

struct Verdict {
    Code code;
    Scope scope;
    bool retryable;
    const char* lead;      // how the message begins
    bool certain = false;  // x-should-retry does not change it
};

bool contains_any(std::string_view text, Words words) noexcept {
    return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
        return text.find(word) != std::string_view::npos;
    });
}

bool is_one_of(int status, std::initializer_list<int> statuses) noexcept {
    return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

bool is_number(std::string_view text) noexcept {
    return text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// The first of the places that holds something; Gemini's compatibility mode wraps the object in an
/// array, OpenAI's response.failed in "response".
template <class Accept>
std::string find_first(const JsonLookup& json, Words places, Accept accept) {
    for (const std::string_view base : {"", "/0", "/response"}) {
        for (const std::string_view place : places) {
            auto found = json.find(std::string(base) + std::string(place));
            if (found && !found->empty() && accept(*found)) return std::move(*found);
        }
    }
    return {};
}

/// Which member a validation error of FastAPI is about: ": body.messages.0".
std::string find_location(const JsonLookup& json) {
    std::string location;
    for (const char index : {'0', '1', '2', '3'}) {
        const auto part = json.find(std::string("/detail/0/loc/") + index);
        if (!part) break;
        location += (location.empty() ? ": " : ".") + *part;
    }
    return location;
}

std::string find_message(const JsonLookup& json) {
    std::string message =
        find_first(json,
                   {"/error/message", "/error/message/message", "/error", "/message",
                    "/message/message", "/message/detail/0/msg", "/detail", "/detail/0/msg",
                    "/detail/message", "/status/error", "/errors/0/message", "/error_description"},
                   [](std::string_view text) { return text != "true" && text != "false"; });
    // A router's own words ("Provider returned error") say less than those that it passes on.
    const std::string inner =
        find_first(json, {"/error/metadata/raw"}, [](std::string_view) { return true; });
    if (!inner.empty()) message += ": " + inner;
    return message.empty() ? message : message + find_location(json);
}

void find_codes(const JsonLookup& json, Facts& facts) {
    const Words places = {"/error/code",
                          "/error/details/error_code",
                          "/error/details/0/reason",
                          "/error/status",
                          "/error/type",
                          "/error/metadata/error_type",
                          "/code",
                          "/error_type",
                          "/type"};
    const auto note = [&facts](std::string_view word) {
        facts.codes_lower += to_lower(word.substr(0, kLongestCode)) + ' ';
        return false;
    };
    find_first(json, places, note);
    const auto telling = [](std::string_view word) { return !is_number(word) && word != "error"; };
    facts.code = find_first(json, places, telling);
    if (facts.code.empty()) facts.code = find_first(json, places, is_number);
    facts.code = detail::bounded(clean_line(facts.code), kLongestCode);
}

/// The status that an error inside a good answer amounts to, 0 if its body does not say.
int stated_status(const JsonLookup& json) {
    const auto status = [](std::string_view text) {
        return text.size() == 3 && is_number(text) && text.front() >= '4' && text.front() <= '5';
    };
    const std::string found = find_first(json,
                                         {"/error/http_status_code", "/status_code", "/statusCode",
                                          "/error/code", "/error/status", "/status", "/code"},
                                         status);
    int number = 0;
    std::from_chars(found.data(), found.data() + found.size(), number);
    return number;
}

int status_of_codes(std::string_view codes) noexcept {
    if (contains_any(codes, {"rate_limit", "resource_exhausted", "too_many_requests"})) return 429;
    if (contains_any(codes, {"authentication", "unauthorized", "unauthenticated"})) return 401;
    if (contains_any(codes, {"permission"})) return 403;
    if (contains_any(codes, {"not_found", "notfound"})) return 404;
    if (contains_any(codes, {"timeout", "deadline"})) return 504;
    if (contains_any(codes, {"unavailable"})) return 503;
    if (contains_any(codes, {"invalid", "validation", "badrequest", "bad_request"})) return 400;
    return 500;
}

/// The reason in the provider's words: from JSON, the title of a web page, or plain text.
std::string find_text(std::string_view body, const JsonLookup& json) {
    const std::string message = find_message(json);
    if (!message.empty()) return clean_line(message);
    if (!detail::is_markup(body)) return clean_line(body);
    const std::string title = detail::markup_title(body);
    return title.empty() ? "a web page" : "a web page: " + title;
}

Facts read_facts(int status, std::span<const HttpHeader> headers, std::string_view body,
                 const JsonLookup& json) {
    Facts facts;
    find_codes(json, facts);
    const std::string_view location = detail::header(headers, "location");
    if (status >= 300 && status <= 399 && !location.empty()) {
        facts.text = clean_line(location.substr(0, location.find('?')));
    } else {
        facts.text = find_text(body, json);
    }
    facts.text_lower = to_lower(facts.text);
    facts.status = status;
    facts.stated = status >= 300;
    if (!facts.stated) {
        facts.in_answer = true;
        facts.status = stated_status(json);
        facts.stated = facts.status != 0;
        if (!facts.stated) facts.status = status_of_codes(facts.codes_lower);
    }
    return facts;
}

bool wants_money(const Facts& facts) noexcept {
    if (facts.status == 402) return true;
    if (!is_one_of(facts.status, {400, 403, 429}) && !facts.in_answer) return false;
    // Not "check your plan and billing details": Gemini says that of limits by the minute.
    return contains_any(facts.codes_lower, {"insufficient_quota", "credit_balance_exhausted",
                                            "spend_limit", "usage_limit_exceeded", "billing"}) ||
           contains_any(facts.text_lower,
                        {"credit balance", "insufficient balance", "insufficient credits",
                         "spend limit", "payment method"}) ||
           (contains_any(facts.text_lower, {"trial key"}) &&
            contains_any(facts.text_lower, {"month"}));
}

bool refuses_credentials(const Facts& facts) noexcept {
    if (is_one_of(facts.status, {401, 407})) return true;
    return is_one_of(facts.status, {400, 403}) &&
           (contains_any(facts.codes_lower, {"api_key_invalid", "invalid_api_key",
                                             "authentication_error", "unauthenticated"}) ||
            contains_any(facts.text_lower,
                         {"incorrect api key", "invalid api key", "api key not valid",
                          "invalid api token", "api key is invalid"}));
}

bool is_too_large(const Facts& facts) noexcept {
    if (is_one_of(facts.status, {413, 431})) return true;
    // More tokens than the limit of a whole minute: waiting does not help.
    if (facts.status == 429) return contains_any(facts.text_lower, {"request too large"});
    if (!is_one_of(facts.status, {400, 403, 422}) && !facts.in_answer) return false;
    return contains_any(facts.codes_lower, {"context_length", "context_size", "request_too_large",
                                            "string_above_max_length"}) ||
           contains_any(facts.text_lower,
                        {"context length", "context window", "context size", "maximum context",
                         "prompt is too long", "input is too long", "input length",
                         "too many tokens", "maximum number of tokens", "token limit"}) ||
           (contains_any(facts.text_lower, {"must be <="}) &&
            contains_any(facts.text_lower, {"tokens"}));
}

bool is_filtered(const Facts& facts) noexcept {
    if (facts.status == 451) return true;
    // Groq sends 498 for want of capacity, Cohere for blocked input.
    if (facts.status == 498) return contains_any(facts.text_lower, {"blocked"});
    if (!is_one_of(facts.status, {400, 403, 422}) && !facts.in_answer) return false;
    return contains_any(facts.codes_lower, {"content_filter", "content_policy", "bio_policy",
                                            "responsibleaipolicy", "moderation"}) ||
           contains_any(facts.text_lower, {"content management policy", "content policy",
                                           "content filter", "requires moderation", "was flagged"});
}

bool is_overloaded(const Facts& facts) noexcept {
    if (is_one_of(facts.status, {498, 529})) return true;
    if (contains_any(facts.codes_lower, {"overloaded"})) return true;
    if (facts.status < 424 && !facts.in_answer) return false;
    return contains_any(facts.text_lower, {"overloaded", "server busy", "at capacity"});
}

Verdict by_status(int status) noexcept {
    switch (status) {
        case 403:
        case 412:
            return {Code::forbidden, Scope::request, false, "the provider does not allow this"};
        case 404:
        case 410:
            return {Code::not_found, Scope::request, false,
                    "the provider does not know this model or address"};
        case 408: return {Code::deadline, Scope::request, true, "the provider ran out of time"};
        case 409:
            return {Code::unavailable, Scope::request, true,
                    "the provider reports a conflict with another request"};
        case 405:
        case 501:
            return {Code::unsupported, Scope::request, false, "the provider does not support this"};
        case 424:
        case 425:
        case 499:
            return {Code::unavailable, Scope::request, true,
                    "the provider could not finish the request"};
        case 429:
            return {Code::throttled, Scope::request, true,
                    "the provider limits the rate of requests"};
        default: break;
    }
    if (status >= 500 && status <= 599) {
        return {Code::unavailable, Scope::provider, true, "the provider cannot serve now"};
    }
    if (status >= 400 && status <= 499) {
        return {Code::invalid, Scope::request, false, "the provider rejected the request"};
    }
    if (status >= 300 && status <= 399) {
        return {Code::invalid, Scope::request, false,
                "the provider redirects elsewhere, check the base URL"};
    }
    return {Code::protocol, Scope::request, false, "the provider answered with an odd status"};
}

/// What the body says goes before the status, and what is certain before what is likely.
Verdict judge(const Facts& facts) noexcept {
    if (wants_money(facts)) {
        return {Code::forbidden, Scope::provider, false,
                "the provider wants payment or a higher quota", true};
    }
    if (refuses_credentials(facts)) {
        return {Code::auth, Scope::provider, false, "the provider refused the credentials"};
    }
    if (is_too_large(facts)) {
        return {Code::too_large, Scope::request, false,
                "the request is too large for the model or the provider"};
    }
    if (is_filtered(facts)) {
        return {Code::refused, Scope::request, false,
                "the provider's content policy refused the request"};
    }
    if (is_overloaded(facts)) {
        return {Code::overloaded, Scope::request, true, "the provider is overloaded"};
    }
    return by_status(facts.status);
}

std::string message_of(const Verdict& verdict, const Facts& facts) {
    std::string message = verdict.lead;
    if (facts.stated) message += " (HTTP " + std::to_string(facts.status) + ')';
    message += facts.text.empty() ? ", without saying why" : ": " + facts.text;
    return detail::bounded(std::move(message), kHttpErrorMessageLimit);
}

std::string detail_of(std::span<const HttpHeader> headers) {
    for (const std::string_view name : {"x-request-id", "request-id", "x-generation-id"}) {
        const std::string_view id = detail::header(headers, name);
        if (id.empty()) continue;
        std::string detail = R"({"request_id":)";
        append_json_string(detail, to_valid_utf8(id.substr(0, kLongestRequestId)));
        return detail + '}';
    }
    return {};
}

}  // namespace

Error error_from_http(int status, std::span<const HttpHeader> headers, std::string_view body,
                      const HttpErrorContext& context) {
    const Facts facts = read_facts(status, headers, body, context.json);
    const Verdict verdict = judge(facts);
    Error error;
    error.code = verdict.code;
    error.scope = verdict.scope;
    error.retryable = verdict.retryable;
    if (!verdict.certain) {
        const std::string should_retry = to_lower(detail::header(headers, "x-should-retry"));
        if (should_retry == "true") error.retryable = true;
        if (should_retry == "false") error.retryable = false;
    }
    const int known_status = facts.stated ? facts.status : status;
    if (known_status >= 100 && known_status <= 599) error.http_status = known_status;
    if (error.retryable) {
        const bool limits = error.code == Code::throttled;
        error.retry_after_ms = detail::retry_hint_ms(headers, context, limits);
    }
    error.message = message_of(verdict, facts);
    error.provider_code = facts.code;
    error.detail_json = detail_of(headers);
    return error;
}

}  // namespace tenon
