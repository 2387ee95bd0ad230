#include "json_tree.hpp"

#include <rapidjson/pointer.h>

#include <array>
#include <charconv>

namespace tenon::openai {
namespace {

/// Iterative, so that no nesting exhausts the stack of the host's thread.
constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;

/// Behind the string that begins at `begin`, after its opening quote.
std::size_t skip_string(std::string_view text, std::size_t begin) noexcept {
    while (text[begin] != '"') begin += text[begin] == '\\' ? 2u : 1u;
    return begin + 1;
}

std::size_t skip_space(std::string_view text, std::size_t begin) noexcept {
    return text.find_first_not_of(" \t\r\n", begin);
}

/// Behind the value that begins at `begin`, in a text that is known to be JSON.
std::size_t skip_value(std::string_view text, std::size_t begin) noexcept {
    std::size_t depth = 0;
    for (std::size_t i = begin;;) {
        switch (text[i]) {
            case '"': i = skip_string(text, i + 1); break;
            case '{':
            case '[':
                ++depth;
                ++i;
                break;
            case '}':
            case ']':
                --depth;
                ++i;
                break;
            default: i = depth == 0 ? text.find_first_of(",]} \t\r\n", i) : i + 1;
        }
        if (depth == 0) return i;
    }
}

template <class Number>
std::string number_text(Number number) {
    std::array<char, 32> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
    return {buffer.data(), end.ptr};
}

}  // namespace

bool JsonTree::parse(std::string_view text) {
    document_.SetNull();
    pool_.Clear();
    text_ = text;
    // The parser takes a zero for the end of the text.
    if (text.find('\0') != std::string_view::npos) return false;
    copy_ = text;
    if (!document_.ParseInsitu<kFlags>(copy_.data()).HasParseError()) return true;
    document_.SetNull();
    return false;
}

std::string_view JsonTree::written(const JsonValue::Member& member) const noexcept {
    // Unescaping moves what stands behind an escape, never the beginning of a string.
    const auto key = static_cast<std::size_t>(member.name.GetString() - copy_.data());
    const std::size_t colon = skip_space(text_, skip_string(text_, key));
    const std::size_t begin = skip_space(text_, colon + 1);
    return text_.substr(begin, skip_value(text_, begin) - begin);
}

std::optional<std::string> JsonTree::find(std::string_view json_pointer) const {
    const rapidjson::Pointer pointer(json_pointer.data(), json_pointer.size());
    const JsonValue* value = pointer.Get(root());
    if (value == nullptr) return std::nullopt;
    if (value->IsString()) return std::string(string_of(value));
    if (value->IsBool()) return std::string(value->GetBool() ? "true" : "false");
    if (value->IsInt64()) return number_text(value->GetInt64());
    if (value->IsUint64()) return number_text(value->GetUint64());
    if (value->IsDouble()) return number_text(value->GetDouble());
    return std::nullopt;
}

const JsonValue* member(const JsonValue& value, std::string_view name) noexcept {
    if (!value.IsObject()) return nullptr;
    for (const auto& candidate : value.GetObject()) {
        if (string_of(&candidate.name) != name) continue;
        return candidate.value.IsNull() ? nullptr : &candidate.value;
    }
    return nullptr;
}

std::string_view string_of(const JsonValue* value) noexcept {
    if (value == nullptr || !value->IsString()) return {};
    return {value->GetString(), value->GetStringLength()};
}

bool is_truthy(const JsonValue* value) noexcept {
    if (value == nullptr) return false;
    switch (value->GetType()) {
        case rapidjson::kNullType:
        case rapidjson::kFalseType: return false;
        case rapidjson::kStringType: return value->GetStringLength() != 0;
        case rapidjson::kNumberType: return value->GetDouble() != 0.0;
        default: return true;
    }
}

}  // namespace tenon::openai
