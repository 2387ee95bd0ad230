#include "wire/growing_json.hpp"

#include <algorithm>
#include <array>

namespace tenon::wire {
namespace {

bool is_identity(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 4> kNames = {"id", "type", "name", "format"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

void GrowingJson::merge(JsonView piece, Rule rule) {
    switch (piece.kind()) {
        case JsonKind::absent: return;
        case JsonKind::null:
            if (is_absent()) {
                become(Kind::scalar);
                text_ = "null";
            }
            return;
        case JsonKind::boolean:
        case JsonKind::number:
            become(Kind::scalar);
            text_ = piece.to_text();
            return;
        case JsonKind::string:
            if (rule == Rule::join) return append(*piece.as_string());
            become(Kind::string);
            text_ = *piece.as_string();
            return;
        case JsonKind::array:
            if (rule == Rule::replace) become(Kind::absent);
            return merge_elements(piece, rule);
        case JsonKind::object:
            become(Kind::object);
            for (const auto& [name, value] : piece.members()) {
                const auto text = value.as_string();
                if (rule == Rule::join && text && is_identity(name)) {
                    member(name).set_if_empty(*text);
                } else {
                    member(name).merge(value, rule);
                }
            }
            return;
    }
}

void GrowingJson::merge_elements(JsonView array, Rule rule) {
    become(Kind::array);
    for (const JsonView element : array.elements()) {
        const JsonView index = element["index"];
        GrowingJson* same = index.is_integer() ? element_with_index(index.to_text()) : nullptr;
        if (same == nullptr) same = &elements_.emplace_back();
        same->merge(element, rule);
    }
}

void GrowingJson::append(std::string_view text) {
    become(Kind::string);
    text_ += text;
}

void GrowingJson::set_if_empty(std::string_view text) {
    become(Kind::string);
    if (text_.empty()) text_ = text;
}

GrowingJson& GrowingJson::member(std::string_view name) {
    become(Kind::object);
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [name](const Member& member) { return member.first == name; });
    if (found != members_.end()) return found->second;
    return members_.emplace_back(name, GrowingJson()).second;
}

const GrowingJson* GrowingJson::find(std::string_view name) const noexcept {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [name](const Member& member) { return member.first == name; });
    return found == members_.end() ? nullptr : &found->second;
}

void GrowingJson::erase(std::string_view name) noexcept {
    std::erase_if(members_, [name](const Member& member) { return member.first == name; });
}

std::string_view GrowingJson::text() const noexcept {
    return is_string() ? std::string_view(text_) : std::string_view();
}

void GrowingJson::write(JsonWriter& writer) const {
    switch (kind_) {
        case Kind::absent: return writer.null();
        case Kind::scalar: return writer.raw(text_);
        case Kind::string: return writer.value(text_);
        case Kind::array:
            writer.begin_array();
            for (const GrowingJson& element : elements_) element.write(writer);
            return writer.end_array();
        case Kind::object:
            writer.begin_object();
            write_members(writer);
            return writer.end_object();
    }
}

std::string GrowingJson::to_text() const {
    std::string out;
    JsonWriter writer(out);
    write(writer);
    return out;
}

void GrowingJson::write_members(JsonWriter& writer) const {
    for (const auto& [name, value] : members_) {
        writer.key(name);
        value.write(writer);
    }
}

void GrowingJson::become(Kind kind) {
    if (kind_ == kind) return;
    text_.clear();
    elements_.clear();
    members_.clear();
    kind_ = kind;
}

GrowingJson* GrowingJson::element_with_index(std::string_view index) noexcept {
    for (GrowingJson& element : elements_) {
        const GrowingJson* own = element.find("index");
        if (own != nullptr && own->kind_ == Kind::scalar && own->text_ == index) return &element;
    }
    return nullptr;
}

}  // namespace tenon::wire
