#include "cli/wanted_state.hpp"

#include <algorithm>
#include <iostream>

#include "base/text.hpp"
#include "cli/daemon.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"
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

}  // namespace tenon::cli
