#include "plugin/descriptor_check.hpp"

#include "base/text.hpp"
#include "tenon/json_text.hpp"
#include "wire/json.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>
#include <variant>

namespace tenon::plugin {
namespace {

constexpr std::size_t kLongestText = std::size_t{1} << 20;
constexpr std::size_t kShownText = 64;  ///< of a text that is wrong, in a message
constexpr std::size_t kMostServices = 64;
constexpr std::uint32_t kLargestStruct = 4096;

struct Refusal {
    LoadStage stage;
    std::string message;
};

std::string_view view(const tenon_str& text) noexcept {
    return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

/// The beginning of a text without what would move a terminal's cursor.
std::string printable(std::string_view text, std::size_t length) {
    std::string out(utf8_safe_prefix(text.substr(0, length)));
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    return out;
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

/// The services that a kind requires, at most one more than allowed.
std::size_t count_services(const tenon_descriptor& d) noexcept {
    std::size_t count = 0;
    if (d.required_services == nullptr) return count;
    while (count <= kMostServices && d.required_services[count] != nullptr) ++count;
    return count;
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
    for (std::size_t i = 0; i < count_services(d); ++i) {
        kind.required_services.emplace_back(d.required_services[i]);
    }
    kind.has = {v.connect != nullptr, v.health_check != nullptr, v.complete != nullptr,
                v.embed != nullptr,   v.rerank != nullptr,       v.list_models != nullptr};
    kind.functions = fill_defaults(v);
    return kind;
}

/// The first rule that the functions break, as words that follow the kind.
std::optional<std::string> broken_table_rule(const tenon_vtable& v, const tenon_descriptor& d) {
    if (v.create == nullptr) return "has no create function; implement it";
    if (v.destroy == nullptr) return "has no destroy function; implement it";
    if (v.complete == nullptr && v.embed == nullptr && v.rerank == nullptr) {
        return "offers none of complete, embed and rerank; implement at least one";
    }
    if ((v.connect == nullptr) != (v.disconnect == nullptr)) {
        return v.connect == nullptr ? "has disconnect but no connect; implement both or neither"
                                    : "has connect but no disconnect; implement both or neither";
    }
    if (d.conn_mode == TENON_CONN_STATELESS && v.connect != nullptr) {
        return "has connect but declares itself stateless; set conn_mode";
    }
    if (d.conn_mode != TENON_CONN_STATELESS && v.connect == nullptr) {
        return "declares connections but has no connect; implement it or set conn_mode to "
               "TENON_CONN_STATELESS";
    }
    return std::nullopt;
}

/// What is wrong with one of the descriptor's texts.
std::optional<std::string> broken_text(const char* name, const tenon_str& text, bool one_line) {
    if (text.ptr == nullptr && text.len != 0) {
        return std::string("has a ") + name + " of " + std::to_string(text.len) +
               " bytes at NULL; set its ptr";
    }
    if (text.len > kLongestText) {
        return std::string("has an implausibly long ") + name + " (" + std::to_string(text.len) +
               " bytes); set its len";
    }
    if (!is_valid_utf8(view(text))) {
        return std::string("has a ") + name + " that is not UTF-8; save its source as UTF-8";
    }
    if (one_line && view(text) != printable(view(text), text.len)) {
        return std::string("has a ") + name + " with control characters; remove them";
    }
    return std::nullopt;
}

std::optional<std::string> broken_schema(std::string_view schema) {
    if (schema.empty()) return std::nullopt;
    const auto document = wire::JsonDocument::parse(schema);
    if (!document) {
        return "has a configuration schema that is not JSON (" + document.error().message +
               "); correct config_schema_json";
    }
    if (!document->root().is_object()) {
        return "has a configuration schema that is no JSON object; correct config_schema_json";
    }
    return std::nullopt;
}

/// The first rule that the descriptor breaks, as words that follow the kind.
std::optional<std::string> broken_descriptor_rule(const tenon_descriptor& d) {
    const struct {
        const char* name;
        const tenon_str& text;
        bool one_line = true;
    } texts[] = {{"name", d.name},       {"version", d.version},
                 {"vendor", d.vendor},   {"description", d.description},
                 {"license", d.license}, {"config_schema_json", d.config_schema_json, false}};
    for (const auto& [name, text, one_line] : texts) {
        if (auto broken = broken_text(name, text, one_line)) return broken;
    }
    if (d.name.len == 0) return "has no name; set one for people to read";
    if (!is_semver(view(d.version))) {
        return "has the version '" + printable(view(d.version), kShownText) +
               "', which is no semantic version; use one such as 1.0.0";
    }
    if (d.conn_mode > TENON_CONN_MULTIPLEXED) {
        return "has the unknown conn_mode " + std::to_string(d.conn_mode) +
               "; use one of TENON_CONN_*";
    }
    if (count_services(d) > kMostServices) {
        return "requires more than " + std::to_string(kMostServices) +
               " services; end required_services with NULL";
    }
    return broken_schema(view(d.config_schema_json));
}

/// Why this host is the wrong one, as words that follow the kind.
std::optional<std::string> wrong_host(std::uint32_t needed, std::uint32_t host_abi) {
    const std::string versions =
        "a host with ABI " + format_abi(needed) + ", this one has " + format_abi(host_abi);
    if (TENON_ABI_MAJOR(needed) < TENON_ABI_MAJOR(host_abi)) {
        return "asks for " + versions + "; set abi_min_host to TENON_ABI(" +
               std::to_string(TENON_ABI_MAJOR(host_abi)) + ", 0) or get a newer plugin";
    }
    if (needed > host_abi) return "needs " + versions + "; update Tenon or use an older plugin";
    return std::nullopt;
}

/// The kind as messages name it: by its id if it has one that can be shown.
std::string name_of(const tenon_descriptor& d, std::uint32_t position) {
    if (d.id.ptr != nullptr && d.id.len <= kShownText && is_kind_id(view(d.id))) {
        return "its kind '" + std::string(view(d.id)) + "' ";
    }
    return "its kind number " + std::to_string(position + 1) + " ";
}

/// Checks one kind; the result is the copy, or words that complete "PATH: ".
std::variant<Kind, Refusal> check_kind(const tenon_descriptor* descriptor,
                                       const tenon_vtable* vtable, std::uint32_t position,
                                       std::uint32_t host_abi) {
    const std::string number = "its kind number " + std::to_string(position + 1) + " ";
    if (descriptor == nullptr || vtable == nullptr) {
        return Refusal{LoadStage::descriptor, number + "has a NULL " +
                                                  (descriptor == nullptr ? "descriptor" : "table") +
                                                  "; correct count or fill it in"};
    }
    // What 1.0 defined is the least that both can have; far more than any version has is no size.
    for (const auto& [what, size, least] :
         {std::tuple("descriptor", descriptor->struct_size,
                     offsetof(tenon_descriptor, required_services) + sizeof(void*)),
          std::tuple("table", vtable->struct_size,
                     offsetof(tenon_vtable, get_extension) + sizeof(void*))}) {
        if (size >= least && size <= kLargestStruct) continue;
        return Refusal{LoadStage::descriptor, number + "has a " + what + " with the struct_size " +
                                                  std::to_string(size) + ", at least " +
                                                  std::to_string(least) +
                                                  " is expected; set it to the struct's sizeof"};
    }
    const tenon_descriptor d = copy_prefix(descriptor);
    const tenon_vtable v = copy_prefix(vtable);
    if (auto why = wrong_host(d.abi_min_host, host_abi)) {
        return Refusal{LoadStage::version, name_of(d, position) + *why};
    }
    if (auto why = broken_text("id", d.id, false)) {
        return Refusal{LoadStage::descriptor, number + *why};
    }
    if (!is_kind_id(view(d.id))) {
        return Refusal{LoadStage::descriptor, number + "has the id '" +
                                                  printable(view(d.id), kShownText) + "'; " +
                                                  std::string(base::kNameRule)};
    }
    auto broken = broken_descriptor_rule(d);
    if (!broken) broken = broken_table_rule(v, d);
    if (broken) return Refusal{LoadStage::descriptor, name_of(d, position) + *broken};
    return copy_kind(d, v);
}

}  // namespace

CheckedPlugin check_plugin(const tenon_plugin* plugin, std::uint32_t host_abi,
                           const std::string& path) {
    CheckedPlugin out;
    const auto refuse = [&](LoadStage stage, std::string message) {
        out.errors.push_back({path, stage, std::move(message)});
    };
    if (plugin == nullptr) {
        refuse(LoadStage::entry,
               "has an entry function that returns NULL, which says that it cannot serve here; see "
               "the plugin's documentation for what it needs");
        return out;
    }
    constexpr std::uint32_t kMostKinds = 1024;
    if (plugin->struct_size != sizeof(tenon_plugin) || plugin->count == 0 ||
        plugin->count > kMostKinds || plugin->descriptors == nullptr ||
        plugin->vtables == nullptr) {
        refuse(LoadStage::descriptor,
               "has an entry function that returns an implausible tenon_plugin (struct_size " +
                   std::to_string(plugin->struct_size) + ", count " +
                   std::to_string(plugin->count) + "); rebuild it with the Tenon headers");
        return out;
    }
    for (std::uint32_t i = 0; i < plugin->count; ++i) {
        auto checked = check_kind(plugin->descriptors[i], plugin->vtables[i], i, host_abi);
        if (auto* refusal = std::get_if<Refusal>(&checked)) {
            refuse(refusal->stage, std::move(refusal->message));
            continue;
        }
        Kind& kind = std::get<Kind>(checked);
        const bool twice = std::any_of(out.kinds.begin(), out.kinds.end(),
                                       [&](const Kind& other) { return other.id == kind.id; });
        if (twice) {
            refuse(LoadStage::descriptor, "offers the kind '" + kind.id +
                                              "' twice, of which the first is used; give the other "
                                              "an id of its own");
            continue;
        }
        out.kinds.push_back(std::move(kind));
    }
    return out;
}

std::string format_abi(std::uint32_t version) {
    return std::to_string(TENON_ABI_MAJOR(version)) + "." +
           std::to_string(TENON_ABI_MINOR(version));
}

bool is_kind_id(std::string_view id) noexcept {
    return base::is_name(id);
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
