#include "tenon/http_error.hpp"

#include <rapidjson/document.h>
#include <rapidjson/pointer.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/json_text.hpp"

using tenon::Code;
using tenon::Error;
using tenon::HttpHeader;
using tenon::Scope;

namespace {

/// A JsonSource over RapidJSON.
class Json {
public:
    explicit Json(std::string_view text) { document_.Parse(text.data(), text.size()); }

    [[nodiscard]] bool ok() const { return !document_.HasParseError(); }
    [[nodiscard]] std::optional<std::string> find(std::string_view pointer) const {
        const rapidjson::Value* found =
            rapidjson::Pointer(pointer.data(), pointer.size()).Get(document_);
        if (found == nullptr || found->IsNull() || found->IsObject() || found->IsArray()) {
            return std::nullopt;
        }
        if (found->IsString()) return std::string(found->GetString(), found->GetStringLength());
        rapidjson::StringBuffer text;
        rapidjson::Writer<rapidjson::StringBuffer> writer(text);
        found->Accept(writer);
        return text.GetString();
    }

private:
    rapidjson::Document document_;
};

/// 2026-11-21T06:00:00Z
constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds{1795240800}};

Error error_of(int status, std::string_view body, std::vector<HttpHeader> headers = {}) {
    const Json json(body);
    return tenon::error_from_http(status, headers, body,
                                  {.json = json.ok() ? &json : nullptr, .now = kNow});
}

std::optional<std::int64_t> wait_of(int status, std::vector<HttpHeader> headers) {
    return error_of(status, "", std::move(headers)).retry_after_ms;
}

bool says(const Error& error, std::string_view words) {
    return error.message.find(words) != std::string::npos;
}

struct Case {
    const char* what;
    int status;
    std::string_view body;
    Code code;
    Scope scope;
    bool retryable;
    std::string_view message;  // a part of it
    std::string_view provider_code;
};

