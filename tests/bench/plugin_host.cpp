#include "plugin_host.hpp"

#include <cstdio>
#include <cstdlib>

#include "transport/http_client.hpp"

namespace tenon::bench {
namespace {

[[noreturn]] void give_up(const std::string& message) {
    std::fprintf(stderr, "%s\n", message.c_str());
    std::exit(1);
}

}  // namespace

PluginHost& PluginHost::instance() {
    static auto& host = *new PluginHost;  // providers of benchmarks may outlive main
    return host;
}

PluginHost::PluginHost() : environment_{log_, base::steady_clock(), io_, blocking_} {
    if (!registry_.load_file(TENON_BENCH_PLUGIN)) give_up(registry_.errors().front().message);
}

std::shared_ptr<const plugin::Kind> PluginHost::kind(const std::string& id) const {
    auto found = registry_.find(id);
    if (!found) give_up("the benchmarks' plugin has no kind " + id);
    return found;
}

plugin::ProxyOptions PluginHost::options(const std::string& name) {
    plugin::ProxyOptions options;
    options.name = name;
    options.config_json = "{}";
    options.make_http_client = [this](std::size_t index) {
        return std::make_unique<transport::HttpClient>(io_.context(index),
                                                       transport::HttpOptions{});
    };
    return options;
}

std::shared_ptr<plugin::Proxy> PluginHost::make_proxy(const std::string& kind_id) {
    auto proxy = plugin::Proxy::create(kind(kind_id), options("bench"), environment_);
    if (!proxy) give_up(proxy.error().message);
    return *std::move(proxy);
}

}  // namespace tenon::bench
