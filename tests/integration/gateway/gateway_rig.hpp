#pragma once

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "gateway/daemon/daemon.hpp"
#include "support/contains.hpp"
#include "support/eventually.hpp"
#include "support/fake_llm.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_directory.hpp"

namespace tenon::test {

/// A daemon in this process, in front of a scripted model server, and its clients.
class GatewayRig {
public:
    /// \param gateway further members of "gateway" \param more further members of the configuration
    explicit GatewayRig(const std::string& gateway = "", const std::string& more = "",
                        FakeLlmOptions options = {})
        : llm(std::move(options)) {
        write_config(gateway, more);
        start();
    }

    /// Ends the daemon, then begins again with the same files.
    void restart() {
        daemon.reset();
        start();
    }

    /// The configuration with other members; nobody is told.
    void write_config(const std::string& gateway, const std::string& more = "") {
        config = directory.file(
            "config.json", R"({"gateway":{"listen":["127.0.0.1:0"])" +
                               (gateway.empty() ? "" : "," + gateway) +
                               R"(},"retry":{"request":{"backoff":{"base":"1ms","cap":"5ms"}}},)" +
                               (more.empty() ? "" : more + ",") +
                               R"("providers":{"fake":{"kind":"openai",)"
                               R"("default_model":"fake-small","config":{)"
                               R"("base_url":")" +
                               llm.openai_url() + R"(","api_key":"upstream-secret"}}}})");
    }

    RawResponse post(const std::string& path, const std::string& body,
                     const Headers& headers = {}) const {
        RawClient client(port);
        return client.exchange("POST", path, body, headers);
    }
    RawResponse get(const std::string& path, const Headers& headers = {}) const {
        RawClient client(port);
        return client.exchange("GET", path, "", headers);
    }
    RawResponse admin(const std::string& method, const std::string& path,
                      const std::string& body = "") const {
        RawClient client(daemon->control_socket());
        return client.exchange(method, path, body);
    }

    FakeLlm llm;
    TemporaryDirectory directory;
    std::string config;
    std::unique_ptr<gateway::Daemon> daemon;
    std::uint16_t port = 0;

private:
    void start() {
        gateway::DaemonOptions wanted;
        wanted.host.plugin_directories = {TENON_TEST_PLUGIN_DIR};
        wanted.host.load_installed_plugins = false;
        wanted.host.config_file = config;
        wanted.host.log_level = "off";
        wanted.host.state_file = directory.path() / "state.db";
        wanted.control_socket = directory.path() / "control.sock";
        auto started = gateway::Daemon::start(wanted);
        const std::string problem = started ? "" : started.error().message;
        BOOST_REQUIRE_MESSAGE(problem.empty(), problem);
        daemon = *std::move(started);
        const std::string& url = daemon->urls().front();
        port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    }
};

inline std::string chat(const std::string& model, const std::string& text, bool stream = false) {
    return R"({"model":")" + model + R"(","stream":)" + (stream ? "true" : "false") +
           R"(,"messages":[{"role":"user","content":")" + text + R"("}]})";
}

/// The trace of a request that has ended or soon will, as JSON.
inline std::string trace_of(const GatewayRig& rig, const std::string& id) {
    RawResponse trace;
    eventually("a trace of " + id, [&] {
        trace = rig.admin("GET", "/admin/v1/traces/" + id);
        return trace.status == 200;
    });
    return trace.body;
}

/// Nothing is under way any more, at the gateway or at the provider, and nothing is held.
inline void check_at_rest(const GatewayRig& rig) {
    eventually("at rest", [&] {
        for (const host::ProviderStatus& status : rig.daemon->host().status()) {
            if (status.in_flight != 0 || status.permits.held != 0 || status.unfinished != 0) {
                return false;
            }
        }
        return true;
    });
}

}  // namespace tenon::test
