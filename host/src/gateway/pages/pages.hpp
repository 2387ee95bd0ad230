#pragma once

#include <string_view>

/// The dashboard's files. They are part of the program: nothing is read from disk.
namespace tenon::gateway {

/// What one path answers. All of it lasts as long as the program.
struct Page {
    std::string_view path;  ///< "/", "/ui/dashboard.css"
    std::string_view type;  ///< for Content-Type
    std::string_view body;
    std::string_view etag;  ///< with its quotes; another one for another body
};

/// Goes out with each page: it runs and loads nothing but its own files, speaks to nobody but this
/// daemon, and cannot be framed.
inline constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// \return null if there is no such page.
/// \par Thread-safety
/// Any thread.
[[nodiscard]] const Page* find_page(std::string_view path) noexcept;

}  // namespace tenon::gateway
