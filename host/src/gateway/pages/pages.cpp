#include "gateway/pages/pages.hpp"

#include <algorithm>
#include <span>

#include "gateway/pages/pages_data.hpp"

namespace tenon::gateway {

const Page* find_page(std::string_view path) noexcept {
    const std::span<const Page> pages = all_pages();
    const auto found = std::ranges::find(pages, path, &Page::path);
    return found == pages.end() ? nullptr : &*found;
}

}  // namespace tenon::gateway
