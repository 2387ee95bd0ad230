#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// What strangers wrote, made fit for a log line.
namespace tenon::detail {

/// `text` in lower case as far as it is ASCII.
[[nodiscard]] std::string to_lower(std::string_view text);

/// One line of valid UTF-8: white space and control characters become single spaces, characters
/// that turn the writing direction go away, and what looks like a key becomes "***". Reads no more
/// of `text` than a message can hold.
[[nodiscard]] std::string clean_line(std::string_view text);

/// At most `characters` of `text`, the last one an ellipsis if something was cut. `text` is valid
/// UTF-8.
[[nodiscard]] std::string bounded(std::string text, std::size_t characters);

/// Is this a web page or an XML document?
[[nodiscard]] bool is_markup(std::string_view text) noexcept;

/// The title of a web page or what stands in its place, clean; empty if there is none.
[[nodiscard]] std::string markup_title(std::string_view page);

}  // namespace tenon::detail
