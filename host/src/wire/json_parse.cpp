#include "wire/json.hpp"

#include "tenon/json_text.hpp"

#include <rapidjson/document.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <vector>

namespace tenon::wire {
namespace {

/// Passes the reader's events on to the tree and notes where each value stands. The reader tells
/// only where a token ends; the next one begins behind the white space, comments, commas and colons
/// that follow.
class Builder {
public:
    Builder(std::string_view text, const rapidjson::MemoryStream& stream,
            const JsonOptions& options, rapidjson::Document& tree)
        : text_(text), stream_(stream), lines_(text), tree_(tree), options_(options) {}

    bool Null() { return value() && tree_.Null(); }
    bool Bool(bool flag) { return value() && tree_.Bool(flag); }
    bool Int(int number) { return value() && tree_.Int(number); }
    bool Uint(unsigned number) { return value() && tree_.Uint(number); }
    bool Int64(std::int64_t number) { return value() && tree_.Int64(number); }
    bool Uint64(std::uint64_t number) { return value() && tree_.Uint64(number); }
    bool Double(double number) { return value() && tree_.Double(number); }
    bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }  // never asked for
    bool String(const char* text, rapidjson::SizeType length, bool) {
        return value() && is_text({text, length}) && tree_.String(text, length, true);
    }
    bool Key(const char* text, rapidjson::SizeType length, bool) {
        if (options_.positions) {
            key_ = std::string(text, length);
            key_at_ = lines_.advance_to(token_begin());
        }
        token_end_ = stream_.Tell();
        return is_text({text, length}) && tree_.Key(text, length, true);
    }
    bool StartObject() { return open(false) && tree_.StartObject(); }
    bool StartArray() { return open(true) && tree_.StartArray(); }
    bool EndObject(rapidjson::SizeType count) { return close() && tree_.EndObject(count); }
    bool EndArray(rapidjson::SizeType count) { return close() && tree_.EndArray(count); }

    /// Why an event was refused.
    [[nodiscard]] std::optional<JsonFault>& fault() noexcept { return fault_; }
    /// Where the last token that was understood ends.
    [[nodiscard]] std::size_t token_end() const noexcept { return token_end_; }
    /// Where the next one begins.
    [[nodiscard]] std::size_t token_begin() const noexcept {
        std::size_t at = token_end_;
        while (at < text_.size()) {
            if (options_.comments && text_.substr(at).starts_with("/*")) {
                at = std::min(text_.find("*/", at + 2), text_.size() - 2) + 2;
            } else if (options_.comments && text_[at] == '/') {
                at = std::min(text_.find('\n', at), text_.size());
            } else if (std::string_view(" \t\r\n,:").find(text_[at]) != std::string_view::npos) {
                ++at;
            } else {
                break;
            }
        }
        return at;
    }
    [[nodiscard]] JsonPositions take_positions() noexcept { return std::move(positions_); }

private:
    struct Level {
        JsonPositions::Id id;
        bool is_array;
        std::size_t elements;
    };

    bool refuse(JsonPosition where, std::string cause) {
        fault_ = JsonFault{where, std::move(cause)};
        return false;
    }

    // \u escapes can spell halves of a surrogate pair, which are no characters.
    bool is_text(std::string_view text) {
        if (is_valid_utf8(text)) return true;
        return refuse(JsonLineCounter(text_).advance_to(stream_.Tell()),
                      "half of a surrogate pair stands in the string that ends here");
    }

    bool value() {
        const bool accepted = !options_.positions || place(lines_.advance_to(token_begin())).second;
        token_end_ = stream_.Tell();
        return accepted;
    }

    bool open(bool is_array) {
        const std::size_t at = stream_.Tell();
        if (levels_.size() == JsonDocument::kMaxDepth) {
            return refuse(JsonLineCounter(text_).advance_to(at),
                          "more than " + std::to_string(JsonDocument::kMaxDepth) +
                              " objects and arrays are nested");
        }
        JsonPositions::Id id = JsonPositions::kRoot;
        if (options_.positions) {
            const auto [new_id, accepted] = place(lines_.advance_to(at));
            if (!accepted) return false;
            id = new_id;
        }
        levels_.push_back({id, is_array, 0});
        token_end_ = at + 1;
        return true;
    }

    bool close() {
        levels_.pop_back();
        token_end_ = stream_.Tell() + 1;
        return true;
    }

    std::pair<JsonPositions::Id, bool> place(JsonPosition at) {
        if (levels_.empty()) {
            positions_.set_root(at);
            return {JsonPositions::kRoot, true};
        }
        Level& level = levels_.back();
        const JsonPosition key_at = level.is_array ? at : key_at_;
        std::string token = level.is_array ? std::to_string(level.elements++) : key_;
        const auto [id, earlier] = positions_.add(level.id, std::move(token), {key_at, at});
        if (!earlier) return {id, true};
        return {id, refuse(key_at, "the key '" + key_ + "' is given twice, first in line " +
                                       std::to_string(earlier->key.line))};
    }

