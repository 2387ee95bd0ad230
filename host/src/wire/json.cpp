#include "wire/json.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "wire/json_writer.hpp"

namespace tenon::wire {
namespace {

const rapidjson::Value* value_of(const void* node) noexcept {
    return static_cast<const rapidjson::Value*>(node);
}

std::string_view text_of(const rapidjson::Value& value) noexcept {
    return {value.GetString(), value.GetStringLength()};
}

}  // namespace

std::string_view describe(JsonKind kind) noexcept {
    switch (kind) {
        case JsonKind::absent: return "nothing";
        case JsonKind::null: return "null";
        case JsonKind::boolean: return "a boolean";
        case JsonKind::number: return "a number";
        case JsonKind::string: return "a string";
        case JsonKind::array: return "an array";
        case JsonKind::object: return "an object";
    }
    return "nothing";
}

JsonKind JsonView::kind() const noexcept {
    if (node_ == nullptr) return JsonKind::absent;
    switch (value_of(node_)->GetType()) {
        case rapidjson::kNullType: return JsonKind::null;
        case rapidjson::kFalseType:
        case rapidjson::kTrueType: return JsonKind::boolean;
        case rapidjson::kObjectType: return JsonKind::object;
        case rapidjson::kArrayType: return JsonKind::array;
        case rapidjson::kStringType: return JsonKind::string;
        case rapidjson::kNumberType: return JsonKind::number;
    }
    return JsonKind::absent;
}

std::optional<bool> JsonView::as_bool() const noexcept {
    if (kind() != JsonKind::boolean) return std::nullopt;
    return value_of(node_)->GetBool();
}

std::optional<std::int64_t> JsonView::as_int64() const noexcept {
    if (kind() != JsonKind::number) return std::nullopt;
    const rapidjson::Value& number = *value_of(node_);
    if (number.IsInt64()) return number.GetInt64();
    if (!number.IsDouble()) return std::nullopt;
    const double value = number.GetDouble();
    constexpr double kLimit = 9223372036854775808.0;  // 2^63, the first that does not fit
    if (value != std::floor(value) || value < -kLimit || value >= kLimit) return std::nullopt;
    return static_cast<std::int64_t>(value);
}

std::optional<double> JsonView::as_double() const noexcept {
    if (kind() != JsonKind::number) return std::nullopt;
    return value_of(node_)->GetDouble();
}

std::optional<std::string_view> JsonView::as_string() const noexcept {
    if (kind() != JsonKind::string) return std::nullopt;
    return text_of(*value_of(node_));
}

bool JsonView::is_integer() const noexcept {
    if (kind() != JsonKind::number) return false;
    const rapidjson::Value& number = *value_of(node_);
    return !number.IsDouble() || number.GetDouble() == std::floor(number.GetDouble());
}

std::size_t JsonView::size() const noexcept {
    switch (kind()) {
        case JsonKind::object: return value_of(node_)->MemberCount();
        case JsonKind::array: return value_of(node_)->Size();
        default: return 0;
    }
}

JsonView JsonView::operator[](std::string_view key) const noexcept {
    if (!is_object()) return {};
    const auto members = value_of(node_)->GetObject();
    const auto found = std::find_if(members.begin(), members.end(), [key](const auto& member) {
        return text_of(member.name) == key;
    });
    return found == members.end() ? JsonView() : JsonView(&found->value);
}

JsonView JsonView::operator[](std::size_t index) const noexcept {
    if (!is_array() || index >= size()) return {};
    return JsonView(&(*value_of(node_))[static_cast<rapidjson::SizeType>(index)]);
}

JsonView JsonView::at(std::string_view pointer) const {
    JsonView view = *this;
    while (!pointer.empty() && view.exists()) {
        const auto token = json_pointer_take(pointer);
        if (!token) return {};
        if (!view.is_array()) {
            view = view[*token];
            continue;
        }
        std::size_t index = 0;
        const char* end = token->data() + token->size();
        const auto [stop, error] = std::from_chars(token->data(), end, index);
        const bool zero_led = token->size() > 1 && token->front() == '0';
        if (error != std::errc() || stop != end || zero_led) return {};
        view = view[index];
    }
    return view;
}

JsonRange<JsonMember> JsonView::members() const noexcept {
    return {*this, is_object() ? size() : 0};
}

JsonRange<JsonView> JsonView::elements() const noexcept {
    return {*this, is_array() ? size() : 0};
}

void JsonView::part(std::size_t index, JsonView& element) const noexcept {
    element = (*this)[index];
}

void JsonView::part(std::size_t index, JsonMember& member) const noexcept {
    const auto found = value_of(node_)->MemberBegin() + static_cast<std::ptrdiff_t>(index);
    member = {text_of(found->name), JsonView(&found->value)};
}

void JsonView::write(JsonWriter& writer) const {
    switch (kind()) {
        case JsonKind::absent:
        case JsonKind::null: return writer.null();
        case JsonKind::boolean: return writer.value(*as_bool());
        case JsonKind::string: return writer.value(*as_string());
        case JsonKind::number: {
            const rapidjson::Value& number = *value_of(node_);
            if (number.IsInt64()) return writer.value(number.GetInt64());
            if (number.IsUint64()) return writer.value(number.GetUint64());
            return writer.value(number.GetDouble());
        }
        case JsonKind::array:
            writer.begin_array();
            for (const JsonView element : elements()) element.write(writer);
            return writer.end_array();
        case JsonKind::object:
            writer.begin_object();
            for (const auto& [key, value] : members()) {
                writer.key(key);
                value.write(writer);
            }
            return writer.end_object();
    }
}

std::string JsonView::to_text() const {
    std::string out;
    JsonWriter writer(out);
    write(writer);
    return out;
}

bool equal(JsonView a, JsonView b) {
    if (!a.exists() || !b.exists()) return a.exists() == b.exists();
    return *value_of(a.node_) == *value_of(b.node_);
}

JsonView JsonDocument::root() const noexcept {
    return JsonView(tree_.get());
}

}  // namespace tenon::wire
