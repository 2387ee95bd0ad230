#include "config/config.hpp"

namespace tenon::config {

ProviderConfig provider_prototype(const Config& config) {
    ProviderConfig provider;
    static_cast<ProviderSettings&>(provider) = config;
    return provider;
}

}  // namespace tenon::config
