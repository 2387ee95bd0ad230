#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.hpp"

/// The commands that ask and steer a daemon.
namespace tenon::cli {

enum class ProviderVerb : std::uint8_t {
    connect,
    disconnect,
    enable,
    disable,
    reconnect,
    recover,
    health,
};

struct ProviderCommandOptions {
    ProviderVerb verb = ProviderVerb::connect;
    std::vector<std::string> providers;
    bool all = false;
    bool now = false;  ///< disconnect: do not wait for requests in flight
    bool no_wait = false;
    std::chrono::milliseconds wait = std::chrono::seconds(15);
};

struct BreakerOptions {
    std::string provider;
    std::string command;  ///< "open", "close" or "reset"
    std::string model;    ///< empty = that of the provider
};

struct RoutePinOptions {
    std::string model;
    std::string provider;
    std::chrono::milliseconds duration{0};  ///< 0 = until it is undone
    bool force = false;
};

struct EventsOptions {
    bool json = false;
    std::optional<std::uint64_t> since;
    std::string provider;  ///< empty = all
};

struct TraceOptions {
    std::string id;  ///< empty = list
    int limit = 50;
    bool json = false;
};

/// Each runs one command and returns its exit status, as those of commands.hpp.
int run_provider_command(const GlobalOptions& global, const ProviderCommandOptions& options);
int run_breaker(const GlobalOptions& global, const BreakerOptions& options);
int run_route_list(const GlobalOptions& global, bool json);
int run_route_pin(const GlobalOptions& global, const RoutePinOptions& options);
int run_route_unpin(const GlobalOptions& global, const std::string& model);
int run_requests(const GlobalOptions& global, bool json);
int run_request_cancel(const GlobalOptions& global, const std::string& id);
int run_reload(const GlobalOptions& global);
int run_events(const GlobalOptions& global, const EventsOptions& options);
int run_trace(const GlobalOptions& global, const TraceOptions& options);
int run_top(const GlobalOptions& global);

}  // namespace tenon::cli
