#include "config/report.hpp"

#include <algorithm>
#include <utility>

namespace tenon::config {

Place Place::member(std::string_view key) const {
    return {wire::json_pointer_append(pointer, key),
            path.empty() ? std::string(key) : path + "." + std::string(key)};
}

Place Place::element(std::size_t index) const {
    return {wire::json_pointer_append(pointer, std::to_string(index)),
            path + "[" + std::to_string(index) + "]"};
}

void Report::at_value(const Place& place, std::string message, Severity severity) {
    add(place, position_of(place).value, std::move(message), severity);
}

void Report::at_key(const Place& place, std::string message, Severity severity) {
    add(place, position_of(place).key, std::move(message), severity);
}

int Report::line_of(const Place& place) const {
    return position_of(place).value.line;
}

bool Report::has_error_in(const Place& place) const noexcept {
    const auto within = [&place](const Problem& problem) {
        const std::string_view path = problem.path;
        if (problem.severity != Severity::error || !path.starts_with(place.path)) return false;
        const std::string_view rest = path.substr(place.path.size());
        return rest.empty() || place.path.empty() || rest.front() == '.' || rest.front() == '[';
    };
    return std::any_of(problems_.begin(), problems_.end(), within);
}

std::vector<Problem> Report::take() {
    sort_by_place(problems_);
    return std::exchange(problems_, {});
}

void Report::add(const Place& place, wire::JsonPosition where, std::string message,
                 Severity severity) {
    problems_.push_back(
        {severity, std::move(message), file_, where.line, where.column, place.path});
}

wire::JsonPositions::Entry Report::position_of(const Place& place) const {
    if (!positions_) return {};
    // A value that the file leaves out is shown at the object that lacks it.
    std::string_view pointer = place.pointer;
    while (true) {
        if (const auto entry = positions_->find(pointer)) return *entry;
        if (pointer.empty()) return {};
        pointer = pointer.substr(0, pointer.rfind('/'));
    }
}

}  // namespace tenon::config