/// Answers as the providers are documented to send them.
const std::vector<Case>& cases() {
    constexpr auto kRequest = Scope::request;
    constexpr auto kProvider = Scope::provider;
    static const std::vector<Case> all = {
        {"openai wrong key", 401,
         R"({"error":{"message":"Incorrect API key provided: sk-abcd*****************WXYZ. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}})",
         Code::auth, kProvider, false, "Incorrect API key provided: ***. You can",
         "invalid_api_key"},
        {"openai rate limit", 429,
         R"({"error":{"message":"Rate limit reached for gpt-4o","type":"tokens","param":null,"code":"rate_limit_exceeded"}})",
         Code::throttled, kRequest, true, "(HTTP 429): Rate limit reached for gpt-4o",
         "rate_limit_exceeded"},
        {"openai quota", 429,
         R"({"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}})",
         Code::forbidden, kProvider, false, "wants payment", "insufficient_quota"},
        {"openai request larger than the minute's limit", 429,
         R"({"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.","type":"tokens","code":"rate_limit_exceeded"}})",
         Code::too_large, kRequest, false, "Limit 30000", "rate_limit_exceeded"},
        {"openai context", 400,
         R"({"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}})",
         Code::too_large, kRequest, false, "8192 tokens", "context_length_exceeded"},
        {"openai invalid", 400,
         R"({"error":{"message":"Unknown parameter: 'foo'.","type":"invalid_request_error","param":"foo","code":"unknown_parameter"}})",
         Code::invalid, kRequest, false, "Unknown parameter", "unknown_parameter"},
        {"openai overloaded", 503,
         R"({"error":{"message":"The engine is currently overloaded, please try again later","type":"server_error","param":null,"code":null}})",
         Code::overloaded, kRequest, true, "overloaded", "server_error"},
        {"azure content filter", 400,
         R"({"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
         Code::refused, kRequest, false, "was filtered", "content_filter"},
        {"azure api management", 401, R"({"statusCode":401,"message":"Access denied"})", Code::auth,
         kProvider, false, "Access denied", ""},
        {"anthropic overloaded", 529,
         R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"})",
         Code::overloaded, kRequest, true, "Overloaded", "overloaded_error"},
        {"anthropic credit", 400,
         R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}})",
         Code::forbidden, kProvider, false, "credit balance", "invalid_request_error"},
        {"anthropic spend limit", 429,
         R"({"type":"error","error":{"type":"rate_limit_error","message":"Limit","details":{"error_code":"enforced_spend_limit_reached"}}})",
         Code::forbidden, kProvider, false, "Limit", "enforced_spend_limit_reached"},
        {"anthropic prompt too long", 400,
         R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}})",
         Code::too_large, kRequest, false, "210000", "invalid_request_error"},
        {"anthropic body size", 413,
         R"({"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}})",
         Code::too_large, kRequest, false, "maximum size", "request_too_large"},
        {"gemini wrong key", 400,
         R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}})",
         Code::auth, kProvider, false, "API key not valid", "API_KEY_INVALID"},
        {"gemini limit by the minute", 429,
         R"({"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED"}})",
         Code::throttled, kRequest, true, "current quota", "RESOURCE_EXHAUSTED"},
        {"gemini in an array", 503,
         R"([{"error":{"code":503,"message":"The model is unavailable.","status":"UNAVAILABLE"}}])",
         Code::unavailable, kProvider, true, "The model is unavailable.", "UNAVAILABLE"},
        {"xai wrong key", 400,
         R"({"code":"Client specified an invalid argument","error":"Incorrect API key provided: ab***yz."})",
         Code::auth, kProvider, false, "Incorrect API key provided: ***.",
         "Client specified an invalid argument"},
        {"ollama model missing", 404, R"({"error":"model \"x\" not found, try pulling it first"})",
         Code::not_found, kRequest, false, "try pulling it first", ""},
        {"ollama busy", 503,
         R"({"error":"server busy, please try again.  maximum pending requests exceeded"})",
         Code::overloaded, kRequest, true, "try again. maximum pending", ""},
        {"tgi overloaded", 429, R"({"error":"Model is overloaded","error_type":"overloaded"})",
         Code::overloaded, kRequest, true, "Model is overloaded", "overloaded"},
        {"tgi validation", 422,
         R"({"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens","error_type":"validation"})",
         Code::too_large, kRequest, false, "Given: 5000", "validation"},
        {"tgi generation", 424,
         R"({"error":"Request failed during generation","error_type":"generation"})",
         Code::unavailable, kRequest, true, "during generation", "generation"},
        {"llama.cpp loading", 503,
         R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})",
         Code::unavailable, kProvider, true, "Loading model", "unavailable_error"},
        {"llama.cpp context", 400,
         R"({"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":8}})",
         Code::too_large, kRequest, false, "context size", "exceed_context_size_error"},
        {"vllm unauthorized", 401, R"({"error":"Unauthorized"})", Code::auth, kProvider, false,
         "Unauthorized", ""},
        {"together context as 403", 403,
         R"({"error":{"message":"The input exceeds the context length of the model","type":"invalid_request_error"}})",
         Code::too_large, kRequest, false, "context length", "invalid_request_error"},
        {"groq flex capacity", 498,
         R"({"error":{"message":"Flex tier capacity exceeded","type":"capacity_exceeded"}})",
         Code::overloaded, kRequest, true, "Flex tier", "capacity_exceeded"},
        {"cohere blocked input", 498, R"({"message":"blocked input"})", Code::refused, kRequest,
         false, "blocked input", ""},
        {"cohere trial by the month", 429,
         R"({"message":"You are using a Trial key, which is limited to 1000 API calls / month."})",
         Code::forbidden, kProvider, false, "Trial key", ""},
        {"cohere trial by the minute", 429,
         R"({"message":"You are using a Trial key, which is limited to 10 API calls / minute."})",
         Code::throttled, kRequest, true, "Trial key", ""},
        {"voyage payment", 429,
         R"({"detail":"You have not yet added your payment method in the billing page."})",
         Code::forbidden, kProvider, false, "payment method", ""},
        {"mistral validation", 422,
         R"({"detail":[{"loc":["body","messages",0],"msg":"Field required","type":"missing"}]})",
         Code::invalid, kRequest, false, "Field required: body.messages.0", ""},
        {"mistral nested message", 422,
         R"({"object":"error","message":{"detail":[{"msg":"Extra inputs","loc":["body"]}]},"type":"invalid_request_error","code":null})",
         Code::invalid, kRequest, false, "Extra inputs", "invalid_request_error"},
        {"mistral code", 400,
         R"({"object":"error","message":"Tool call id was x","type":"error","param":null,"code":"3280"})",
         Code::invalid, kRequest, false, "Tool call id", "3280"},
        {"qdrant", 400, R"({"status":{"error":"Wrong input"},"time":0.1})", Code::invalid, kRequest,
         false, "Wrong input", ""},
        {"openrouter passes on", 502,
         R"({"error":{"code":502,"message":"Provider returned error","metadata":{"raw":"upstream died","provider_name":"X"}}})",
         Code::unavailable, kProvider, true, "Provider returned error: upstream died", "502"},
        {"openrouter moderation", 403,
         R"({"error":{"code":403,"message":"x requires moderation on y. Your input was flagged"}})",
         Code::refused, kRequest, false, "requires moderation", "403"},
        {"no money", 402, R"({"error":{"message":"Insufficient Balance"}})", Code::forbidden,
         kProvider, false, "Insufficient Balance", ""},
        {"forbidden", 403, R"({"error":{"message":"Country not supported"}})", Code::forbidden,
         kRequest, false, "Country", ""},
        {"fireworks account", 412, R"({"error":{"message":"Account suspended"}})", Code::forbidden,
         kRequest, false, "suspended", ""},
        {"timeout", 408, "", Code::deadline, kRequest, true, "(HTTP 408), without saying why", ""},
        {"conflict", 409, "", Code::unavailable, kRequest, true, "conflict", ""},
        {"method", 405, "", Code::unsupported, kRequest, false, "does not support", ""},
        {"legal reasons", 451, "", Code::refused, kRequest, false, "policy", ""},
        {"gateway timeout", 504, "", Code::unavailable, kProvider, true, "cannot serve now", ""},
        {"cloudflare", 524, "", Code::unavailable, kProvider, true, "(HTTP 524)", ""},
        {"odd", 999, "", Code::protocol, kRequest, false, "odd status", ""},
        {"plain text", 401, "Must provide an API key", Code::auth, kProvider, false,
         ": Must provide an API key", ""},
        {"json without a message", 500, R"({"oops":1})", Code::unavailable, kProvider, true,
         R"({"oops":1})", ""},
        {"web page", 502,
         "<html>\r\n<head><title>502 Bad\n Gateway</title></head><body><h1>x</h1></body></html>",
         Code::unavailable, kProvider, true, "a web page: 502 Bad Gateway", ""},
        {"web page without a title", 500, " <!doctype html><p>oops", Code::unavailable, kProvider,
         true, ": a web page", ""},
        {"xml", 403, "<?xml version=\"1.0\"?><Error><Message>Denied here</Message></Error>",
         Code::forbidden, kRequest, false, "Denied here", ""},
    };
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_error)

