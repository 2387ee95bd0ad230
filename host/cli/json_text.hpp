#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wire/json.hpp"

/// Values of the daemon's answers as people read them. What is absent is "-" or empty.
namespace tenon::cli {

/// A string, or the number or word that it is; empty for null and what is absent.
[[nodiscard]] std::string text_of(wire::JsonView value);
/// Not negative; 0 if it is absent.
[[nodiscard]] std::int64_t count_of(wire::JsonView value);

/// "half_open" as "half-open".
[[nodiscard]] std::string spaced(std::string word);

/// "840 µs", "12 ms", "1.5 s", "3 min 20 s", "2 h 5 min", "3 d 2 h".
[[nodiscard]] std::string duration_text(std::int64_t us);
/// "812 B", "1.4 kB", "3.1 MB".
[[nodiscard]] std::string bytes_text(std::int64_t bytes);
/// "99.2 %"; "-" if there is none.
[[nodiscard]] std::string percent_text(std::optional<double> part);

/// An RFC 3339 time as the local time of day, "14:03:07"; the text itself if it is no time.
[[nodiscard]] std::string local_time_text(const std::string& rfc3339);

/// The text as one segment of a target, so that no name leads elsewhere.
[[nodiscard]] std::string path_segment(std::string_view text);

/// Pretty, on standard output.
void print_json(wire::JsonView value);

}  // namespace tenon::cli
