#include "cli/crashtest/bench.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>
#include <utility>

#include "gateway/daemon/daemon.hpp"
#include "wire/json_writer.hpp"
#include "wire/url.hpp"

namespace tenon::cli::crashtest {
namespace {

namespace fs = std::filesystem;

Result<fs::path> make_directory() {
    std::error_code failed;
    std::string name = (fs::temp_directory_path(failed) / "tenon-crashtest-XXXXXX").string();
    if (failed || ::mkdtemp(name.data()) == nullptr) {
        return Error(Code::unavailable, "cannot make a directory for the test in " +
                                            fs::temp_directory_path(failed).string());
    }
    return fs::path(name);
}

std::string json_text(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string with_comma(std::string_view members) {
    return members.empty() ? std::string() : std::string(members) + ',';
}

std::string provider(const Upstream& upstream, std::string_view members) {
    return "{" + with_comma(members) + R"("kind":"openai","config":{"base_url":)" +
           json_text(upstream.base_url()) + "}}";
}

/// Everything that is not said here is as in production.
std::string configuration(const Settings& settings, const Upstream& primary,
                          const Upstream& fallback) {
    return "{" + with_comma(settings.shared) + R"(
"balancer": {"slow_start": "0s"},
"routes": [
  {"model": "chat", "tiers": [[{"provider": "primary", "model": "primary-model"}],
                              [{"provider": "fallback", "model": "fallback-model"}]]},
  {"model": "solo", "tiers": [[{"provider": "primary", "model": "primary-model"}]]},
  {"model": "roomy", "tiers": [[{"provider": "primary", "model": "primary-model"}]],
   "fallbacks": {"context_window": ["large"]}},
  {"model": "large", "tiers": [[{"provider": "fallback", "model": "large-model"}]]}
],
"providers": {"primary": )" +
           provider(primary, settings.primary) + R"(, "fallback": )" + provider(fallback, {}) +
           "}}\n";
}

/// The bundled plugin may be missing, or too old.
Result<void> check_providers(host::Host& host) {
    for (const host::ProviderStatus& status : host.status()) {
        if (status.state != "misconfigured") continue;
        return Error(Code::invalid, status.last_error +
                                        "; the test needs the plugin \"openai\": name its "
                                        "directory with --plugin-dir");
    }
    return {};
}

}  // namespace

Result<std::unique_ptr<Bench>> Bench::open(const host::HostOptions& base,
                                           const Settings& settings) {
    std::unique_ptr<Bench> bench(new Bench);
    if (auto started = bench->start(base, settings); !started) return std::move(started).error();
    return bench;
}

Result<void> Bench::start(const host::HostOptions& base, const Settings& settings) {
    auto directory = make_directory();
    if (!directory) return std::move(directory).error();
    directory_ = *std::move(directory);
    auto primary = Upstream::open([](Exchange& exchange) { answer(exchange, kPrimary); });
    if (!primary) return std::move(primary).error();
    primary_ = *std::move(primary);
    auto fallback = Upstream::open([](Exchange& exchange) { answer(exchange, kFallback); });
    if (!fallback) return std::move(fallback).error();
    fallback_ = *std::move(fallback);

    gateway::DaemonOptions options;
    options.host = base;
    options.host.active_checks = true;
    options.host.config_file = directory_ / "config.json";
    options.host.state_file = directory_ / "state.db";
    options.listen = {"127.0.0.1:0"};
    options.control_socket = directory_ / "control.sock";
    std::ofstream(options.host.config_file) << configuration(settings, *primary_, *fallback_);
    auto daemon = gateway::Daemon::start(options);
    if (!daemon) return std::move(daemon).error();
    daemon_ = *std::move(daemon);
    const auto url = wire::parse_url(daemon_->urls().front());
    if (!url) return url.error();
    port_ = url->port;
    return check_providers(daemon_->host());
}

Bench::~Bench() {
    daemon_.reset();
    std::error_code ignored;
    if (!directory_.empty()) fs::remove_all(directory_, ignored);
}

Seen Bench::ask(const Asked& asked) {
    ++requests_;
    if (asked.leave_at_once) ++given_up_;
    return crashtest::ask(port_, asked);
}

Dealings Bench::dealings() const noexcept {
    return {requests_, given_up_, repeated_};
}

ProviderBooks Bench::books(std::string_view provider, const Upstream& upstream) {
    ProviderBooks books;
    for (auto& status : daemon_->host().status()) {
        if (status.name == provider) books.status = std::move(status);
    }
    for (auto& statistics : daemon_->host().statistics()) {
        if (statistics.name == provider) books.statistics = std::move(statistics);
    }
    books.arrived = upstream.requests();
    return books;
}

Books Bench::settled_books() {
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    for (;;) {
        Books all{primary_books(), fallback_books()};
        // What has been given up may still be on its way in.
        if (std::all_of(all.begin(), all.end(), at_rest) || Clock::now() >= deadline) return all;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

}  // namespace tenon::cli::crashtest