    std::string_view text_;
    const rapidjson::MemoryStream& stream_;
    JsonLineCounter lines_;
    rapidjson::Document& tree_;
    JsonOptions options_;
    JsonPositions positions_;
    std::vector<Level> levels_;
    std::string key_;
    JsonPosition key_at_;
    std::size_t token_end_ = 0;
    std::optional<JsonFault> fault_;
};

std::string_view cause_of(rapidjson::ParseErrorCode code) {
    using namespace rapidjson;
    switch (code) {
        case kParseErrorDocumentEmpty: return "there is no JSON value";
        case kParseErrorDocumentRootNotSingular: return "the JSON value has ended before this";
        case kParseErrorValueInvalid: return "expected a JSON value";
        case kParseErrorObjectMissName: return "expected a key in double quotes or '}'";
        case kParseErrorObjectMissColon: return "expected ':' after the key";
        case kParseErrorObjectMissCommaOrCurlyBracket: return "expected ',' or '}'";
        case kParseErrorArrayMissCommaOrSquareBracket: return "expected ',' or ']'";
        case kParseErrorStringUnicodeEscapeInvalidHex: return "\\u needs four hexadecimal digits";
        case kParseErrorStringUnicodeSurrogateInvalid: return "half of a surrogate pair";
        case kParseErrorStringEscapeInvalid: return "unknown escape in a string";
        case kParseErrorStringMissQuotationMark: return "the string is not closed";
        case kParseErrorNumberTooBig: return "the number is too large";
        case kParseErrorNumberMissFraction: return "digits must follow the decimal point";
        case kParseErrorNumberMissExponent: return "digits must follow the exponent";
        case kParseErrorUnspecificSyntaxError: return "the comment is not closed";
        default: return "not JSON";
    }
}

/// The plainest words for what the reader stumbled over at `offset`.
std::string explain(std::string_view text, std::size_t offset, std::size_t token_end,
                    rapidjson::ParseErrorCode code, bool comments) {
    const char next = offset < text.size() ? text[offset] : '\0';
    const std::string_view between = text.substr(token_end, offset - token_end);
    if ((next == '}' || next == ']') && between.find(',') != std::string_view::npos) {
        return "a comma must not stand before the closing bracket";
    }
    if (next == '/' && !comments) return "comments are not allowed here";
    if (next == '\'') return "strings stand in double quotes";
    std::string cause(cause_of(code));
    if (code == rapidjson::kParseErrorStringEscapeInvalid && next > '\0' && next < ' ') {
        return next == '\n' || next == '\r' ? "the string is not closed in its line"
                                            : "a control character in a string; escape it";
    }
    const bool in_string = code >= rapidjson::kParseErrorStringUnicodeEscapeInvalidHex &&
                           code <= rapidjson::kParseErrorStringInvalidEncoding;
    const bool empty = code == rapidjson::kParseErrorDocumentEmpty;
    if (offset >= text.size() && !in_string && !empty) cause = "the text ends too early: " + cause;
    return cause;
}

/// Where the well-formed UTF-8 ends.
std::size_t find_ill_formed(std::string_view text) {
    std::size_t good = 0;
    std::size_t bad = text.size() + 1;
    while (bad - good > 1) {
        const std::size_t middle = good + (bad - good) / 2;
        const bool well_formed = is_valid_utf8(utf8_safe_prefix(text.substr(0, middle)));
        (well_formed ? good : bad) = middle;
    }
    return utf8_safe_prefix(text.substr(0, good)).size();
}

template <unsigned kFlags>
std::optional<JsonFault> read(std::string_view text, const JsonOptions& options,
                              rapidjson::Document& tree, JsonPositions& found) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    std::optional<JsonFault> fault;
    const auto generate = [&](rapidjson::Document& handler) {
        Builder builder(text, stream, options, handler);
        rapidjson::Reader reader;
        const auto result = reader.Parse<kFlags>(stream, builder);
        if (!result.IsError()) {
            found = builder.take_positions();
            return true;
        }
        fault = std::move(builder.fault());
        if (!fault) {
            // A misspelt word (nul) is shown from its beginning.
            const bool word = result.Code() == rapidjson::kParseErrorValueInvalid;
            const std::size_t offset =
                std::min(word ? builder.token_begin() : result.Offset(), text.size());
            fault = JsonFault{JsonLineCounter(text).advance_to(offset),
                              explain(text, offset, std::min(builder.token_end(), offset),
                                      result.Code(), options.comments)};
        }
        return false;
    };
    tree.Populate(generate);
    return fault;
}

}  // namespace

Error JsonFault::to_error() const {
    return {Code::invalid, "line " + std::to_string(where.line) + ", column " +
                               std::to_string(where.column) + ": " + cause};
}

Result<JsonDocument> JsonDocument::parse(std::string_view text, const JsonOptions& options) {
    JsonFault fault;
    if (auto document = parse(text, options, fault)) return *std::move(document);
    return fault.to_error();
}

std::optional<JsonDocument> JsonDocument::parse(std::string_view text, const JsonOptions& options,
                                                JsonFault& fault) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    // RapidJSON takes NUL for the end of the text, and does not look at the bytes of comments.
    const std::size_t nul = text.find('\0');
    if (nul != std::string_view::npos || !is_valid_utf8(text)) {
        const std::size_t ill_formed = find_ill_formed(text);
        fault = {JsonLineCounter(text).advance_to(std::min(nul, ill_formed)),
                 nul < ill_formed ? "a NUL byte" : "a byte that is not UTF-8"};
        return std::nullopt;
    }
    constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag;
    auto tree = std::make_shared<rapidjson::Document>();
    auto positions = std::make_shared<JsonPositions>();
    auto found = options.comments ? read<kFlags | rapidjson::kParseCommentsFlag>(text, options,
                                                                                 *tree, *positions)
                                  : read<kFlags>(text, options, *tree, *positions);
    if (found) {
        fault = *std::move(found);
        return std::nullopt;
    }
    return JsonDocument(std::shared_ptr<const rapidjson::Value>(std::move(tree)),
                        std::move(positions));
}

}  // namespace tenon::wire
