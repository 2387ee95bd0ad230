# Writes a C++ file that holds the bytes of text files, as the table that pages.cpp looks into.
#
#     cmake -D DIR=... -D FILES=dashboard.html,api.js -D OUT=pages_data.cpp -P EmbedFiles.cmake
#
# dashboard.html is served at "/", all others below "/ui/". A raw string compiles at once, where an
# array of numbers takes seconds.
cmake_minimum_required(VERSION 3.25)

set(TYPE_html "text/html; charset=utf-8")
set(TYPE_css "text/css; charset=utf-8")
set(TYPE_js "text/javascript; charset=utf-8")
set(TYPE_svg "image/svg+xml")

string(REPLACE "," ";" files "${FILES}")
set(rows "")
foreach(name IN LISTS files)
    file(READ "${DIR}/${name}" body)
    string(FIND "${body}" ")tenon_page\"" clash)
    cmake_path(GET name EXTENSION LAST_ONLY extension)
    string(SUBSTRING "${extension}" 1 -1 extension)
    if(NOT clash EQUAL -1 OR NOT DEFINED TYPE_${extension})
        message(FATAL_ERROR "${name} cannot be embedded: of an unknown type, or it holds the mark")
    endif()

    string(SHA256 hash "${body}")
    string(SUBSTRING "${hash}" 0 20 hash)
    set(path "/ui/${name}")
    if(name STREQUAL "dashboard.html")
        set(path "/")
    endif()
    string(APPEND rows "    {\"${path}\", \"${TYPE_${extension}}\", R\"tenon_page(${body})tenon_page\","
        " \"\\\"${hash}\\\"\"},\n")
endforeach()

# Written only when it differs, so that a touched file compiles nothing.
file(CONFIGURE OUTPUT "${OUT}" CONTENT [[
#include "gateway/pages/pages_data.hpp"

namespace tenon::gateway {

namespace {
constexpr Page kPages[] = {
@rows@};
}  // namespace

std::span<const Page> all_pages() noexcept { return kPages; }

}  // namespace tenon::gateway
]] @ONLY)
