#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/admin/admin_context.hpp"
#include "tenon/host/host.hpp"
#include "tenon/result.hpp"

/// The daemon: a host, its gateway and its control socket, under one roof.
namespace tenon::gateway {

struct DaemonOptions {
    /// Its state_file: empty = daemon.state_file of the configuration, else the usual place.
    host::HostOptions host = {};
    /// Where to listen instead of gateway.listen; "none" alone = nowhere.
    std::vector<std::string> listen = {};
    std::filesystem::path control_socket = {};  ///< empty = the usual place
};

/// A daemon that runs.
///
/// \par Thread-safety
/// One thread, none of the host's.
class Daemon {
public:
    /// Opens the host, restores its state, and serves. Needs no network.
    /// Errors: the configuration is unusable; another daemon has the state file or the socket; an
    /// endpoint cannot be listened on. Messages are for people.
    [[nodiscard]] static Result<std::unique_ptr<Daemon>> start(const DaemonOptions& options);
    /// stop() without grace.
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    /// Where clients find the gateway: "http://127.0.0.1:8080"; ports as the system chose them.
    [[nodiscard]] const std::vector<std::string>& urls() const noexcept;
    [[nodiscard]] const std::filesystem::path& control_socket() const noexcept;
    /// The configuration file that is used; empty = none.
    [[nodiscard]] const std::filesystem::path& config_file() const noexcept;
    [[nodiscard]] bool watches_config() const noexcept;
    [[nodiscard]] host::Host& host() noexcept;

    /// Reads the configuration again; whole or not at all. The outcome is logged. Keys are not
    /// taken away from a gateway that other machines can reach: that needs a restart.
    Result<ReloadReport> reload();

    /// Takes no more requests, lets those under way finish for up to gateway.drain_grace, then ends
    /// them. Idempotent.
    void stop();

private:
    class Impl;
    explicit Daemon(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tenon::gateway