BOOST_AUTO_TEST_CASE(documented_answers_of_the_providers_are_understood) {
    for (const Case& c : cases()) {
        BOOST_TEST_CONTEXT(c.what) {
            const Error error = error_of(c.status, c.body);
            BOOST_TEST(to_string(error.code) == to_string(c.code));
            BOOST_TEST(to_string(error.scope) == to_string(c.scope));
            BOOST_TEST(error.retryable == c.retryable);
            BOOST_TEST(error.provider_code == c.provider_code);
            BOOST_TEST(error.message.find(c.message) != std::string::npos, error.message);
            BOOST_TEST(error.http_status == (c.status == 999 ? 0 : c.status));
            BOOST_TEST(!error.not_sent);
        }
    }
}

BOOST_AUTO_TEST_CASE(without_a_json_source_the_body_is_read_as_text) {
    const Error error = tenon::error_from_http(500, {}, R"({"error":"x"})");
    BOOST_TEST(says(error, R"({"error":"x"})"));
}

BOOST_AUTO_TEST_CASE(an_error_inside_a_good_answer_gets_its_status_from_the_body) {
    struct Stream {
        std::string_view body;
        Code code;
        int http_status;
    };
    const std::vector<Stream> streams = {
        {R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
         Code::overloaded, 200},
        {R"({"error":{"message":"Model is overloaded","http_status_code":422}})", Code::overloaded,
         422},
        {R"({"error":{"message":"inputs must have less than 4 tokens","http_status_code":422}})",
         Code::invalid, 422},
        {R"({"error":{"code":429,"message":"slow down"},"choices":[]})", Code::throttled, 429},
        {R"({"error":{"message":"x","type":"rate_limit_error"},"status_code":429})",
         Code::throttled, 429},
        {R"({"type":"response.failed","response":{"error":{"code":"rate_limit_exceeded","message":"x"}}})",
         Code::throttled, 200},
        {R"({"type":"error","code":"server_error","message":"The server had an error"})",
         Code::unavailable, 200},
        {R"({"error":{"message":"bad","type":"BadRequestError","code":400}})", Code::invalid, 400},
        {R"({"error":"something"})", Code::unavailable, 200},
    };
    for (const Stream& stream : streams) {
        BOOST_TEST_CONTEXT(stream.body) {
            const Error error = error_of(200, stream.body);
            BOOST_TEST(to_string(error.code) == to_string(stream.code));
            BOOST_TEST(error.http_status == stream.http_status);
        }
    }
    BOOST_TEST(error_of(0, R"({"error":"x"})").http_status == 0);
    BOOST_TEST(!says(error_of(200, R"({"error":"x"})"), "HTTP"));
}

