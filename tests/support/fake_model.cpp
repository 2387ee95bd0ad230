#include "support/fake_model.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tenon::test {
namespace {

std::string json_text(const rapidjson::Value& value) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value.Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

// A message's text: a string, or the text parts of an array.
std::string content_of(const rapidjson::Value& message) {
    if (!has_array(message, "content")) {
        return std::string(string_member(message, "content"));
    }
    std::string text;
    for (const rapidjson::Value& part : message["content"].GetArray()) {
        text += string_member(part, "text");
    }
    return text;
}

std::string_view first_tool(const rapidjson::Value& request) {
    const rapidjson::Value& tools = request["tools"];
    if (tools.Empty() || !tools[0].IsObject() || !tools[0].HasMember("function")) {
        return "";
    }
    return string_member(tools[0]["function"], "name");
}

// Lines "call", "call NAME" and "call NAME {arguments}".
std::vector<FakeToolCall> tool_calls_in(std::string_view text, const rapidjson::Value& request) {
    std::vector<FakeToolCall> calls;
    while (has_array(request, "tools") && !text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line != "call" && !line.starts_with("call ")) {
            continue;
        }
        line.remove_prefix(std::min<std::size_t>(5, line.size()));
        const std::string_view name = line.substr(0, line.find(' '));
        line.remove_prefix(std::min(name.size() + 1, line.size()));
        calls.push_back({.id = "call_fake_" + std::to_string(calls.size() + 1),
                         .name = std::string(name.empty() ? first_tool(request) : name),
                         .arguments = line.empty() ? "{}" : std::string(line)});
    }
    return calls;
}

// The first `count` words with the blanks between them.
std::string first_words(std::string_view text, std::size_t count) {
    std::size_t end = 0;
    for (; count > 0 && end != text.npos; --count) {
        end = text.find_first_not_of(' ', end);
        end = text.find(' ', end);
    }
    return std::string(text.substr(0, end));
}

std::string answer_to(std::string_view user_text, const FakeLlmOptions& options) {
    return options.answer ? options.answer(user_text) : "You said: " + std::string(user_text);
}

}  // namespace

std::string_view string_member(const rapidjson::Value& object, const char* name) {
    if (!object.IsObject()) {
        return {};
    }
    const auto member = object.FindMember(name);
    return member != object.MemberEnd() && member->value.IsString()
               ? std::string_view(member->value.GetString(), member->value.GetStringLength())
               : std::string_view{};
}

std::size_t size_member(const rapidjson::Value& object, const char* name, std::size_t otherwise) {
    const auto member = object.FindMember(name);
    return member != object.MemberEnd() && member->value.IsUint() ? member->value.GetUint()
                                                                  : otherwise;
}

bool bool_member(const rapidjson::Value& object, const char* name, bool otherwise) {
    const auto member = object.FindMember(name);
    return member != object.MemberEnd() && member->value.IsBool() ? member->value.GetBool()
                                                                  : otherwise;
}

bool has_array(const rapidjson::Value& object, const char* name) {
    if (!object.IsObject()) {
        return false;
    }
    const auto member = object.FindMember(name);
    return member != object.MemberEnd() && member->value.IsArray();
}

std::size_t count_words(std::string_view text) {
    std::size_t words = 0;
    bool inside = false;
    for (const char c : text) {
        const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
        words += !blank && !inside ? 1 : 0;
        inside = !blank;
    }
    return words;
}

std::vector<std::string> split_text(std::string_view text, std::size_t size) {
    std::vector<std::string> pieces;
    std::size_t characters = 0;
    for (const char c : text) {
        const bool continues = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
        if (!continues && characters++ % std::max<std::size_t>(size, 1) == 0) {
            pieces.emplace_back();
        } else if (pieces.empty()) {
            pieces.emplace_back();  // text that begins in the middle of a character
        }
        pieces.back() += c;
    }
    return pieces;
}

FakeTurn take_turn(const rapidjson::Value& request, const FakeLlmOptions& options,
                   std::size_t max_tokens) {
    FakeTurn turn;
    std::string user_text;
    std::string tool_text;
    for (const rapidjson::Value& message : request["messages"].GetArray()) {
        const std::string text = content_of(message);
        const std::string_view role = string_member(message, "role");
        turn.prompt_tokens += count_words(text);
        if (role == "user") {
            user_text = text;
            tool_text.clear();
        } else if (role == "tool") {
            tool_text = "The tool said: " + text;
        }
    }
    if (string_member(request, "model") == "fake-reason") {
        turn.reasoning = "The user wants an echo.";
    }
    if (!tool_text.empty()) {
        turn.text = tool_text;
    } else if (turn.tool_calls = tool_calls_in(user_text, request); turn.tool_calls.empty()) {
        turn.text = answer_to(user_text, options);
    }
    if (max_tokens > 0 && count_words(turn.text) > max_tokens) {
        turn.text = first_words(turn.text, max_tokens);
        turn.cut_short = true;
    }
    turn.completion_tokens = count_words(turn.text) + count_words(turn.reasoning);
    for (const FakeToolCall& call : turn.tool_calls) {
        turn.completion_tokens += 1 + count_words(call.arguments);
    }
    return turn;
}

std::vector<float> embedding_of(std::string_view text, std::size_t dimensions) {
    std::uint64_t state = 14695981039346656037U;  // FNV-1a
    for (const char c : text) {
        state = (state ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    std::vector<double> values;
    double squares = 0;
    for (std::size_t i = 0; i < dimensions; ++i) {
        state = state * 6364136223846793005U + 1442695040888963407U;  // Knuth's MMIX generator
        values.push_back(static_cast<double>(state >> 40U) / 8388608.0 - 1.0);
        squares += values.back() * values.back();
    }
    std::vector<float> unit;
    for (const double value : values) {
        unit.push_back(static_cast<float>(value / std::sqrt(squares)));
    }
    return unit;
}

std::vector<std::string> embedding_inputs(const rapidjson::Value& request) {
    const auto input = request.FindMember("input");
    if (input == request.MemberEnd()) {
        return {};
    }
    const auto text_of = [](const rapidjson::Value& value) {
        return value.IsString() ? std::string(value.GetString(), value.GetStringLength())
                                : json_text(value);
    };
    const bool many = input->value.IsArray() && !input->value.Empty() &&
                      !input->value[0].IsNumber();  // numbers: one text as tokens
    if (!many) {
        return {text_of(input->value)};
    }
    std::vector<std::string> texts;
    for (const rapidjson::Value& value : input->value.GetArray()) {
        texts.push_back(text_of(value));
    }
    return texts;
}

}  // namespace tenon::test
