#include "gateway/dialect/openai_embeddings.hpp"

#include <bit>
#include <cstdint>

#include "gateway/dialect/simple_dialect.hpp"

namespace tenon::gateway {
namespace {

using wire::JsonDocument;
using wire::JsonView;
using wire::JsonWriter;

constexpr std::string_view kBase64 = "base64";

/// Base64 of bytes that come one by one.
class Base64 {
public:
    void add(std::uint8_t byte) {
        bits_ = bits_ << 8 | byte;
        count_ += 8;
        while (count_ >= 6) {
            count_ -= 6;
            text_ += kAlphabet[bits_ >> count_ & 63U];
        }
    }
    std::string take() {
        if (count_ > 0) text_ += kAlphabet[bits_ << (6 - count_) & 63U];
        while (text_.size() % 4 != 0) text_ += '=';
        return std::move(text_);
    }

private:
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    std::string text_;
    std::uint32_t bits_ = 0;  // the last `count_` of them wait
    int count_ = 0;
};

/// Little-endian numbers of four bytes, as the clients of the dialect expect.
std::string encode(JsonView vector) {
    Base64 base64;
    for (const JsonView element : vector.elements()) {
        const auto number = static_cast<float>(element.as_double().value_or(0));
        const auto bits = std::bit_cast<std::uint32_t>(number);
        for (int shift = 0; shift < 32; shift += 8) {
            base64.add(static_cast<std::uint8_t>(bits >> shift & 0xFFU));
        }
    }
    return base64.take();
}

void write_row(JsonWriter& writer, JsonView row) {
    writer.begin_object();
    for (const auto& [name, value] : row.members()) {
        writer.key(name);
        if (name == "embedding" && value.is_array()) {
            writer.value(encode(value));
        } else {
            value.write(writer);
        }
    }
    writer.end_object();
}

class Writer final : public AnswerWriter {
public:
    Writer(const ParsedRequest& request, const AnswerContext& /*context*/) noexcept
        : as_base64_(request.notes == kBase64) {}

    Result<std::string> whole(std::string_view body, const AnswerTimes& /*times*/) override {
        if (!as_base64_) return std::string(body);
        const auto document = JsonDocument::parse(body);
        if (!document || !document->root()["data"].is_array()) {
            return Error(Code::protocol, "the provider's answer is not a list of embeddings");
        }
        std::string out;
        JsonWriter writer(out);
        writer.begin_object();
        for (const auto& [name, value] : document->root().members()) {
            writer.key(name);
            if (name != "data") {
                value.write(writer);
                continue;
            }
            writer.begin_array();
            for (const JsonView row : value.elements()) write_row(writer, row);
            writer.end_array();
        }
        writer.end_object();
        return out;
    }

private:
    bool as_base64_;
};

Result<ParsedRequest> parse(std::string_view body) {
    const auto document = parse_object(body);
    if (!document) return document.error();
    const JsonView root = document->root();
    const auto model = optional_text(root, "", "model");
    if (!model) return model.error();
    const JsonView input = root["input"];
    if (!is_set(input)) return invalid_member("input", "is missing");
    if (!input.is_string() && !input.is_array()) {
        return invalid_member("input", "must be a string or an array");
    }
    const auto format = optional_text(root, "", "encoding_format");
    if (!format) return format.error();
    return with_body({.operation = Operation::embed,
                      .model = std::string(*model),
                      .notes = std::string(*format)},
                     std::string(body));
}

}  // namespace

const Dialect& openai_embeddings() noexcept {
    static const SimpleDialect<parse, Writer, openai_error> dialect;
    return dialect;
}

}  // namespace tenon::gateway
