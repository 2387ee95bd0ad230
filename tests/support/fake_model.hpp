#pragma once

#include <rapidjson/document.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "support/fake_llm.hpp"

/// What the fake model says, before an API gives it a form.
namespace tenon::test {

struct FakeToolCall {
    std::string id;
    std::string name;
    std::string arguments;  ///< a JSON object
};

struct FakeTurn {
    std::string reasoning;
    std::string text;
    std::vector<FakeToolCall> tool_calls;
    bool cut_short = false;  ///< by the token limit
    std::size_t prompt_tokens = 0;
    std::size_t completion_tokens = 0;
};

/// Answers the "messages" and "tools" of a request, which are alike in both APIs.
/// Preconditions: "messages" is an array of objects. A word is a token; `max_tokens` 0 = no limit.
[[nodiscard]] FakeTurn take_turn(const rapidjson::Value& request, const FakeLlmOptions& options,
                                 std::size_t max_tokens);

/// A unit vector that depends on nothing but the text.
[[nodiscard]] std::vector<float> embedding_of(std::string_view text, std::size_t dimensions);

/// The texts of an "input" member: a string, strings, or tokens (as their JSON text).
[[nodiscard]] std::vector<std::string> embedding_inputs(const rapidjson::Value& request);

/// \name Small readers of requests
/// @{
[[nodiscard]] std::string_view string_member(const rapidjson::Value& object, const char* name);
[[nodiscard]] std::size_t size_member(const rapidjson::Value& object, const char* name,
                                      std::size_t otherwise);
[[nodiscard]] bool bool_member(const rapidjson::Value& object, const char* name, bool otherwise);
[[nodiscard]] bool has_array(const rapidjson::Value& object, const char* name);
/// @}

[[nodiscard]] std::size_t count_words(std::string_view text);

/// Pieces of `size` characters (code points, so that each piece is valid UTF-8).
[[nodiscard]] std::vector<std::string> split_text(std::string_view text, std::size_t size);

}  // namespace tenon::test
