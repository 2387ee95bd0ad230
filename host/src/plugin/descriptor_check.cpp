#include "plugin/descriptor_check.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "tenon/json_text.hpp"

namespace tenon::plugin {
namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 20;

std::string_view view(const tenon_str& text) noexcept {
    return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

bool is_semver(std::string_view version) noexcept {
    std::size_t numbers = 0;
    std::size_t at = 0;
    while (numbers < 3) {
        const std::size_t start = at;
        while (at < version.size() && version[at] >= '0' && version[at] <= '9') ++at;
        if (at == start || (version[start] == '0' && at - start > 1)) return false;
        if (++numbers == 3) break;
        if (at == version.size() || version[at++] != '.') return false;
    }
    if (at == version.size()) return true;
    if (version[at] != '-' && version[at] != '+') return false;
    const std::string_view rest = version.substr(at + 1);
    return !rest.empty() && std::all_of(rest.begin(), rest.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == '+';
    });
}

/// Copies the part of a struct that its author filled; the rest stays zero.
template <class T>
T copy_prefix(const T* from) noexcept {
    T out{};
    std::memcpy(&out, from, std::min<std::size_t>(sizeof out, from->struct_size));
    return out;
}

tenon_status no_operation(tenon_provider*, tenon_conn*, const tenon_request*, tenon_call) {
    return TENON_E_UNSUPPORTED;
}
tenon_status no_query(tenon_provider*, tenon_conn*, tenon_call, std::int64_t) {
    return TENON_E_UNSUPPORTED;
}
tenon_status no_connect(tenon_provider*, tenon_call, std::int64_t) {
    return TENON_E_UNSUPPORTED;
}
void no_disconnect(tenon_provider*, tenon_conn*) {}
void no_cancel(tenon_provider*, tenon_conn*, tenon_call) {}
const void* no_extension(tenon_provider*, const char*) {
    return nullptr;
}

Functions fill_defaults(const tenon_vtable& v) noexcept {
    Functions f{};
    f.create = v.create;
    f.destroy = v.destroy;
    f.connect = v.connect != nullptr ? v.connect : &no_connect;
    f.disconnect = v.disconnect != nullptr ? v.disconnect : &no_disconnect;
    f.health_check = v.health_check != nullptr ? v.health_check : &no_query;
    f.complete = v.complete != nullptr ? v.complete : &no_operation;
    f.embed = v.embed != nullptr ? v.embed : &no_operation;
    f.rerank = v.rerank != nullptr ? v.rerank : &no_operation;
    f.list_models = v.list_models != nullptr ? v.list_models : &no_query;
    f.cancel = v.cancel != nullptr ? v.cancel : &no_cancel;
    f.get_extension = v.get_extension != nullptr ? v.get_extension : &no_extension;
    return f;
}

/// The first rule that the functions break, as words that follow "the plugin".
std::optional<std::string> broken_table_rule(const tenon_vtable& v, const tenon_descriptor& d) {
    if (v.create == nullptr) return "has no create function";
    if (v.destroy == nullptr) return "has no destroy function";
    if (v.complete == nullptr && v.embed == nullptr && v.rerank == nullptr) {
        return "offers none of complete, embed and rerank; at least one is required";
    }
    if ((v.connect == nullptr) != (v.disconnect == nullptr)) {
        return v.connect == nullptr ? "has disconnect but no connect; have both or neither"
                                    : "has connect but no disconnect; have both or neither";
    }
    if (d.conn_mode == TENON_CONN_STATELESS && v.connect != nullptr) {
        return "has connect but declares itself stateless";
    }
    if (d.conn_mode != TENON_CONN_STATELESS && v.connect == nullptr) {
        return "declares connections (conn_mode) but has no connect";
    }
    return std::nullopt;
}

std::optional<std::string> broken_descriptor_rule(const tenon_descriptor& d) {
    const struct {
        const char* name;
        const tenon_str& text;
    } texts[] = {{"id", d.id},
                 {"name", d.name},
                 {"version", d.version},
                 {"vendor", d.vendor},
                 {"description", d.description},
                 {"license", d.license},
                 {"config_schema_json", d.config_schema_json}};
    for (const auto& [name, text] : texts) {
        if (text.ptr == nullptr && text.len != 0) {
            return std::string("has a NULL ") + name + " with a length";
        }
        if (text.len > kLongestText) return std::string("has an implausibly long ") + name;
        if (!is_valid_utf8(view(text))) return std::string("has a ") + name + " that is not UTF-8";
    }
    if (!is_kind_id(view(d.id))) {
        return "has the id '" + std::string(view(d.id)) +
               "'; an id is 1 to 64 of a-z, 0-9, '.', '_' and '-', beginning with a letter or "
               "digit";
    }
    if (d.name.len == 0) return "has no name";
    if (!is_semver(view(d.version))) {
        return "has the version '" + std::string(view(d.version)) +
               "', which is not a semantic version such as 1.0.0";
    }
    if (d.conn_mode > TENON_CONN_MULTIPLEXED) {
        return "has an unknown conn_mode " + std::to_string(d.conn_mode);
    }
    return std::nullopt;
}

Kind copy_kind(const tenon_descriptor& d, const tenon_vtable& v) {
    Kind kind;
    kind.id = view(d.id);
    kind.name = view(d.name);
    kind.version = view(d.version);
    kind.vendor = view(d.vendor);
    kind.description = view(d.description);
    kind.license = view(d.license);
    kind.config_schema = d.config_schema_json.len == 0 ? "{}" : view(d.config_schema_json);
    kind.abi_built = d.abi_built;
    kind.features = d.features;
    kind.conn_mode = static_cast<ConnMode>(d.conn_mode);
    kind.blocking = d.blocking;
    kind.max_calls_per_conn = d.max_calls_per_conn;
    kind.options = d.options;
    if (d.required_services != nullptr) {
        for (const char* const* id = d.required_services; *id != nullptr; ++id) {
            kind.required_services.emplace_back(*id);
        }
    }
    kind.has = {v.connect != nullptr, v.health_check != nullptr, v.complete != nullptr,
                v.embed != nullptr,   v.rerank != nullptr,       v.list_models != nullptr};
    kind.functions = fill_defaults(v);
    return kind;
}

}  // namespace

