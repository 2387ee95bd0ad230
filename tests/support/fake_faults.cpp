#include <algorithm>
#include <array>
#include <charconv>

#include "support/fake_api.hpp"

namespace tenon::test {
namespace {

FakeProblem problem_of_status(int status) {
    struct Known {
        int status;
        const char* message;
        const char* type;
        const char* code;
    };
    static constexpr std::array<Known, 10> kKnown{{
        {401, "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"},
        {403, "Your project does not have access to this model.", "invalid_request_error",
         "permission_denied"},
        {404, "The model does not exist.", "invalid_request_error", "model_not_found"},
        {408, "The request took too long.", "timeout", "request_timeout"},
        {429, "Rate limit reached for requests.", "requests", "rate_limit_exceeded"},
        {500, "The server had an error while processing your request.", "server_error", ""},
        {502, "Bad gateway.", "server_error", "bad_gateway"},
        {503, "The engine is currently overloaded, please try again later.",
         "service_unavailable_error", "server_is_overloaded"},
        {504, "The model did not answer in time.", "server_error", "gateway_timeout"},
        {529, "Overloaded.", "overloaded_error", "overloaded"},
    }};
    const auto* const found = std::find_if(
        kKnown.begin(), kKnown.end(), [&](const Known& known) { return known.status == status; });
    if (found == kKnown.end()) {
        return {.status = status,
                .message = "This request was told to fail.",
                .type = status < 500 ? "invalid_request_error" : "server_error",
                .code = {},
                .param = {}};
    }
    return {.status = status,
            .message = found->message,
            .type = found->type,
            .code = found->code,
            .param = {}};
}

// A fault that is an ordinary error response, or status 0.
FakeProblem problem_named(std::string_view fault) {
    if (fault == "context") {
        return {.status = 400,
                .message = "This model's maximum context length is 16 tokens.",
                .type = "invalid_request_error",
                .code = "context_length_exceeded",
                .param = "messages"};
    }
    if (fault == "filter") {
        return {.status = 400,
                .message = "The prompt was refused by the content filter.",
                .type = "invalid_request_error",
                .code = "content_filter",
                .param = "prompt"};
    }
    if (fault == "quota") {
        return {.status = 429,
                .message = "You exceeded your current quota, please check your plan.",
                .type = "insufficient_quota",
                .code = "insufficient_quota",
                .param = {}};
    }
    int status = 0;
    const auto parsed = std::from_chars(fault.data(), fault.data() + fault.size(), status);
    if (fault.size() == 3 && parsed.ptr == fault.data() + 3 && status >= 300 && status <= 599) {
        return problem_of_status(status);
    }
    return {.status = 0, .message = {}, .type = {}, .code = {}, .param = {}};
}

std::string content_type_of(const FakeResponse& response) {
    for (const auto& [name, value] : response.headers) {
        if (name == "Content-Type") {
            return value;
        }
    }
    return "application/json";
}

// A body that replaces the answer but keeps its status and type.
void respond_with(Conn& conn, const FakeResponse& response, std::string body,
                  const FakeLlmOptions& options) {
    FakeResponse changed = response;
    changed.stream = false;
    changed.pieces = {std::move(body)};
    send_response(conn, changed, options);
}

// Sends the head of the response as if all of it came, and about half of its body.
void send_half(Conn& conn, const FakeResponse& response, const FakeLlmOptions& options) {
    Headers headers = response.headers;
    const Framing framing =
        options.framing.value_or(response.stream ? Framing::chunked : Framing::content_length);
    if (framing == Framing::content_length) {
        std::size_t size = 0;
        for (const std::string& piece : response.pieces) {
            size += piece.size();
        }
        headers.emplace_back("Content-Length", std::to_string(size));
    }
    conn.start_response(response.status, headers, framing);
    const std::size_t half = response.pieces.size() / 2;
    for (std::size_t i = 0; i < half; ++i) {
        conn.write_body(response.pieces[i]);
    }
    if (half < response.pieces.size()) {
        const std::string& piece = response.pieces[half];
        conn.write_body(std::string_view(piece).substr(0, piece.size() / 2));
    }
}

void send_without_end(Conn& conn, const FakeResponse& response, const FakeLlmOptions& options) {
    FakeResponse changed = response;
    if (changed.stream) {
        changed.pieces.pop_back();
        send_response(conn, changed, options);
    } else {
        send_half(conn, response, options);
        conn.drop();
    }
}

void send_garbage_json(Conn& conn, FakeResponse response, const FakeLlmOptions& options) {
    std::string& middle = response.pieces[response.pieces.size() / 2];
    const std::size_t start = middle.find('{');
    if (response.stream && start != middle.npos) {
        const std::size_t end = middle.rfind('}') + 1;  // the line ends stay
        middle.replace(start, end - start, R"({"id": oops, )");
        send_response(conn, response, options);
    } else {
        respond_with(conn, response, R"({"id": oops, )", options);
    }
}

void send_stream_error(Conn& conn, const FakeCall& call, const FakeApi& api,
                       FakeResponse response) {
    const FakeProblem problem = problem_of_status(500);
    if (!response.stream) {  // some gateways answer 200 and an error
        FakeResponse error = api.problem(call, problem);
        error.status = 200;
        send_response(conn, error, call.options);
        return;
    }
    response.pieces.resize(std::min<std::size_t>(response.pieces.size() - 1, 3));
    response.pieces.push_back(api.error_event(call, problem));
    send_response(conn, response, call.options);
}

void send_huge(Conn& conn, const FakeResponse& response) {
    conn.start_response(200, {{"Content-Type", content_type_of(response)}}, Framing::chunked);
    const std::string& first = response.pieces.front();
    conn.write_body(first.substr(0, first.find(":\"") + 2));  // inside of a string, for ever
    const std::string filler(std::size_t{64} * 1024, 'x');
    while (conn.write_body(filler)) {
    }
}

void send_endless(Conn& conn, const FakeResponse& response, const FakeLlmOptions& options) {
    conn.start_response(200, response.headers, Framing::chunked);
    const std::string& event =
        response.pieces[std::min<std::size_t>(1, response.pieces.size() - 1)];
    while (conn.write_body(event) &&
           (options.piece_delay.count() == 0 || conn.pause(options.piece_delay))) {
    }
}

}  // namespace

bool play_fault(Conn& conn, std::string_view fault, const FakeCall& call, const FakeApi& api,
                FakeResponse response) {
    const FakeLlmOptions& options = call.options;
    if (const FakeProblem problem = problem_named(fault); problem.status != 0) {
        send_response(conn, api.problem(call, problem), options);
    } else if (fault == "html") {
        response.headers = {{"Content-Type", "text/html; charset=utf-8"}};
        respond_with(conn, response, "<html><body>Please log in</body></html>", options);
    } else if (fault == "empty") {
        respond_with(conn, response, "", options);
    } else if (fault == "garbage-json") {
        send_garbage_json(conn, std::move(response), options);
    } else if (fault == "stream-error") {
        send_stream_error(conn, call, api, std::move(response));
    } else if (fault == "truncated") {
        send_half(conn, response, options);
        conn.drop();
    } else if (fault == "no-done") {
        send_without_end(conn, response, options);
    } else if (fault == "reset") {
        conn.reset();
    } else if (fault == "reset-midway") {
        send_half(conn, response, options);
        conn.reset();
    } else if (fault == "close") {
        conn.close();
    } else if (fault == "silent") {
        conn.wait_for_close();
    } else if (fault == "stall") {
        send_half(conn, response, options);
        conn.wait_for_close();
    } else if (fault == "huge") {
        send_huge(conn, response);
    } else if (fault == "endless") {
        send_endless(conn, response, options);
    } else {
        return false;
    }
    return true;
}

}  // namespace tenon::test
