#include "config/config.hpp"

#include <tuple>

namespace tenon::config {

bool operator==(const ProviderConfig& a, const ProviderConfig& b) {
    const auto own = [](const ProviderConfig& c) {
        return std::tie(c.kind, c.enabled, c.models, c.default_model, c.model_aliases, c.config);
    };
    // The reason why it is unusable tells of a line, too: that may move.
    return static_cast<const ProviderSettings&>(a) == static_cast<const ProviderSettings&>(b) &&
           own(a) == own(b) && a.unusable.has_value() == b.unusable.has_value();
}

ProviderConfig provider_prototype(const Config& config) {
    ProviderConfig provider;
    static_cast<ProviderSettings&>(provider) = config;
    return provider;
}

}  // namespace tenon::config
