#include "answer.hpp"

#include <algorithm>
#include <cstdint>

#include "json_reader.hpp"
#include "tenon/json_text.hpp"

namespace tenon::openai {
namespace {

/// What matters in a body.
struct Facts {
    bool is_json = false;
    bool is_array = false;
    bool has_expected = false;
    bool has_error = false;
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;
};

void read_usage(JsonReader& in, Facts& facts) {
    if (!in.begin_object()) return;
    while (in.next_member()) {
        if (in.key() == "prompt_tokens") {
            facts.input_tokens = in.count().value_or(TENON_TOKENS_UNKNOWN);
        } else if (in.key() == "completion_tokens") {
            facts.output_tokens = in.count().value_or(TENON_TOKENS_UNKNOWN);
        } else {
            in.skip();
        }
    }
}

Facts read_body(std::string_view body, std::string_view expected) {
    Facts facts;
    JsonReader in(body);
    facts.is_array = in.kind() == JsonReader::Kind::array;
    if (in.begin_object()) {
        while (in.next_member()) {
            if (in.key() == expected) {
                facts.has_expected = in.kind() == JsonReader::Kind::array;
                in.skip();
            } else if (in.key() == "error") {
                facts.has_error = is_truthy(in.skip());
            } else if (in.key() == "usage") {
                read_usage(in, facts);
            } else {
                in.skip();
            }
        }
    }
    facts.is_json = in.finish() && is_valid_utf8(body);
    return facts;
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
    const JsonText json{body};
    Error error = error_from_http(status, headers, body,
                                  {.json = json.valid() ? &json : nullptr, .now = now});
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
    const Facts found = read_body(body, expected.member);
    if (!found.is_json) {
        if (body.front() == '{' || body.front() == '[') {
            return Error(Code::protocol, "the provider's answer is cut short or no proper JSON");
        }
        return Error(Code::protocol, "the provider answered with something that is no JSON (\"" +
                                         excerpt(body) + "\")" + std::string(kAdvice));
    }
    if (found.has_error) return provider_error(200, headers, body);
    if (found.has_expected || (expected.may_be_array && found.is_array)) {
        return Answer{
            .body = body, .input_tokens = found.input_tokens, .output_tokens = found.output_tokens};
    }
    // A list around the error: Gemini's way.
    if (found.is_array) return provider_error(200, headers, body);
    return Error(Code::protocol, "the provider's answer has no list \"" +
                                     std::string(expected.member) + "\"" + std::string(kAdvice));
}

}  // namespace tenon::openai
