#pragma once

#include <string_view>

namespace tenon::test {

[[nodiscard]] inline bool contains(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

}  // namespace tenon::test
