#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "net/blocking_pool.hpp"
#include "net/io_threads.hpp"
#include "plugin/proxy.hpp"
#include "plugin/registry.hpp"

namespace tenon::bench {

/// A host around the benchmarks' plugin, which it loads as any other: one I/O thread, no retries,
/// no network. One for the whole program; ends the program with a message if it cannot be made.
class PluginHost {
public:
    static PluginHost& instance();

    [[nodiscard]] std::shared_ptr<const plugin::Kind> kind(const std::string& id) const;
    [[nodiscard]] plugin::ProxyOptions options(const std::string& name);
    [[nodiscard]] std::shared_ptr<plugin::Proxy> make_proxy(const std::string& kind);
    [[nodiscard]] const plugin::ProxyEnvironment& environment() const noexcept {
        return environment_;
    }
    [[nodiscard]] net::IoThreads& io() noexcept { return io_; }

private:
    PluginHost();

    base::Log log_;
    net::IoThreads io_{1};
    net::BlockingPool blocking_{1};
    plugin::ProxyEnvironment environment_;
    plugin::Registry registry_;
};

}  // namespace tenon::bench
