#pragma once

#include <cstddef>

namespace tenon::core {

/// How often this program has called operator new.
[[nodiscard]] std::size_t heap_allocations() noexcept;

}  // namespace tenon::core
