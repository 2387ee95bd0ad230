#include "balance.hpp"

#include <chrono>
#include <cstdio>
#include <thread>

namespace tenon::stress {
namespace {

void compare(std::vector<std::string>& out, const std::string& what, std::uint64_t is,
             std::uint64_t shall_be) {
    if (is == shall_be) return;
    out.push_back(what + " is " + std::to_string(is) + ", not " + std::to_string(shall_be));
}

void check(std::vector<std::string>& out, const std::string& name,
           const host::CallStatistics& calls) {
    compare(out, name + ": started", calls.started,
            calls.succeeded + calls.failed + calls.cancelled + calls.rejected);
    std::uint64_t by_code = 0;
    for (const auto& [code, count] : calls.failed_by_code) by_code += count;
    compare(out, name + ": failed by code", by_code, calls.failed);
}

std::vector<std::string> imbalance(host::Host& host) {
    std::vector<std::string> out;
    for (const host::ProviderStatus& status : host.status()) {
        compare(out, status.name + ": permits held", status.permits.held, 0);
        compare(out, status.name + ": permits waited for", status.permits.waiting, 0);
        compare(out, status.name + ": connections active", status.pool.active, 0);
        compare(out, status.name + ": connections waited for", status.pool.waiting, 0);
        compare(out, status.name + ": attempts in flight", status.in_flight, 0);
        compare(out, status.name + ": calls unfinished", status.unfinished, 0);
        compare(out, status.name + ": misbehaviours", status.misbehaviours, 0);
    }
    for (const host::ProviderStatistics& statistics : host.statistics()) {
        check(out, statistics.name + " requests", statistics.requests);
        check(out, statistics.name + " attempts", statistics.attempts);
    }
    return out;
}

}  // namespace

std::vector<std::string> find_imbalance(host::Host& host) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
        auto found = imbalance(host);
        if (found.empty() || std::chrono::steady_clock::now() > patience) return found;
        std::this_thread::yield();
    }
}

void print_statistics(const host::Host& host) {
    std::printf("%-9s %8s %8s %8s %8s %8s %8s %8s %6s %6s %6s\n", "provider", "requests",
                "attempts", "ok", "failed", "cancel", "reject", "retries", "trips", "conns",
                "checks");
    for (const host::ProviderStatistics& s : host.statistics()) {
        const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
        std::printf("%-9s %8llu %8llu %8llu %8llu %8llu %8llu %8llu %6llu %6llu %6llu\n",
                    s.name.c_str(), number(s.requests.started), number(s.attempts.started),
                    number(s.attempts.succeeded), number(s.attempts.failed),
                    number(s.attempts.cancelled), number(s.attempts.rejected), number(s.retries),
                    number(s.breaker_trips), number(s.connects), number(s.health_checks));
    }
}

}  // namespace tenon::stress