CheckedPlugin check_plugin(const tenon_plugin* plugin, std::uint32_t host_abi,
                           const std::string& path) {
    CheckedPlugin out;
    const auto refuse = [&](LoadStage stage, std::string message) {
        out.errors.push_back({path, stage, std::move(message)});
    };
    if (plugin == nullptr) {
        refuse(LoadStage::entry, "its entry function returned NULL: the plugin cannot serve here");
        return out;
    }
    constexpr std::uint32_t kMostKinds = 1024;
    if (plugin->struct_size < sizeof(tenon_plugin) || plugin->count == 0 ||
        plugin->count > kMostKinds || plugin->descriptors == nullptr ||
        plugin->vtables == nullptr) {
        refuse(LoadStage::descriptor,
               "its entry function returned an implausible tenon_plugin (struct_size " +
                   std::to_string(plugin->struct_size) + ", count " +
                   std::to_string(plugin->count) + "); rebuild it with the Tenon headers");
        return out;
    }
    for (std::uint32_t i = 0; i < plugin->count; ++i) {
        const tenon_descriptor* descriptor = plugin->descriptors[i];
        const tenon_vtable* vtable = plugin->vtables[i];
        const std::string which = "kind number " + std::to_string(i + 1);
        if (descriptor == nullptr || vtable == nullptr) {
            refuse(LoadStage::descriptor, which + " has a NULL descriptor or table");
            continue;
        }
        // What 1.0 filled is the least that a descriptor or table can have.
        if (!TENON_HAS(descriptor, tenon_descriptor, required_services) ||
            !TENON_HAS(vtable, tenon_vtable, destroy)) {
            refuse(LoadStage::descriptor,
                   which + " has a descriptor or table smaller than ABI 1.0 allows");
            continue;
        }
        const tenon_descriptor d = copy_prefix(descriptor);
        const tenon_vtable v = copy_prefix(vtable);
        if (d.abi_min_host > host_abi ||
            TENON_ABI_MAJOR(d.abi_min_host) != TENON_ABI_MAJOR(host_abi)) {
            refuse(LoadStage::version, "needs a host with ABI " + format_abi(d.abi_min_host) +
                                           ", this one has " + format_abi(host_abi) +
                                           "; update Tenon or use an older plugin");
            continue;
        }
        auto broken = broken_descriptor_rule(d);
        if (!broken) broken = broken_table_rule(v, d);
        if (broken) {
            refuse(LoadStage::descriptor, "the plugin " + *broken);
            continue;
        }
        const bool twice = std::any_of(out.kinds.begin(), out.kinds.end(),
                                       [&](const Kind& k) { return k.id == view(d.id); });
        if (twice) {
            refuse(LoadStage::descriptor,
                   "the plugin offers the kind '" + std::string(view(d.id)) + "' twice");
            continue;
        }
        out.kinds.push_back(copy_kind(d, v));
    }
    return out;
}

std::string format_abi(std::uint32_t version) {
    return std::to_string(TENON_ABI_MAJOR(version)) + "." +
           std::to_string(TENON_ABI_MINOR(version));
}

bool is_kind_id(std::string_view id) noexcept {
    const auto word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return !id.empty() && id.size() <= 64 && word(id.front()) &&
           std::all_of(id.begin(), id.end(),
                       [&](char c) { return word(c) || c == '.' || c == '_' || c == '-'; });
}

std::string_view to_string(ConnMode mode) noexcept {
    switch (mode) {
        case ConnMode::stateless: return "stateless";
        case ConnMode::exclusive: return "exclusive";
        case ConnMode::multiplexed: return "multiplexed";
    }
    return "stateless";
}

}  // namespace tenon::plugin
