#pragma once

#include <string_view>

#include "tenon/abi/host.h"

namespace tenon::plugin {

class Proxy;

/// The C side of a proxy: the table of functions that a plugin calls, each of which finds its Proxy
/// in ctx.
struct HostTable {
    [[nodiscard]] static tenon_host make(Proxy* proxy) noexcept;
    /// The service of that id, nullptr if this host does not have it.
    [[nodiscard]] static const void* find_service(std::string_view id) noexcept;
};

}  // namespace tenon::plugin
