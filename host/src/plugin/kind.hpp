#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tenon/abi/provider.h"

namespace tenon::plugin {

/// The functions of one kind, every NULL filled with the ABI's default, so that the host never
/// tests for NULL.
///
/// The members lack the ABI's `noexcept`, so that an exception that a defective plugin lets escape
/// can be caught at the call instead of ending the program.
struct Functions {
    tenon_status (*create)(const tenon_host*, const tenon_str*, tenon_provider**, tenon_error*);
    void (*destroy)(tenon_provider*);
    tenon_status (*connect)(tenon_provider*, tenon_call, std::int64_t);
    void (*disconnect)(tenon_provider*, tenon_conn*);
    tenon_status (*health_check)(tenon_provider*, tenon_conn*, tenon_call, std::int64_t);
    tenon_status (*complete)(tenon_provider*, tenon_conn*, const tenon_request*, tenon_call);
    tenon_status (*embed)(tenon_provider*, tenon_conn*, const tenon_request*, tenon_call);
    tenon_status (*rerank)(tenon_provider*, tenon_conn*, const tenon_request*, tenon_call);
    tenon_status (*list_models)(tenon_provider*, tenon_conn*, tenon_call, std::int64_t);
    void (*cancel)(tenon_provider*, tenon_conn*, tenon_call);
    const void* (*get_extension)(tenon_provider*, const char*);
};

/// Which operations a kind brings itself.
struct Capabilities {
    bool connect = false;
    bool health_check = false;
    bool complete = false;
    bool embed = false;
    bool rerank = false;
    bool list_models = false;
};

enum class ConnMode { stateless, exclusive, multiplexed };

/// One kind of provider that a loaded library offers; a checked copy of its descriptor and table.
///
/// \par Thread-safety
/// Immutable after loading.
struct Kind {
    std::string id;
    std::string name;
    std::string version;
    std::string vendor;
    std::string description;
    std::string license;
    std::string config_schema;  ///< JSON Schema; "{}" when the kind declared none
    std::uint32_t abi_built = 0;
    std::uint64_t features = 0;
    ConnMode conn_mode = ConnMode::stateless;
    std::uint32_t blocking = 0;  ///< TENON_BLOCKING_*
    std::uint32_t max_calls_per_conn = 0;
    std::uint32_t options = 0;  ///< TENON_OPTION_*
    std::vector<std::string> required_services;
    Capabilities has;
    Functions functions{};
    std::string library_path;  ///< of the library that offers it, which stays mapped for ever
};

[[nodiscard]] std::string_view to_string(ConnMode mode) noexcept;

}  // namespace tenon::plugin
