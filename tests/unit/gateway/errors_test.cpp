#include "gateway/dialect/errors.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>

#include "gateway/dialect/dialect.hpp"
#include "gateway_support.hpp"

namespace {

using namespace tenon;           // NOLINT: a test file
using namespace tenon::gateway;  // NOLINT
using namespace tenon::test;     // NOLINT

std::string header(const ErrorReply& reply, std::string_view name) {
    for (const auto& [key, value] : reply.headers) {
        if (key == name) return value;
    }
    return "none";
}

std::string words(const ErrorReply& reply) {
    return std::to_string(reply.status) + " " + at(reply.body, "/error/type") + " " +
           at(reply.body, "/error/code");
}

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(each_code_has_its_words_in_the_openai_dialect) {
    const std::map<Code, std::string> expected = {
        {Code::cancelled, R"(499 "server_error" "request_cancelled")"},
        {Code::stale, R"(500 "server_error" "internal_error")"},
        {Code::again, R"(500 "server_error" "internal_error")"},
        {Code::invalid, R"(400 "invalid_request_error" "invalid_request")"},
        {Code::unsupported, R"(400 "invalid_request_error" "unsupported")"},
        {Code::internal, R"(500 "server_error" "internal_error")"},
        {Code::no_memory, R"(500 "server_error" "out_of_memory")"},
        {Code::unavailable, R"(503 "server_error" "service_unavailable")"},
        {Code::deadline, R"(504 "server_error" "timeout")"},
        {Code::auth, R"(502 "server_error" "provider_authentication_failed")"},
        {Code::forbidden, R"(403 "permission_error" "permission_denied")"},
        {Code::throttled, R"(429 "rate_limit_error" "rate_limit_exceeded")"},
        {Code::too_large, R"(400 "invalid_request_error" "context_length_exceeded")"},
        {Code::refused, R"(400 "invalid_request_error" "content_filter")"},
        {Code::protocol, R"(502 "server_error" "bad_gateway")"},
        {Code::not_found, R"(404 "invalid_request_error" "model_not_found")"},
        {Code::overloaded, R"(503 "service_unavailable_error" "server_is_overloaded")"},
    };
    for (const Code code : kEachCode) {
        BOOST_TEST(words(openai_error(Error(code, "why"))) == expected.at(code));
        BOOST_TEST(at(openai_error(Error(code, "why")).body, "/error/message") == "\"why\"");
    }
}

BOOST_AUTO_TEST_CASE(each_code_has_its_words_in_the_anthropic_dialect) {
    const std::map<Code, std::string> expected = {
        {Code::cancelled, R"(499 "api_error")"},
        {Code::stale, R"(500 "api_error")"},
        {Code::again, R"(500 "api_error")"},
        {Code::invalid, R"(400 "invalid_request_error")"},
        {Code::unsupported, R"(400 "invalid_request_error")"},
        {Code::internal, R"(500 "api_error")"},
        {Code::no_memory, R"(500 "api_error")"},
        {Code::unavailable, R"(503 "api_error")"},
        {Code::deadline, R"(504 "timeout_error")"},
        {Code::auth, R"(502 "api_error")"},
        {Code::forbidden, R"(403 "permission_error")"},
        {Code::throttled, R"(429 "rate_limit_error")"},
        {Code::too_large, R"(400 "invalid_request_error")"},
        {Code::refused, R"(400 "invalid_request_error")"},
        {Code::protocol, R"(502 "api_error")"},
        {Code::not_found, R"(404 "not_found_error")"},
        {Code::overloaded, R"(529 "overloaded_error")"},
    };
    for (const Code code : kEachCode) {
        const ErrorReply reply = anthropic_error(Error(code, "why"));
        BOOST_TEST(std::to_string(reply.status) + " " + at(reply.body, "/error/type") ==
                   expected.at(code));
        BOOST_TEST(at(reply.body, "/type") == "\"error\"");
        BOOST_TEST(at(reply.body, "/error/message") == "\"why\"");
    }
}

BOOST_AUTO_TEST_CASE(each_code_has_its_status_in_the_ollama_and_cohere_dialects) {
    for (const Code code : kEachCode) {
        const Error error(code, "why");
        BOOST_TEST(ollama_error(error).body == R"({"error":"why"})");
        BOOST_TEST(cohere_error(error).body == R"({"message":"why"})");
        BOOST_TEST(ollama_error(error).status == openai_error(error).status);
        BOOST_TEST(cohere_error(error).status == openai_error(error).status);
    }
}

BOOST_AUTO_TEST_CASE(each_code_of_a_response_is_one_that_clients_know) {
    for (const Code code : kEachCode) {
        const std::string_view word = responses_error_code(code);
        BOOST_TEST(
            (word == "server_error" || word == "rate_limit_exceeded" || word == "invalid_prompt"));
    }
    BOOST_TEST(responses_error_code(Code::throttled) == "rate_limit_exceeded");
    BOOST_TEST(responses_error_code(Code::too_large) == "invalid_prompt");
}

BOOST_AUTO_TEST_CASE(a_client_with_a_wrong_key_of_its_own_gets_401) {
    Error error(Code::auth, "wrong key");
    error.scope = Scope::request;
    BOOST_TEST(words(openai_error(error)) == R"(401 "invalid_request_error" "invalid_api_key")");
    BOOST_TEST(anthropic_error(error).status == 401);
    BOOST_TEST(at(anthropic_error(error).body, "/error/type") == R"("authentication_error")");
}

BOOST_AUTO_TEST_CASE(too_many_bytes_get_413) {
    Error error(Code::too_large, "too long");
    error.http_status = 413;
    BOOST_TEST(words(openai_error(error)) == R"(413 "invalid_request_error" "request_too_large")");
    BOOST_TEST(at(anthropic_error(error).body, "/error/type") == R"("request_too_large")");
}

BOOST_AUTO_TEST_CASE(retry_headers_round_seconds_up_and_keep_milliseconds) {
    Error error(Code::throttled, "slow down");
    error.retry_after_ms = 1001;
    BOOST_TEST(header(openai_error(error), "retry-after") == "2");
    BOOST_TEST(header(openai_error(error), "retry-after-ms") == "1001");
    BOOST_TEST(header(anthropic_error(error), "retry-after") == "2");
    BOOST_TEST(header(ollama_error(error), "retry-after") == "2");
    error.retry_after_ms = 2000;
    BOOST_TEST(header(openai_error(error), "retry-after") == "2");
}

BOOST_AUTO_TEST_CASE(clients_are_told_whether_to_try_again) {
    BOOST_TEST(header(openai_error(Error(Code::overloaded, "x")), "x-should-retry") == "true");
    BOOST_TEST(header(openai_error(Error(Code::internal, "x")), "x-should-retry") == "false");
    BOOST_TEST(header(openai_error(Error(Code::internal, "x")), "retry-after") == "none");
}

BOOST_AUTO_TEST_CASE(the_provider_s_own_code_and_further_members_are_kept) {
    Error error(Code::forbidden, "no money");
    error.provider_code = "insufficient_quota";
    error.detail_json = R"({"failed_generation":"x","message":"not this","param":"n"})";
    const std::string body = openai_error(error).body;
    BOOST_TEST(at(body, "/error/code") == R"("insufficient_quota")");
    BOOST_TEST(at(body, "/error/failed_generation") == R"("x")");
    BOOST_TEST(at(body, "/error/message") == R"("no money")");
    BOOST_TEST(at(body, "/error/param") == R"("n")");
}

BOOST_AUTO_TEST_CASE(a_fault_of_the_request_names_its_member) {
    const ErrorReply reply = openai_error(invalid_member("messages.2.content", "is missing"));
    BOOST_TEST(at(reply.body, "/error/message") == R"("messages.2.content: is missing")");
    BOOST_TEST(at(reply.body, "/error/param") == R"("messages.2.content")");
}

BOOST_AUTO_TEST_CASE(who_asks_at_a_path_that_is_not_there_is_told_in_his_own_words) {
    const Error error(Code::not_found, "no such path");
    BOOST_TEST(error_reply_at("/api/show", false, error).body == ollama_error(error).body);
    BOOST_TEST(error_reply_at("/v1/messages/count_tokens", false, error).body ==
               anthropic_error(error).body);
    BOOST_TEST(error_reply_at("/v1/models", true, error).body == anthropic_error(error).body);
    BOOST_TEST(error_reply_at("/v1/models", false, error).body == openai_error(error).body);
    BOOST_TEST(error_reply_at("/v1/chat/completions", true, error).body ==
               openai_error(error).body);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
