#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "wire/json_position.hpp"

namespace tenon::config {

/// A value of a file: its JSON pointer, and the path that people read.
struct Place {
    std::string pointer;
    std::string path;

    [[nodiscard]] Place member(std::string_view key) const;
    [[nodiscard]] Place element(std::size_t index) const;
};

/// Collects what is wrong with one file.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class Report {
public:
    /// `positions` may be null: then problems have no line.
    Report(std::string file, std::shared_ptr<const wire::JsonPositions> positions)
        : file_(std::move(file)), positions_(std::move(positions)) {}

    void at_value(const Place& place, std::string message, Severity severity = Severity::error);
    void at_key(const Place& place, std::string message, Severity severity = Severity::error);

    [[nodiscard]] int line_of(const Place& place) const;
    [[nodiscard]] const std::string& file() const noexcept { return file_; }
    [[nodiscard]] const std::shared_ptr<const wire::JsonPositions>& positions() const noexcept {
        return positions_;
    }
    /// Whether there is an error at `place` or below.
    [[nodiscard]] bool has_error_in(const Place& place) const noexcept;

    /// The problems in the order of the file; leaves none behind.
    [[nodiscard]] std::vector<Problem> take();

private:
    void add(const Place& place, wire::JsonPosition where, std::string message, Severity severity);
    [[nodiscard]] wire::JsonPositions::Entry position_of(const Place& place) const;

    std::string file_;
    std::shared_ptr<const wire::JsonPositions> positions_;
    std::vector<Problem> problems_;
};

}  // namespace tenon::config
