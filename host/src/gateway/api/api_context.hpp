#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "config/gateway_config.hpp"
#include "gateway/api/key_ring.hpp"
#include "gateway/api/request_registry.hpp"
#include "gateway/api/request_summary.hpp"
#include "runtime/host_impl.hpp"

namespace tenon::gateway {

class OfflineQueue;

/// What may change with a reload, as one.
struct ApiSettings {
    explicit ApiSettings(config::GatewayConfig config_in, const KeyRing* before = nullptr)
        : config(std::move(config_in)), keys(config.keys, before) {}

    const config::GatewayConfig config;
    const KeyRing keys;
};

/// What all requests share.
///
/// \par Thread-safety
/// Any thread.
class ApiContext {
public:
    ApiContext(runtime::HostImpl& host, config::GatewayConfig config)
        : host_(host),
          requests_(host.io().size()),
          settings_(std::make_shared<const ApiSettings>(std::move(config))) {}

    [[nodiscard]] runtime::HostImpl& host() noexcept { return host_; }
    [[nodiscard]] RequestRegistry& requests() noexcept { return requests_; }
    [[nodiscard]] const base::Clock& clock() const noexcept { return base::steady_clock(); }

    [[nodiscard]] std::shared_ptr<const ApiSettings> settings() const {
        const std::lock_guard lock(mutex_);
        return settings_;
    }
    /// For requests that begin from now on.
    void set(config::GatewayConfig config) {
        auto before = settings();
        auto next = std::make_shared<const ApiSettings>(std::move(config), &before->keys);
        const std::lock_guard lock(mutex_);
        settings_ = std::move(next);
    }

    /// \name Before the first request
    /// @{
    void set_followers(RequestFollowers* followers) noexcept { followers_ = followers; }
    void set_offline(OfflineQueue* queue) noexcept { offline_ = queue; }
    /// @}
    [[nodiscard]] RequestFollowers* followers() const noexcept { return followers_; }
    /// nullptr = requests cannot be kept for later.
    [[nodiscard]] OfflineQueue* offline() const noexcept { return offline_; }

private:
    runtime::HostImpl& host_;
    RequestRegistry requests_;
    mutable std::mutex mutex_;
    std::shared_ptr<const ApiSettings> settings_;
    RequestFollowers* followers_ = nullptr;
    OfflineQueue* offline_ = nullptr;
};

}  // namespace tenon::gateway
