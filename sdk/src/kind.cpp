#include "tenon/plugin/kind.hpp"

namespace tenon::detail {

void fill_error(tenon_error* out, Error error) noexcept {
    // The ABI lets the strings live until the thread's next call into the plugin.
    thread_local Error last;
    last = std::move(error);
    if (static_cast<std::int32_t>(last.code) >= 0) last.code = Code::internal;
    *out = last.to_abi();
}

}  // namespace tenon::detail
