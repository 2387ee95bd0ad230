#include "answer.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "json_tree.hpp"
#include "tenon/json_text.hpp"

namespace tenon::openai {
namespace {

/// Notes what matters in a body and skips the rest.
class BodyHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, BodyHandler> {
public:
    explicit BodyHandler(std::string_view expected) noexcept : expected_(expected) {}

    [[nodiscard]] bool is_array() const noexcept { return is_array_; }
    [[nodiscard]] bool has_expected() const noexcept { return has_expected_; }
    [[nodiscard]] bool has_error() const noexcept { return has_error_; }
    [[nodiscard]] std::uint64_t input_tokens() const noexcept { return input_tokens_; }
    [[nodiscard]] std::uint64_t output_tokens() const noexcept { return output_tokens_; }

    bool Key(const char* text, rapidjson::SizeType size, bool) {
        const std::string_view key(text, size);
        if (depth_ == 1) {
            top_ = key == "usage" ? Member::usage : key == "error" ? Member::error : Member::other;
            if (key == expected_) top_ = Member::expected;
        } else if (depth_ == 2 && top_ == Member::usage) {
            count_ = key == "prompt_tokens"       ? &input_tokens_
                     : key == "completion_tokens" ? &output_tokens_
                                                  : nullptr;
        }
        return true;
    }
    bool String(const char*, rapidjson::SizeType size, bool) { return value(size != 0); }
    bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
        if (depth_ == 2 && top_ == Member::usage && count_ != nullptr) {
            std::from_chars(text, text + size, *count_);
        }
        return value(std::string_view(text, size) != "0");
    }
    bool Bool(bool flag) { return value(flag); }
    bool Null() { return value(false); }
    bool StartObject() { return open(false); }
    bool StartArray() { return open(true); }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool EndArray(rapidjson::SizeType) { return close(); }

private:
    enum class Member { other, expected, error, usage };

    bool value(bool truthy) noexcept {
        if (depth_ == 1 && top_ == Member::error && truthy) has_error_ = true;
        return true;
    }
    bool open(bool array) noexcept {
        if (depth_ == 0) is_array_ = array;
        if (depth_ == 1 && top_ == Member::expected && array) has_expected_ = true;
        value(true);
        ++depth_;
        count_ = nullptr;
        return true;
    }
    bool close() noexcept {
        --depth_;
        count_ = nullptr;
        return true;
    }

    std::string_view expected_;
    std::uint64_t depth_ = 0;
    Member top_ = Member::other;
    std::uint64_t* count_ = nullptr;  // where the number that follows belongs
    bool is_array_ = false;
    bool has_expected_ = false;
    bool has_error_ = false;
    std::uint64_t input_tokens_ = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens_ = TENON_TOKENS_UNKNOWN;
};

/// Numbers stay text: an answer with embeddings is made of them, and nobody needs their values.
bool read_body(std::string_view body, BodyHandler& handler) {
    constexpr unsigned kFlags = rapidjson::kParseIterativeFlag |
                                rapidjson::kParseNumbersAsStringsFlag |
                                rapidjson::kParseValidateEncodingFlag;
    rapidjson::MemoryStream stream(body.data(), body.size());
    rapidjson::Reader reader;
    // The parser takes a zero for the end of the text.
    return !reader.Parse<kFlags>(stream, handler).IsError() && stream.Tell() == body.size();
}

/// What the user can do about it; the error's own words do not know this plugin's configuration.
std::string_view advice_for(const Error& error) noexcept {
    switch (error.code) {
        case Code::auth: return "check the provider's \"api_key\"";
        case Code::not_found: return "check the name of the model and the provider's \"base_url\"";
        default: return {};
    }
}

}  // namespace

Error provider_error(int status, std::span<const HttpHeader> headers, std::string_view body,
                     std::chrono::system_clock::time_point now) {
    JsonTree json;
    const bool parsed = json.parse(body);
    Error error =
        error_from_http(status, headers, body, {.json = parsed ? &json : nullptr, .now = now});
    const std::string_view advice = advice_for(error);
    if (!advice.empty()) {
        while (error.message.ends_with('.')) error.message.pop_back();
        error.message.append("; ").append(advice);
    }
    return error;
}

std::string excerpt(std::string_view body) {
    constexpr std::size_t kLongest = 40;  // bytes
    std::string out = to_valid_utf8(utf8_safe_prefix(body.substr(0, kLongest)));
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    return out;
}

Result<Answer> whole_answer(std::string_view body, Expected expected,
                            std::span<const HttpHeader> headers) {
    constexpr std::string_view kAdvice = "; check the provider's \"base_url\"";
    // Blank lines say that the model is still thinking (DeepSeek).
    body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
    if (body.empty()) {
        return Error(Code::protocol, "the provider's answer is empty" + std::string(kAdvice));
    }
    BodyHandler found(expected.member);
    if (!read_body(body, found)) {
        if (body.front() == '{' || body.front() == '[') {
            return Error(Code::protocol, "the provider's answer is cut short or no proper JSON");
        }
        return Error(Code::protocol, "the provider answered with something that is no JSON (\"" +
                                         excerpt(body) + "\")" + std::string(kAdvice));
    }
    if (found.has_error()) return provider_error(200, headers, body);
    if (found.has_expected() || (expected.may_be_array && found.is_array())) {
        return Answer{.body = body,
                      .input_tokens = found.input_tokens(),
                      .output_tokens = found.output_tokens()};
    }
    // A list around the error: Gemini's way.
    if (found.is_array()) return provider_error(200, headers, body);
    return Error(Code::protocol, "the provider's answer has no list \"" +
                                     std::string(expected.member) + "\"" + std::string(kAdvice));
}

}  // namespace tenon::openai
