#include "cli/wanted_state.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

#include "base/duration.hpp"
#include "base/text.hpp"
#include "cli/daemon.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"
#include "config/environment.hpp"
#include "config/load.hpp"
#include "store/state_store.hpp"

namespace tenon::cli {
namespace {

Result<void> change(store::StateStore& store, ProviderVerb verb, const std::string& provider) {
    switch (verb) {
        case ProviderVerb::connect: return store.set_wanted(provider, core::WantedState::connected);
        case ProviderVerb::disconnect:
            return store.set_wanted(provider, core::WantedState::disconnected);
        default: return store.set_enabled(provider, verb == ProviderVerb::enable);
    }
}

bool is_enabled(const store::Snapshot& snapshot, const host::ProviderStatus& status) {
    for (const store::ProviderRecord& record : snapshot.providers) {
        if (record.provider != status.name) continue;
        return record.enabled.value_or(status.enabled);
    }
    return status.enabled;
}

std::string consequence(ProviderVerb verb, const std::string& name, bool enabled) {
    const std::string subject = "Provider '" + name + "' ";
    switch (verb) {
        case ProviderVerb::connect:
            return subject + "will be connected when a daemon starts" +
                   (enabled ? "." : ", once it is enabled ('tenon enable " + name + "').");
        case ProviderVerb::disconnect:
            return subject + "will stay disconnected when a daemon starts.";
        case ProviderVerb::enable: return subject + "is enabled, for when a daemon starts.";
        default: break;
    }
    return subject + "is disabled: a daemon that starts will not use it.";
}

/// Those that were named, or all; printed if one is not there.
std::optional<std::vector<host::ProviderStatus>> chosen(const std::vector<std::string>& names,
                                                        std::vector<host::ProviderStatus> all) {
    if (names.empty()) return all;
    std::vector<host::ProviderStatus> out;
    for (const std::string& name : names) {
        const auto at = std::find_if(all.begin(), all.end(),
                                     [&](const auto& status) { return status.name == name; });
        if (at == all.end()) {
            std::vector<std::string_view> known;
            for (const auto& status : all) known.push_back(status.name);
            print_error("there is no provider '" + name + "'" + base::did_you_mean(name, known));
            return std::nullopt;
        }
        out.push_back(*at);
    }
    return out;
}

int store_failed(const Error& error) {
    const auto owner = store::owner_of(error);
    print_error(owner ? error.message +
                            "; it is running, but does not listen where this command looks for it: "
                            "name its socket with TENON_SOCKET"
                      : error.message);
    return kFailed;
}

/// What a pin of it is called: aliases are other names of routes. As it is if nothing is known.
std::string route_name(const GlobalOptions& global, const std::string& model) {
    const auto loaded = config::load(global.config_file, config::process_environment());
    if (!loaded.config) return model;
    for (const core::RouteSpec& route : loaded.config->routes) {
        const auto& aliases = route.aliases;
        if (std::find(aliases.begin(), aliases.end(), model) != aliases.end()) return route.model;
    }
    return model;
}

/// The pin as the store has it. Errors: there is no such route, or provider in it.
Result<store::PinRecord> pin_record(host::Host& host, const RoutePinOptions& options) {
    const host::RoutePin pin{options.model, options.provider, options.duration, options.force};
    if (auto pinned = host.pin_route(pin); !pinned) return std::move(pinned).error();
    store::PinRecord record{options.model, options.provider, {}, options.force};
    for (const host::RouteInfo& route : host.routes()) {  // this host has no other pins
        if (route.pinned_to) record.model = route.model;
    }
    if (options.duration.count() > 0) {
        const auto until = std::chrono::system_clock::now() + options.duration;
        record.until =
            std::chrono::duration_cast<std::chrono::milliseconds>(until.time_since_epoch()).count();
    }
    return record;
}

}  // namespace

bool can_be_wanted(ProviderVerb verb) noexcept {
    return verb == ProviderVerb::connect || verb == ProviderVerb::disconnect ||
           verb == ProviderVerb::enable || verb == ProviderVerb::disable;
}

int change_wanted_state(const GlobalOptions& global, const ProviderCommandOptions& options,
                        const std::filesystem::path& state_file, const std::string& why) {
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    const auto providers = chosen(options.providers, opened.host->status());
    if (!providers) return kFailed;
    auto store = store::StateStore::open(state_file, store::Mode::guest);
    if (!store) return store_failed(store.error());
    const auto before = (*store)->read();
    if (!before) return store_failed(before.error());
    for (const host::ProviderStatus& status : *providers) {
        if (auto done = change(**store, options.verb, status.name); !done) {
            return store_failed(done.error());
        }
        std::cout << consequence(options.verb, status.name, is_enabled(*before, status)) << '\n';
    }
    print_error(why + ", so only what is wanted was changed; " + kHowToStart);
    return kSuccess;
}

int keep_pin(const GlobalOptions& global, const RoutePinOptions& options,
             const std::filesystem::path& state_file, const std::string& why) {
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    const auto record = pin_record(*opened.host, options);
    if (!record) {
        print_error(record.error().message);
        return kFailed;
    }
    auto store = store::StateStore::open(state_file, store::Mode::guest);
    if (!store) return store_failed(store.error());
    if (auto done = (*store)->pin(*record); !done) return store_failed(done.error());
    std::cout << "Route '" << record->model
              << (options.force ? "' will go to provider '" : "' will prefer provider '")
              << options.provider << (options.force ? "' alone" : "'") << " when a daemon starts"
              << (record->until ? ", for " + base::format_duration(options.duration) + " from now"
                                : ", until it is unpinned")
              << ".\n";
    print_error(why + ", so only what is wanted was changed; " + kHowToStart);
    return kSuccess;
}

int forget_pin(const GlobalOptions& global, const std::string& model,
               const std::filesystem::path& state_file, const std::string& why) {
    auto store = store::StateStore::open(state_file, store::Mode::guest);
    if (!store) return store_failed(store.error());
    const std::string name = route_name(global, model);
    const auto was_pinned = (*store)->unpin(name);
    if (!was_pinned) return store_failed(was_pinned.error());
    std::cout << "Route '" << name
              << (*was_pinned ? "' is pinned no more.\n" : "' was not pinned.\n");
    print_error(why + ", so only what is wanted was changed; " + kHowToStart);
    return kSuccess;
}

}  // namespace tenon::cli
