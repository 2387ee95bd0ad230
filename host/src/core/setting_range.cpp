#include "core/setting_range.hpp"

#include <string>

namespace tenon::core {
namespace {

Error out_of_range(std::string_view member, const std::string& value, const std::string& least,
                   const std::string& most) {
    return {Code::invalid, std::string(member) + " is " + value + ", but must be between " + least +
                               " and " + most + "."};
}

std::string number(double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
}

std::string number(std::chrono::milliseconds value) {
    return value.count() < 0 ? std::to_string(value.count()) + "ms" : base::format_duration(value);
}

}  // namespace

Result<void> check_range(std::string_view member, std::int64_t value, std::int64_t least,
                         std::int64_t most) {
    if (least <= value && value <= most) return {};
    return out_of_range(member, std::to_string(value), std::to_string(least), std::to_string(most));
}

Result<void> check_range(std::string_view member, double value, double least, double most) {
    if (least <= value && value <= most) return {};
    return out_of_range(member, number(value), number(least), number(most));
}

Result<void> check_range(std::string_view member, std::chrono::milliseconds value,
                         std::chrono::milliseconds least, std::chrono::milliseconds most) {
    if (least <= value && value <= most) return {};
    return out_of_range(member, number(value), number(least), number(most));
}

}  // namespace tenon::core
