// Which route a request takes.

#include <utility>

#include "runtime/host_impl.hpp"

namespace tenon::runtime {
namespace {

/// The route that leads to this provider alone.
Result<std::string> direct_route(const ProviderEntry& entry, std::string_view model) {
    if (!entry.provider) return entry.problem;
    std::string_view known = model.empty() ? std::string_view(entry.config.default_model) : model;
    if (known.empty() && !entry.config.models.empty()) known = entry.config.models.front();
    return entry.direct_prefix + std::string(known);
}

}  // namespace

Result<std::string> HostImpl::default_provider() const {
    const std::lock_guard lock(mutex_);
    if (!config_->default_provider.empty()) return config_->default_provider;
    std::vector<std::string> usable;
    for (const auto& [name, entry] : providers_) {
        if (entry->provider) usable.push_back(name);
    }
    if (usable.size() == 1) return usable.front();
    if (providers_.size() == 1) return providers_.begin()->first;  // its problem is the answer
    std::string message =
        providers_.empty() ? "no provider is configured; name one with --provider, or write a "
                             "configuration file (see 'tenon config --help')"
                           : "several providers are configured and none is the default; name one "
                             "(";
    if (!providers_.empty()) {
        for (const auto& [name, entry] : providers_) {
            message += name;
            message += name == providers_.rbegin()->first ? "" : ", ";
        }
        message += ") or set default_provider";
    }
    return Error(Code::invalid, message);
}

Result<HostImpl::Asked> HostImpl::asked(std::string_view provider, std::string_view model) const {
    if (!provider.empty()) return Asked{{}, std::string(provider)};
    const auto table = this->table();
    const std::string wanted(model.empty() ? config()->default_model : std::string(model));
    if (!wanted.empty() && table->find(wanted)) return Asked{wanted, {}};
    auto usual = default_provider();
    if (!usual) return model.empty() ? std::move(usual).error() : table->unknown_model(model);
    return Asked{{}, *std::move(usual)};
}

Result<std::string> HostImpl::route(std::string_view provider, std::string_view model) {
    auto what = asked(provider, model);
    if (!what) return std::move(what).error();
    if (!what->route.empty()) return std::move(what->route);
    auto entry = find_entry(what->provider);
    if (!entry) return std::move(entry).error();
    return direct_route(**entry, model);
}

Result<std::string> HostImpl::known_route(std::string_view provider, std::string_view model) const {
    auto what = asked(provider, model);
    if (!what) return std::move(what).error();
    if (!what->route.empty()) return std::move(what->route);
    auto entry = known_entry(what->provider);
    if (!entry) return std::move(entry).error();
    return direct_route(**entry, model);
}

}  // namespace tenon::runtime