BOOST_AUTO_TEST_CASE(a_redirect_names_its_target_without_the_query) {
    const Error error = error_of(308, "", {{"Location", "https://x.example/v1?key=secret"}});
    BOOST_TEST((error.code == Code::invalid));
    BOOST_TEST(says(error, "check the base URL (HTTP 308): https://x.example/v1"));
    BOOST_TEST(!says(error, "secret"));
}

BOOST_AUTO_TEST_CASE(x_should_retry_overrides_the_status) {
    BOOST_TEST(!error_of(503, "", {{"x-should-retry", "false"}}).retryable);
    BOOST_TEST(error_of(400, "", {{"X-Should-Retry", "true"}}).retryable);
    BOOST_TEST(error_of(503, "", {{"x-should-retry", "maybe"}}).retryable);
}

BOOST_AUTO_TEST_CASE(x_should_retry_does_not_pay_the_bill) {
    const auto body = R"({"error":{"message":"x","code":"insufficient_quota"}})";
    BOOST_TEST(!error_of(429, body, {{"x-should-retry", "true"}}).retryable);
}

BOOST_AUTO_TEST_CASE(retry_after_is_read_as_seconds_or_date) {
    BOOST_TEST((wait_of(429, {{"retry-after", "7"}}) == 7000));
    BOOST_TEST((wait_of(503, {{"Retry-After", " 0.25 "}}) == 250));
    BOOST_TEST((wait_of(503, {{"retry-after", "0"}}) == 0));
    BOOST_TEST((wait_of(429, {{"retry-after", "Sat, 21 Nov 2026 06:00:09 GMT"}}) == 9000));
    BOOST_TEST((wait_of(429, {{"retry-after", "Saturday, 21-Nov-26 06:01:00 GMT"}}) == 60000));
    BOOST_TEST((wait_of(429, {{"retry-after", "Sat Nov 21 06:00:01 2026"}}) == 1000));
    BOOST_TEST((wait_of(429, {{"retry-after", "Fri, 20 Nov 2026 06:00:00 GMT"}}) == 0));
}

BOOST_AUTO_TEST_CASE(implausible_hints_are_ignored) {
    for (const auto* value : {"", "soon", "-1", "nan", "inf", "1e999", "5 s", "Sat, 21 Nov",
                              "Sat, 99 Nov 2026 06:00:00 GMT", "Sat, 31 Feb 2026 06:00:00 GMT",
                              "Sat, 21 Nov 2026 25:61:00 GMT", "-- :::: ,, Nov"}) {
        BOOST_TEST(!wait_of(429, {{"retry-after", value}}).has_value(), value);
    }
    BOOST_TEST(!wait_of(429, {{"retry-after-ms", "-5"}}).has_value());
}

BOOST_AUTO_TEST_CASE(a_hint_is_at_most_a_day) {
    BOOST_TEST((wait_of(429, {{"retry-after", "1e15"}}) == 86'400'000));
}

