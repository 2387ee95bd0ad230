#include "support/fake_names.hpp"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>

namespace tenon::test {
namespace {

using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

std::mutex mutex;
std::condition_variable changed;
std::optional<Gate> blocked_gate;
int blocked = 0;

int from_library(const char* host, const char* service, const addrinfo* hints, addrinfo** out) {
    static const auto function = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return function(host, service, hints, out);
}

void wait_at_gate() {
    std::optional<Gate> gate;
    {
        const std::lock_guard lock(mutex);
        ++blocked;
        gate = blocked_gate;
        changed.notify_all();
    }
    if (gate) static_cast<void>(gate->wait());
}

// Both lists come from the library, so that freeaddrinfo() can free what was joined.
int look_up_two(const char* service, const addrinfo* hints, addrinfo** out) {
    addrinfo* second = nullptr;
    if (const int failed = from_library("127.0.0.1", service, hints, &second)) return failed;
    if (const int failed = from_library("127.0.0.2", service, hints, out)) return failed;
    addrinfo* last = *out;
    while (last->ai_next != nullptr) last = last->ai_next;
    last->ai_next = second;
    return 0;
}

}  // namespace

void set_name_gate(Gate gate) {
    const std::lock_guard lock(mutex);
    blocked_gate = std::move(gate);
    blocked = 0;
}

bool wait_for_blocked_lookups(int at_least) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kPatience, [&] { return blocked >= at_least; });
}

}  // namespace tenon::test

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints,
                           addrinfo** out) {
    using namespace tenon::test;
    const std::string_view name = host == nullptr ? "" : host;
    if (!name.ends_with(".test")) return from_library(host, service, hints, out);
    if (name == "two.test") return look_up_two(service, hints, out);
    if (name != "blocked.test") return EAI_NONAME;
    wait_at_gate();
    return from_library("127.0.0.1", service, hints, out);
}
