#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/counters.hpp"
#include "plugin/proxy.hpp"
#include "provider/connection_manager.hpp"

namespace tenon::provider {

/// The connections of one plugin, made, checked and closed through its proxy.
///
/// A plugin may go on with a check that nobody waits for any more; its connection is closed only
/// when it is done.
///
/// \par Object lifetimes
/// It keeps the proxy.
/// \par Thread-safety
/// Any thread.
class PluginConnections final : public ConnectionOperations,
                                public std::enable_shared_from_this<PluginConnections> {
public:
    PluginConnections(const plugin::ProxyEnvironment& environment,
                      std::shared_ptr<core::ProviderCounters> counters)
        : environment_(environment), counters_(std::move(counters)) {}

    /// Once, before anything else.
    void use(std::shared_ptr<plugin::Proxy> proxy) { proxy_ = std::move(proxy); }

    net::Awaitable<Result<ConnHandle>> connect(std::shared_ptr<CancelSignal> cancel,
                                               base::TimePoint deadline,
                                               std::size_t io_index) override;
    void disconnect(ConnHandle conn) noexcept override;
    net::Awaitable<Result<std::string>> check(ConnHandle conn, std::shared_ptr<CancelSignal> cancel,
                                              base::TimePoint deadline,
                                              std::size_t io_index) override;

    /// Plugin and host are done with a call on `conn`. Returns whether it was a check.
    bool check_over(ConnHandle conn, bool in_plugin);

    /// Closes what is open, whatever it carries; afterwards nothing is closed any more.
    void disconnect_all() noexcept;

private:
    struct Open {
        int checks = 0;
        bool closing = false;
    };

    net::Awaitable<Result<ConnHandle>> try_connect(std::shared_ptr<CancelSignal> cancel,
                                                   base::TimePoint deadline, std::size_t io_index);
    net::Awaitable<Result<std::string>> try_check(ConnHandle conn,
                                                  std::shared_ptr<CancelSignal> cancel,
                                                  base::TimePoint deadline, std::size_t io_index);
    [[nodiscard]] bool begin_check(ConnHandle conn);
    [[nodiscard]] plugin::CallRequest request(base::TimePoint deadline) const;

    const plugin::ProxyEnvironment environment_;
    const std::shared_ptr<core::ProviderCounters> counters_;
    std::shared_ptr<plugin::Proxy> proxy_;

    std::mutex mutex_;
    std::map<ConnHandle, Open> open_;
};

[[nodiscard]] inline ConnHandle to_handle(const tenon_conn* conn) noexcept {
    return static_cast<ConnHandle>(reinterpret_cast<std::uintptr_t>(conn));
}
[[nodiscard]] inline tenon_conn* to_conn(ConnHandle handle) noexcept {
    return reinterpret_cast<tenon_conn*>(static_cast<std::uintptr_t>(handle));
}

}  // namespace tenon::provider
