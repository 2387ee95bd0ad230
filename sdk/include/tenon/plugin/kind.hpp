#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tenon/abi/entry.h"
#include "tenon/plugin/provider.hpp"
#include "tenon/result.hpp"

namespace tenon {

/// What a plugin says about one kind of provider; see `tenon_descriptor`. All views must refer to
/// static storage.
struct KindInfo {
    std::string_view id;       ///< [a-z0-9][a-z0-9._-]{0,63}
    std::string_view name;     ///< for people
    std::string_view version;  ///< SemVer
    std::string_view vendor = {};
    std::string_view description = {};
    std::string_view license = {};
    std::string_view config_schema = {};  ///< JSON Schema; empty = takes no configuration
    std::uint64_t features = 0;           ///< TENON_FEATURE_*
    std::uint32_t conn_mode = TENON_CONN_STATELESS;
    std::uint32_t blocking = 0;                      ///< TENON_BLOCKING_*
    std::uint32_t max_calls_per_conn = 0;            ///< multiplexed only; 0 = unlimited
    std::uint32_t options = 0;                       ///< TENON_OPTION_*
    const char* const* required_services = nullptr;  ///< e.g. kNetworkServices
    std::uint32_t abi_min_host = TENON_ABI(1, 0);
};

/// One kind as the ABI wants it: made by kind<T>(), consumed by TENON_EXPORT_PLUGIN.
struct Kind {
    tenon_descriptor descriptor;
    tenon_vtable vtable;
};

namespace detail {

/// The barrier at every thunk: no exception of a provider reaches the ABI.
template <class Body>
tenon_status barrier(Body&& body) noexcept {
    try {
        std::forward<Body>(body)();
        return TENON_OK;
    } catch (const std::bad_alloc&) {
        return TENON_E_NOMEM;
    } catch (...) {
        return TENON_E_INTERNAL;
    }
}

/// Writes `error` where the host can read it until the thread's next call into the plugin.
void fill_error(tenon_error* out, Error error) noexcept;

template <class T>
Result<std::unique_ptr<T>> make_provider(const ProviderContext& context) {
    if constexpr (requires {
                      { T::create(context) } -> std::same_as<Result<std::unique_ptr<T>>>;
                  }) {
        return T::create(context);
    } else {
        return std::make_unique<T>(context);
    }
}

inline Provider* from_handle(tenon_provider* provider) noexcept {
    return reinterpret_cast<Provider*>(provider);
}

inline Connection* from_handle(tenon_conn* conn) noexcept {
    return reinterpret_cast<Connection*>(conn);
}

/// The functions of the ABI's table for the provider class T.
///
/// A Call that meets an exception before its coroutine runs is finished by its destructor, so every
/// start function answers TENON_OK: exactly one finish follows on all paths.
template <class T>
struct Thunks {
    static constexpr const char* kNoProvider = "the plugin's create function made no provider";

    static tenon_status TENON_CALL create(const tenon_host* host, const tenon_str* config,
                                          tenon_provider** out, tenon_error* error) noexcept {
        *out = nullptr;
        const tenon_status status = barrier([&] {
            try {
                auto made = make_provider<T>(ProviderContext{HostRef(host), from_abi(*config)});
                if (!made) return fill_error(error, std::move(made).error());
                if (*made == nullptr) return fill_error(error, Error(Code::internal, kNoProvider));
                *out = reinterpret_cast<tenon_provider*>(
                    static_cast<Provider*>(std::move(made).value().release()));
            } catch (const std::bad_alloc&) {
                fill_error(error, Error(Code::no_memory, "out of memory"));
            } catch (const std::exception& e) {
                fill_error(error, Error(Code::internal, e.what()));
            } catch (...) {
                fill_error(error, current_exception_error());
            }
        });
        return status == TENON_OK && *out == nullptr ? error->code : status;
    }

    static void TENON_CALL destroy(tenon_provider* provider) noexcept {
        Provider* self = from_handle(provider);
        wait_for_tasks(*self);
        delete self;
    }

    using Operation = Task (Provider::*)(Call, Request);
    template <Operation operation>
    static tenon_status TENON_CALL start(tenon_provider* provider, tenon_conn* conn,
                                         const tenon_request* request, tenon_call call) noexcept {
        Provider* self = from_handle(provider);
        barrier([&] {
            (self->*operation)(Call(self->host(), call, from_handle(conn)), Request(request));
        });
        return TENON_OK;
    }

    using Query = Task (Provider::*)(Call);
    template <Query query>
    static tenon_status TENON_CALL ask(tenon_provider* provider, tenon_conn* conn, tenon_call call,
                                       std::int64_t) noexcept {
        Provider* self = from_handle(provider);
        barrier([&] { (self->*query)(Call(self->host(), call, from_handle(conn))); });
        return TENON_OK;
    }

