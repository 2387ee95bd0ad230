#pragma once

#include <span>

#include "gateway/pages/pages.hpp"

namespace tenon::gateway {

/// In a file that the build writes (EmbedFiles.cmake).
[[nodiscard]] std::span<const Page> all_pages() noexcept;

}  // namespace tenon::gateway
