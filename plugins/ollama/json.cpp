#include "json.hpp"

#include <rapidjson/memorystream.h>
#include <rapidjson/pointer.h>
#include <rapidjson/reader.h>

namespace tenon::ollama {
namespace {

using Size = rapidjson::SizeType;

constexpr int kDeepest = 256;

/// Iterative, so that no nesting exhausts the stack before the limit is noticed.
constexpr unsigned kParseFlags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag;

/// Passes the reader's events on to the tree, and stops where they nest too deeply.
class DepthLimit {
public:
    explicit DepthLimit(rapidjson::Document& tree) noexcept : tree_(tree) {}

    bool Null() { return tree_.Null(); }
    bool Bool(bool value) { return tree_.Bool(value); }
    bool Int(int value) { return tree_.Int(value); }
    bool Uint(unsigned value) { return tree_.Uint(value); }
    bool Int64(std::int64_t value) { return tree_.Int64(value); }
    bool Uint64(std::uint64_t value) { return tree_.Uint64(value); }
    bool Double(double value) { return tree_.Double(value); }
    bool RawNumber(const char*, Size, bool) { return false; }  // never asked for
    bool String(const char* text, Size length, bool copy) {
        return tree_.String(text, length, copy);
    }
    bool Key(const char* text, Size length, bool copy) { return tree_.Key(text, length, copy); }
    bool StartObject() { return ++depth_ <= kDeepest && tree_.StartObject(); }
    bool EndObject(Size count) { return --depth_ >= 0 && tree_.EndObject(count); }
    bool StartArray() { return ++depth_ <= kDeepest && tree_.StartArray(); }
    bool EndArray(Size count) { return --depth_ >= 0 && tree_.EndArray(count); }

private:
    rapidjson::Document& tree_;
    int depth_ = 0;
};

}  // namespace

bool parse_json(rapidjson::Document& tree, std::string_view text) {
    bool valid = false;
    const auto generator = [&](rapidjson::Document& document) {
        rapidjson::MemoryStream stream(text.data(), text.size());
        rapidjson::Reader reader;
        DepthLimit limit(document);
        valid = !reader.Parse<kParseFlags>(stream, limit).IsError();
        return valid;
    };
    tree.Populate(generator);
    return valid;
}

const Json* member(const Json& value, std::string_view name) {
    if (!value.IsObject()) return nullptr;
    const auto found =
        value.FindMember(Json(rapidjson::StringRef(name.data(), static_cast<Size>(name.size()))));
    return found == value.MemberEnd() || found->value.IsNull() ? nullptr : &found->value;
}

std::string_view text_of(const Json* value) noexcept {
    if (value == nullptr || !value->IsString()) return {};
    return {value->GetString(), value->GetStringLength()};
}

std::string_view text_member(const Json& value, std::string_view name) {
    return text_of(member(value, name));
}

std::optional<std::uint64_t> count_member(const Json& value, std::string_view name) {
    const Json* found = member(value, name);
    if (found == nullptr || !found->IsUint64()) return std::nullopt;
    return found->GetUint64();
}

std::string to_text(const Json& value) {
    JsonWriter writer;
    writer.value(value);
    return writer.take();
}

void JsonWriter::text(std::string_view value) {
    writer_.String(value.data() == nullptr ? "" : value.data(), static_cast<Size>(value.size()));
}

void JsonWriter::raw(std::string_view json) {
    writer_.RawValue(json.data(), json.size(), rapidjson::kObjectType);
}

std::optional<std::string> JsonText::find(std::string_view pointer) const {
    if (!valid_) return std::nullopt;
    const Json* value = rapidjson::Pointer(pointer.data(), pointer.size()).Get(tree_);
    if (value == nullptr || value->IsNull() || value->IsObject() || value->IsArray()) {
        return std::nullopt;
    }
    return value->IsString() ? std::string(text_of(value)) : to_text(*value);
}

}  // namespace tenon::ollama
