#include "wire/json_position.hpp"

#include <algorithm>

namespace tenon::wire {

JsonPosition JsonLineCounter::advance_to(std::size_t offset) noexcept {
    for (; offset_ < offset && offset_ < text_.size(); ++offset_) {
        const char c = text_[offset_];
        if (c == '\n') {
            ++position_.line;
            position_.column = 1;
        } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            ++position_.column;
        }
    }
    return position_;
}

std::optional<JsonPositions::Entry> JsonPositions::find(std::string_view pointer) const {
    Id at = kRoot;
    Entry entry = root_;
    while (!pointer.empty()) {
        auto token = json_pointer_take(pointer);
        if (!token) return std::nullopt;
        const auto edge = edges_.find({at, *std::move(token)});
        if (edge == edges_.end()) return std::nullopt;
        at = edge->second.id;
        entry = edge->second.entry;
    }
    return entry;
}

std::pair<JsonPositions::Id, std::optional<JsonPositions::Entry>> JsonPositions::add(
    Id parent, std::string token, const Entry& entry) {
    const Id id = static_cast<Id>(edges_.size() + 1);
    const auto [edge, added] = edges_.try_emplace({parent, std::move(token)}, Node{id, entry});
    if (!added) return {edge->second.id, edge->second.entry};
    return {id, std::nullopt};
}

std::string json_pointer_append(std::string_view pointer, std::string_view token) {
    std::string out(pointer);
    out += '/';
    for (const char c : token) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

std::optional<std::string> json_pointer_take(std::string_view& pointer) {
    if (!pointer.starts_with('/')) return std::nullopt;
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    std::string token;
    for (std::size_t i = 1; i < end; ++i) {
        if (pointer[i] != '~') {
            token += pointer[i];
            continue;
        }
        ++i;
        if (i >= end || (pointer[i] != '0' && pointer[i] != '1')) return std::nullopt;
        token += pointer[i] == '0' ? '~' : '/';
    }
    pointer.remove_prefix(end);
    return token;
}

}  // namespace tenon::wire