    static tenon_status TENON_CALL connect(tenon_provider* provider, tenon_call call,
                                           std::int64_t deadline_ns) noexcept {
        return ask<&Provider::connect>(provider, nullptr, call, deadline_ns);
    }

    static void TENON_CALL disconnect(tenon_provider*, tenon_conn* conn) noexcept {
        delete from_handle(conn);
    }

    static void TENON_CALL cancel(tenon_provider* provider, tenon_conn*, tenon_call call) noexcept {
        from_handle(provider)->on_cancel(call);
    }

    static const void* TENON_CALL get_extension(tenon_provider* provider, const char* id) noexcept {
        return from_handle(provider)->get_extension(id);
    }
};

/// Does T override the member `Base::f`? Then the type of &T::f names T, not Provider.
template <class Own, class Inherited>
inline constexpr bool overrides = !std::is_same_v<Own, Inherited>;

}  // namespace detail

/// Describes the provider class T to the host: operations that T does not override stay NULL, so
/// that the host's defaults apply.
template <std::derived_from<Provider> T>
[[nodiscard]] Kind kind(const KindInfo& info) noexcept {
    using Thunks = detail::Thunks<T>;
    Kind out{};
    tenon_descriptor& d = out.descriptor;
    d.struct_size = sizeof d;
    d.abi_built = TENON_ABI_CURRENT;
    d.abi_min_host = info.abi_min_host;
    d.conn_mode = info.conn_mode;
    d.features = info.features;
    d.blocking = info.blocking;
    d.max_calls_per_conn = info.max_calls_per_conn;
    d.options = info.options;
    d.id = to_abi(info.id);
    d.name = to_abi(info.name);
    d.version = to_abi(info.version);
    d.vendor = to_abi(info.vendor);
    d.description = to_abi(info.description);
    d.license = to_abi(info.license);
    d.config_schema_json = to_abi(info.config_schema);
    d.required_services = info.required_services;

    tenon_vtable& v = out.vtable;
    v.struct_size = sizeof v;
    v.create = &Thunks::create;
    v.destroy = &Thunks::destroy;
    using detail::overrides;
    if constexpr (overrides<decltype(&T::complete), decltype(&Provider::complete)>) {
        v.complete = &Thunks::template start<&Provider::complete>;
    }
    if constexpr (overrides<decltype(&T::embed), decltype(&Provider::embed)>) {
        v.embed = &Thunks::template start<&Provider::embed>;
    }
    if constexpr (overrides<decltype(&T::rerank), decltype(&Provider::rerank)>) {
        v.rerank = &Thunks::template start<&Provider::rerank>;
    }
    if constexpr (overrides<decltype(&T::list_models), decltype(&Provider::list_models)>) {
        v.list_models = &Thunks::template ask<&Provider::list_models>;
    }
    if constexpr (overrides<decltype(&T::health_check), decltype(&Provider::health_check)>) {
        v.health_check = &Thunks::template ask<&Provider::health_check>;
    }
    if constexpr (overrides<decltype(&T::connect), decltype(&Provider::connect)>) {
        v.connect = &Thunks::connect;
        v.disconnect = &Thunks::disconnect;
    }
    if constexpr (overrides<decltype(&T::on_cancel), decltype(&Provider::on_cancel)>) {
        v.cancel = &Thunks::cancel;
    }
    if constexpr (overrides<decltype(&T::get_extension), decltype(&Provider::get_extension)>) {
        v.get_extension = &Thunks::get_extension;
    }
    return out;
}

namespace detail {

/// Static storage of one library's kinds.
template <std::size_t n>
struct PluginTable {
    std::array<Kind, n> kinds;
    std::array<const tenon_descriptor*, n> descriptors;
    std::array<const tenon_vtable*, n> vtables;
    tenon_plugin plugin;

    explicit PluginTable(const std::array<Kind, n>& kinds_in) noexcept : kinds(kinds_in) {
        for (std::size_t i = 0; i < n; ++i) {
            descriptors[i] = &kinds[i].descriptor;
            vtables[i] = &kinds[i].vtable;
        }
        plugin = {sizeof plugin, n, descriptors.data(), vtables.data()};
    }
    PluginTable(const PluginTable&) = delete;
    PluginTable& operator=(const PluginTable&) = delete;
};

template <class... Kinds>
std::array<Kind, sizeof...(Kinds)> kinds_of(const Kinds&... kinds) noexcept {
    return {kinds...};
}

}  // namespace detail
}  // namespace tenon

/// Defines the one exported symbol. Arguments: one `tenon::kind<T>({...})` for each kind.
#define TENON_EXPORT_PLUGIN(...)                                                  \
    extern "C" TENON_EXPORT const tenon_plugin* TENON_CALL tenon_plugin_entry_v1( \
        std::uint32_t) noexcept {                                                 \
        static const auto kinds = ::tenon::detail::kinds_of(__VA_ARGS__);         \
        static const ::tenon::detail::PluginTable<kinds.size()> table(kinds);     \
        return &table.plugin;                                                     \
    }
