// Two providers of one model: connects them, listens to what happens to them, survives a failure of
// the first, takes it out of service, and shows how both stand.
#include <chrono>
#include <iostream>

#include "tenon/host/host.hpp"

using namespace std::chrono_literals;
using namespace tenon::host;

namespace {

void print(const Event& event) {
    std::clog << "  event: " << event.provider << ' ' << event.kind;
    if (!event.to.empty()) std::clog << ' ' << event.from << " -> " << event.to;
    std::clog << (event.reason.empty() ? "" : ", ") << event.reason << '\n';
}

bool ask(Host& host, const char* prompt) {
    const auto answer = host.complete({.model = "assistant", .messages = {{"user", prompt}}});
    if (!answer) return std::cerr << answer.error().message << '\n', false;
    std::cout << answer->provider << " answers, attempts: " << answer->attempts << '\n';
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::cerr << "usage: managed PLUGIN_DIRECTORY CONFIGURATION\n", 2;
    const auto opened = Host::open({.plugin_directories = {argv[1]}, .config_file = argv[2]});
    if (!opened) return std::cerr << opened.error().message << '\n', 1;
    Host& host = **opened;
    const auto subscription = host.subscribe(print);

    for (const CommandReply& reply : host.command_all(Command::connect, 10s)) {
        std::cout << reply.message << '\n';
    }
    if (!ask(host, "one")) return 1;
    if (!ask(host, "two")) return 1;  // primary fails, as it is configured to

    const auto opened_breaker = host.set_breaker("primary", {}, BreakerCommand::force_open);
    if (!opened_breaker) return std::cerr << opened_breaker.error().message << '\n', 1;
    if (!ask(host, "three")) return 1;

    for (const ProviderStatus& status : host.status()) {
        std::cout << status.name << ": " << status.state << ", breaker " << status.breaker.state
                  << ", requests " << status.requests << ", failures " << status.failures << '\n';
    }
    for (const ProviderStatistics& each : host.statistics()) {
        std::cout << each.name << ": fail-overs " << each.fail_overs << ", p99 "
                  << each.attempt_time.p99.count() << " us\n";
    }
}
