#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::test::json {

/// JSON text, as opposed to text that has yet to be quoted.
using Text = std::string;

[[nodiscard]] Text quote(std::string_view text);
[[nodiscard]] Text number(double value);
[[nodiscard]] Text object(std::initializer_list<std::pair<std::string_view, Text>> members);
[[nodiscard]] Text array(const std::vector<Text>& elements);

}  // namespace tenon::test::json
