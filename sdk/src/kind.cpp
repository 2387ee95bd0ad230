#include "tenon/plugin/kind.hpp"

#include <algorithm>
#include <cstring>

namespace tenon::detail {

void fill_error(tenon_error* out, Error error) noexcept {
    // The ABI lets the strings live until the thread's next call into the plugin.
    thread_local Error last;
    last = std::move(error);
    if (static_cast<std::int32_t>(last.code) >= 0) last.code = Code::internal;
    tenon_error told = last.to_abi();
    // An older host's struct may be smaller than ours.
    told.struct_size = std::min<std::uint32_t>(out->struct_size, sizeof told);
    std::memcpy(out, &told, std::max<std::size_t>(told.struct_size, sizeof told.struct_size));
}

}  // namespace tenon::detail
