#pragma once

#include "tenon/abi.h"

/// For plugins that throw: the ABI's function types are noexcept, so what throws needs a cast that
/// takes the promise back unkept.
namespace tenon_test {

template <class Target, class Function>
Target unchecked(Function function) {
    return reinterpret_cast<Target>(function);
}

inline tenon_str text(const char* literal) {
    tenon_str out{literal, 0};
    while (literal[out.len] != '\0') ++out.len;
    return out;
}

struct Library {
    tenon_descriptor descriptor{};
    tenon_vtable table{};
    const tenon_descriptor* descriptors[1] = {&descriptor};
    const tenon_vtable* tables[1] = {&table};
    tenon_plugin plugin{sizeof(tenon_plugin), 1, descriptors, tables};

    explicit Library(const char* id) {
        descriptor.struct_size = sizeof descriptor;
        descriptor.abi_built = TENON_ABI_CURRENT;
        descriptor.abi_min_host = TENON_ABI(1, 0);
        descriptor.id = descriptor.name = text(id);
        descriptor.version = text("1.0.0");
        table.struct_size = sizeof table;
    }
};

/// The provider is the host's table itself; nothing is allocated.
inline tenon_status create(const tenon_host* host, const tenon_str*, tenon_provider** out,
                           tenon_error*) noexcept {
    *out = reinterpret_cast<tenon_provider*>(const_cast<tenon_host*>(host));
    return TENON_OK;
}
inline void destroy(tenon_provider*) noexcept {}

}  // namespace tenon_test
