#pragma once

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/fake_llm.hpp"

/// What the two APIs of the fake model server have in common; private to it.
namespace tenon::test {

/// A refusal, in words that each API renders in its own way. Empty members are null or absent.
struct FakeProblem {
    int status = 500;
    std::string message;
    std::string type;
    std::string code;
    std::string param;
};

/// A response before it is sent: one piece, or the events of a stream.
struct FakeResponse {
    int status = 200;
    Headers headers;
    bool stream = false;
    std::vector<std::string> pieces;
};

/// One request to answer.
struct FakeCall {
    const FakeLlmOptions& options;
    const ReceivedRequest& http;
    const rapidjson::Document& body;  ///< an object, or null if the request had no body
    int number = 0;                   ///< counts requests from 1
};

/// The forms of one API.
struct FakeApi {
    FakeResponse (*problem)(const FakeCall&, const FakeProblem&);
    std::string (*error_event)(const FakeCall&, const FakeProblem&);  ///< within a stream
};
extern const FakeApi kOpenAiApi;
extern const FakeApi kOllamaApi;

struct FakeRoute {
    std::string_view method;
    std::string_view path;
    const FakeApi& api;
    FakeResponse (*answer)(const FakeCall&);
};
[[nodiscard]] const std::vector<FakeRoute>& openai_routes();
[[nodiscard]] const std::vector<FakeRoute>& ollama_routes();

/// Sends the response, at the pace and with the framing of the options.
void send_response(Conn& conn, const FakeResponse& response, const FakeLlmOptions& options);

/// Fails in the way `fault` names (without "fault-"), starting from the good `response`.
/// False if there is no such fault; nothing was sent then.
[[nodiscard]] bool play_fault(Conn& conn, std::string_view fault, const FakeCall& call,
                              const FakeApi& api, FakeResponse response);

/// Whether the fake knows this model, in `call.options`.
[[nodiscard]] bool knows_model(const FakeCall& call, std::string_view model);

}  // namespace tenon::test
