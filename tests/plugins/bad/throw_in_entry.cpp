// The entry function throws. It is defined without the ABI's header, whose noexcept would end the
// program inside the plugin, where no host can help.
#include <cstdint>
#include <stdexcept>

extern "C" __attribute__((visibility("default"))) const void* tenon_plugin_entry_v1(std::uint32_t) {
    throw std::runtime_error("no licence key");
}
