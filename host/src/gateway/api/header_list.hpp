#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/http1_header.hpp"

namespace tenon::gateway {

/// The headers of an answer that is being made, in one text.
///
/// \par Object lifetimes
/// views() is valid until the next change.
class HeaderList {
public:
    void add(std::string_view name, std::string_view value) {
        if (places_.empty()) {
            text_.reserve(kUsualBytes);
            places_.reserve(kUsual);
        }
        places_.push_back({text_.size(), name.size(), value.size()});
        text_.append(name).append(value);
    }
    void add(const std::vector<std::pair<std::string, std::string>>& headers) {
        for (const auto& [name, value] : headers) add(name, value);
    }
    [[nodiscard]] std::span<const wire::HeaderView> views() {
        views_.clear();
        views_.reserve(places_.size());
        const std::string_view text = text_;
        for (const Place& place : places_) {
            const auto value = text.substr(place.begin + place.name, place.value);
            // Some values come from providers: what would break the message is left out.
            if (!wire::is_header_value(value)) continue;
            views_.push_back({text.substr(place.begin, place.name), value});
        }
        return views_;
    }

private:
    // More are rare.
    static constexpr std::size_t kUsual = 12;
    static constexpr std::size_t kUsualBytes = 480;

    struct Place {
        std::size_t begin;
        std::size_t name;  ///< its size; the value follows
        std::size_t value;
    };

    std::string text_;
    std::vector<Place> places_;
    std::vector<wire::HeaderView> views_;
};

}  // namespace tenon::gateway
