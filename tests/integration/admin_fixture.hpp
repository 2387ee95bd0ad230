#pragma once

#include "managed_fixture.hpp"

#include <optional>

#include "gateway/admin/admin_api.hpp"
#include "runtime/host_impl.hpp"
#include "support/raw_client.hpp"
#include "transport/http_server.hpp"
#include "wire/json.hpp"

namespace tenon::test {

/// A host with the bundled plugins, the admin API and a server for it on a Unix socket.
///
/// \par Thread-safety
/// The test's thread.
class AdminRig {
public:
    using Setup = std::function<void(gateway::AdminContext&)>;

    explicit AdminRig(const std::string& config = "{}", const Setup& setup = {}) {
        static std::atomic<int> number{0};
        const std::string name =
            (std::filesystem::temp_directory_path() / "tenon_admin_").string() +
            std::to_string(::getpid()) + '_' + std::to_string(++number);
        host::HostOptions options = quiet();
        options.plugin_directories.emplace_back(TENON_TEST_PLUGIN_DIR);
        options.log_level = "off";
        options.config_file = name + ".json";
        std::ofstream(options.config_file) << config;
        auto opened = runtime::HostImpl::open(options);
        std::filesystem::remove(options.config_file);
        BOOST_REQUIRE_MESSAGE(opened.has_value(), why(opened));
        net::IoThreads& io = (*opened)->io();
        host = *std::move(opened);
        gateway::AdminContext context{.host = *host, .io = io};
        context.daemon.version = "1.2.3";
        context.daemon.pid = 42;
        context.daemon.started = std::chrono::system_clock::now();
        context.daemon.up_since = base::steady_clock().now();
        if (setup) setup(context);
        admin.emplace(std::move(context));
        handler.admin = &*admin;
        server.emplace(io, handler, transport::HttpServerOptions());
        net::ListenEndpoint endpoint;
        endpoint.unix_path = name + ".sock";
        socket = endpoint.unix_path;
        const auto started = server->start({endpoint});
        BOOST_REQUIRE_MESSAGE(started.has_value(), why(started));
    }
    ~AdminRig() { stop({}); }
    AdminRig(const AdminRig&) = delete;
    AdminRig& operator=(const AdminRig&) = delete;

    void stop(std::chrono::milliseconds grace) {
        admin->stop();
        server->stop(grace);
    }

    [[nodiscard]] std::unique_ptr<RawClient> connect() const {
        return std::make_unique<RawClient>(socket);
    }
    [[nodiscard]] RawResponse exchange(std::string_view method, const std::string& path,
                                       std::string_view body = "", const Headers& headers = {}) {
        return connect()->exchange(method, "/admin/v1/" + path, body, headers);
    }

    /// An answer that is JSON.
    struct Json {
        int status = 0;
        wire::JsonDocument document;
        [[nodiscard]] wire::JsonView root() const { return document.root(); }
        [[nodiscard]] std::string text(std::string_view pointer) const {
            const wire::JsonView view = root().at(pointer);
            return std::string(view.as_string().value_or(view.exists() ? view.to_text() : "?"));
        }
        /// Of the error.
        [[nodiscard]] std::string message() const { return text("/error/message"); }
    };
    Json get(const std::string& path) { return json(exchange("GET", path)); }
    Json post(const std::string& path, std::string_view body = "") {
        return json(exchange("POST", path, body));
    }
    static Json json(const RawResponse& response) {
        BOOST_REQUIRE_MESSAGE(response.complete, "no answer");
        BOOST_TEST(response.header("content-type").value_or("") == "application/json");
        auto document = wire::JsonDocument::parse(response.body);
        BOOST_REQUIRE_MESSAGE(document.has_value(), response.body);
        return {response.status, *std::move(document)};
    }

    /// Nobody is connected any more, nothing is being answered.
    void all_gone() const {
        eventually("all connections closed", [&] { return server->counts().open == 0; });
    }

    struct Handler final : transport::HttpHandler {
        net::Awaitable<void> handle(transport::ServerRequest& request,
                                    transport::ResponseWriter& response) override {
            return admin->handle(request, response, may_change);
        }
        gateway::AdminApi* admin = nullptr;
        std::atomic<bool> may_change = true;
    };

    std::unique_ptr<host::Host> host;
    std::filesystem::path socket;
    Handler handler;
    std::optional<gateway::AdminApi> admin;
    std::optional<transport::HttpServer> server;
};

/// Two providers that answer, and one that cannot be made.
inline constexpr const char* kThree = R"({"providers":{"b":{"kind":"mock-session"},
    "a":{"kind":"mock"},"c":{"kind":"nonesuch"}}})";

/// A provider whose connects take minutes.
inline constexpr const char* kSlow = R"({"providers":{"slow":{"kind":"mock-session",
    "config":{"connect":"slow"},"timeouts":{"connect":"5m"}}}})";

}  // namespace tenon::test
