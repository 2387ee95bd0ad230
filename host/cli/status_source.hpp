#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/daemon.hpp"
#include "tenon/host/host.hpp"
#include "wire/json.hpp"

namespace tenon::cli {

/// How the providers stood at one moment.
struct StatusAnswer {
    std::optional<wire::JsonDocument> document;  ///< absent: see `status`; the reason was printed
    int status = kSuccess;
    bool from_daemon = false;
    std::string remark;  ///< for standard error; may be empty

    [[nodiscard]] std::vector<wire::JsonView> providers() const;
};

/// Asks the daemon; without one this process itself, and what a daemon has left in the store.
class StatusSource {
public:
    /// \param probe run health checks, if there is no daemon to do so
    StatusSource(const GlobalOptions& global, bool probe);

    [[nodiscard]] StatusAnswer fetch(const std::stop_token& stop);

private:
    [[nodiscard]] StatusAnswer ask_this_process(const std::string& why);

    const GlobalOptions& global_;
    bool probe_;
    FoundDaemon daemon_;
    std::unique_ptr<host::Host> host_;  ///< since there was no daemon
};

}  // namespace tenon::cli
