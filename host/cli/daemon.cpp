#include "cli/daemon.hpp"

#include <fstream>
#include <iterator>

#include "cli/open_host.hpp"
#include "cli/terminal.hpp"
#include "config/environment.hpp"
#include "config/load.hpp"
#include "store/state_path.hpp"
#include "wire/json.hpp"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;

/// A path of the configuration; empty if it is not set, or cannot be expanded here.
fs::path path_of(wire::JsonView value, const fs::path& file, const config::Environment& env) {
    const auto text = value.as_string();
    if (!text || text->empty()) return {};
    const auto expanded = config::expand(*text, env);
    if (!expanded || expanded->text.empty()) return {};
    const fs::path path(expanded->text);
    return path.is_absolute() ? path : file.parent_path() / path;
}

}  // namespace

Result<DaemonPlaces> find_daemon(const GlobalOptions& global) {
    const auto env = config::process_environment();
    wire::JsonView daemon;
    std::optional<wire::JsonDocument> document;
    fs::path file;
    if (const auto found = configuration_file(global)) {
        file = fs::absolute(*found);
        std::ifstream in(file, std::ios::binary);
        if (!in) {
            return Error(Code::invalid, "cannot read the configuration " + file.string());
        }
        const std::string text{std::istreambuf_iterator<char>(in),
                               std::istreambuf_iterator<char>()};
        wire::JsonOptions options;
        options.comments = true;
        auto parsed = wire::JsonDocument::parse(text, options);
        if (!parsed) return Error(Code::invalid, file.string() + ": " + parsed.error().message);
        document = *std::move(parsed);
        daemon = document->root()["daemon"];
    }
    DaemonPlaces places;
    places.state_file = path_of(daemon["state_file"], file, env);
    auto socket = store::control_socket_path(path_of(daemon["control_socket"], file, env),
                                             places.state_file, env);
    if (!socket) return socket.error();
    places.socket = *std::move(socket);
    if (places.state_file.empty()) {
        auto state = store::default_state_path(env);
        // A daemon that is elsewhere can be asked all the same.
        if (state) places.state_file = *std::move(state);
    }
    return places;
}

FoundDaemon daemon_client(const GlobalOptions& global) {
    FoundDaemon out;
    auto places = find_daemon(global);
    if (!places) {
        print_error(places.error().message);
        out.status = kConfiguration;
        return out;
    }
    out.places = *std::move(places);
    out.client.emplace(out.places.socket);
    return out;
}

int report_daemon_failure(const Error& error) {
    if (error.code == Code::cancelled) {
        print_error("interrupted");
        return kInterrupted;
    }
    if (says_no_daemon(error)) {
        print_error(error.message + "; " + kHowToStart);
        return kNoDaemon;
    }
    print_error(error.message);
    return kFailed;
}

}  // namespace tenon::cli