BOOST_AUTO_TEST_CASE(a_date_is_ignored_when_the_time_is_not_known) {
    const std::vector<HttpHeader> headers = {{"retry-after", "Sat, 21 Nov 2026 06:00:09 GMT"}};
    BOOST_TEST(!tenon::error_from_http(429, headers, "").retry_after_ms.has_value());
}

BOOST_AUTO_TEST_CASE(retry_after_ms_goes_before_retry_after_and_both_before_the_limits) {
    BOOST_TEST((wait_of(429, {{"retry-after", "2"}, {"retry-after-ms", "1500.5"}}) == 1501));
    BOOST_TEST(
        (wait_of(429, {{"x-ratelimit-reset-requests", "9s"}, {"retry-after", "2"}}) == 2000));
}

BOOST_AUTO_TEST_CASE(retry_info_in_the_body_is_read) {
    const std::string body =
        R"({"error":{"code":429,"message":"x","details":[{"@type":"a"},{"retryDelay":"37.5s"}]}})";
    BOOST_TEST((error_of(429, body).retry_after_ms == 37'500));
    const std::string list = "[" + body + "]";
    BOOST_TEST((error_of(429, list).retry_after_ms == 37'500));
}

BOOST_AUTO_TEST_CASE(reset_times_are_read_in_every_notation) {
    const auto reset = [](std::string_view value) {
        return wait_of(429, {{"x-ratelimit-reset-requests", value}});
    };
    BOOST_TEST((reset("12ms") == 12));
    BOOST_TEST((reset("1s") == 1000));
    BOOST_TEST((reset("6m0s") == 360'000));
    BOOST_TEST((reset("2m59.56s") == 179'560));
    BOOST_TEST((reset("1h2m3s") == 3'723'000));
    BOOST_TEST((reset("1.5") == 1500));
    BOOST_TEST((reset("1795240805") == 5000));
    BOOST_TEST((reset("1795240805250") == 5250));
    BOOST_TEST((reset("2026-11-21T06:00:04Z") == 4000));
    BOOST_TEST((reset("2026-11-21T08:00:04.5+02:00") == 4500));
    BOOST_TEST((reset("2026-11-21T05:59:00Z") == 0));
    for (const auto* value : {"", "s", "5x", "5m3", "2026-11-21", "2026-11-21T06:00:04",
                              "2026-11-21T06:00:04+2", "tomorrow at half past nine"}) {
        BOOST_TEST(!reset(value).has_value(), value);
    }
}

BOOST_AUTO_TEST_CASE(the_exhausted_limit_decides_how_long_to_wait) {
    BOOST_TEST((wait_of(429, {{"x-ratelimit-remaining-requests", "14000"},
                              {"x-ratelimit-reset-requests", "23h0m0s"},
                              {"x-ratelimit-remaining-tokens", "0"},
                              {"x-ratelimit-reset-tokens", "6s"}}) == 6000));
    BOOST_TEST((wait_of(429, {{"anthropic-ratelimit-requests-remaining", "0"},
                              {"anthropic-ratelimit-requests-reset", "2026-11-21T06:00:20Z"},
                              {"anthropic-ratelimit-input-tokens-remaining", "0"},
                              {"anthropic-ratelimit-input-tokens-reset",
                               "2026-11-21T06:00:30Z"}}) == 30'000));
}

BOOST_AUTO_TEST_CASE(without_an_exhausted_limit_the_one_on_tokens_is_to_blame) {
    BOOST_TEST((wait_of(429, {{"x-ratelimit-remaining-requests", "100"},
                              {"x-ratelimit-reset-requests", "23h0m0s"},
                              {"x-ratelimit-remaining-tokens", "500"},
                              {"x-ratelimit-reset-tokens", "6s"}}) == 6000));
}

BOOST_AUTO_TEST_CASE(limits_say_nothing_about_other_failures) {
    BOOST_TEST(!wait_of(503, {{"x-ratelimit-reset-requests", "9s"}}).has_value());
    BOOST_TEST(!wait_of(401, {{"retry-after", "9"}}).has_value());
}

BOOST_AUTO_TEST_CASE(what_looks_like_a_key_is_redacted) {
    for (const std::string_view key :
         {"sk-proj-abc", "sk-ab...yz12", "gsk_0a1b2c3d", "xai-abcdef", "hf_AbCdEf123456",
          "AIzaSyA-1234567890abcdefghijklmnopqrstuv", "pa-1234567890ab", "al-x1y2z3w4v5u6",
          "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123", "0123456789abcdef0123456789abcdef",
          "AbCdEfGh12345678", "ab****yz", "nvapi-x"}) {
        const Error error = error_of(400, "the key " + std::string(key) + ", it said");
        BOOST_TEST(says(error, "the key ***, it said"), error.message);
    }
    BOOST_TEST(says(error_of(401, "Bearer abc123 is wrong"), ": Bearer *** is wrong"));
    BOOST_TEST(says(error_of(401, "url?key=sk-12345678&x=1"), ": url?key=***&x=1"));
}

BOOST_AUTO_TEST_CASE(names_and_request_ids_are_not_redacted) {
    for (const std::string_view name :
         {"gpt-4o-mini-audio-preview-2024-12-17", "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo",
          "claude-3-5-sonnet-20241022", "req_011CSHoEeqs5C35K2UUUqv7", "1795240805250",
          "accounts/fireworks/models/llama-v3p1-405b-instruct", "Bearer authentication",
          "ResponsibleAIPolicyViolation", "context_length_exceeded", "palette-2",
          "3fa85f64-5717-4562-b3fc-2c963f66afa6"}) {
        BOOST_TEST(says(error_of(400, name), name), name);
    }
}

BOOST_AUTO_TEST_CASE(a_provider_code_is_redacted_and_bounded_too) {
    const Error error = error_of(400, R"({"error":{"message":"x","code":"bad sk-12345678\n!"}})");
    BOOST_TEST(error.provider_code == "bad *** !");
    const Error longer =
        error_of(400, R"({"error":{"message":"x","code":")" + std::string(500, 'x') + R"("}})");
    BOOST_TEST(longer.provider_code.size() < 70u);
}

BOOST_AUTO_TEST_CASE(a_message_is_one_clean_line) {
    const Error error = error_of(400,
                                 "a\r\n\t b\x1B[31mc\x7F"
                                 "d\xC2\x9B"
                                 "e\xE2\x80\xAE"
                                 "f\xE2\x80\xA8g\xFFh ");
    BOOST_TEST(says(error, ": a b [31mc d ef g\xEF\xBF\xBDh"), error.message);
    BOOST_TEST(error.message.back() == 'h');
}

BOOST_AUTO_TEST_CASE(a_message_is_cut_between_characters) {
    std::string text;
    for (int i = 0; i < 400; ++i) text += "\xF0\x9F\x98\x80";
    for (std::size_t shift = 0; shift < 4; ++shift) {
        const Error error = error_of(400, std::string(shift, 'x') + text);
        BOOST_TEST(tenon::is_valid_utf8(error.message));
        const auto characters = std::count_if(error.message.begin(), error.message.end(),
                                              [](char c) { return (c & '\xC0') != '\x80'; });
        BOOST_TEST(characters == static_cast<std::ptrdiff_t>(tenon::kHttpErrorMessageLimit));
        BOOST_TEST(error.message.ends_with("\xE2\x80\xA6"));
    }
}

BOOST_AUTO_TEST_CASE(huge_and_hostile_bodies_give_a_bounded_message) {
    for (const std::string& body :
         {std::string(1 << 20, ' '), std::string(1 << 20, '<'), std::string(1 << 20, '*'),
          "<title" + std::string(1 << 20, 'x'), std::string(1 << 20, '\xF0'),
          "sk-" + std::string(1 << 20, '.')}) {
        BOOST_TEST(error_of(500, body).message.size() < 4 * tenon::kHttpErrorMessageLimit);
    }
}

BOOST_AUTO_TEST_CASE(the_request_id_is_kept_as_detail) {
    BOOST_TEST(error_of(500, "", {{"X-Request-Id", "req_\"1\""}}).detail_json ==
               R"({"request_id":"req_\"1\""})");
    BOOST_TEST(error_of(500, "", {{"request-id", "a"}}).detail_json == R"({"request_id":"a"})");
    BOOST_TEST(error_of(500, "").detail_json.empty());
}

BOOST_AUTO_TEST_SUITE_END()
