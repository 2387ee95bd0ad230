#include "operations.hpp"

#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <utility>

namespace tenon::stress {
namespace {

using std::chrono::milliseconds;

/// A member of "providers"; `more` begins with a comma, or is empty.
std::string member(const std::string& name, const std::string& kind, const std::string& config,
                   const std::string& more) {
    return '"' + name + R"(":{"default_model":"mock-1","kind":")" + kind + R"(","config":)" +
           config + more + '}';
}

}  // namespace

std::string configuration() {
    // Everything is quick, so that much happens: breakers open and close, checks come and go.
    const std::string quick =
        R"("breaker":{"recovery":"20ms","window":"1s"},"timeouts":{"first_byte":"50ms",)"
        R"("idle":"50ms","queue":"200ms","connect":"200ms","health_check":"50ms"},)"
        R"("health":{"interval":"50ms","recheck":"20ms","min_gap":"5ms","cool_down":"10ms"},)"
        R"("connection":{"reconnect_delay":"10ms","drain_grace":"50ms"},)"
        R"("retry":{"request":{"backoff":{"base":"1ms","throttle_base":"2ms","cap":"20ms"}}})";
    const std::string few = R"(,"permits":{"limit":4,"queue":16})";
    const std::string pool = R"(,"pool":{"max_connections":3,"idle_timeout":"30ms"})";
    const std::string adaptive = R"(,"adaptive_limit":{"algorithm":"aimd","least":1,"most":20})";
    const std::string providers[] = {
        member("steady", "mock", "{}", ""),
        member("flaky", "mock", R"({"fail_rate":0.3,"fail_with":"unavailable","seed":7})",
               adaptive),
        member("silent", "mock", R"({"fail_rate":0.2,"fail_with":"silent","seed":8})", few),
        member("cut", "mock", R"({"fail_rate":0.3,"fail_with":"midstream","seed":9})", ""),
        member("pooled", "mock-session", R"({"latency_ms":1,"connect":"fail","connect_times":3})",
               pool),
        member("shared", "mock-mux", R"({"fail_rate":0.1,"fail_with":"overloaded","seed":10})",
               pool),
        member("blocking", "mock-blocking", R"({"latency_ms":1})", few),
    };
    std::string out = "{" + quick + R"(,"providers":{)";
    std::string targets;
    for (const std::string& provider : providers) {
        out += (&provider == providers ? "" : ",") + provider;
    }
    for (const char* name : kProviders) {
        targets += (targets.empty() ? "" : ",") + (R"({"provider":")" + std::string(name)) +
                   R"(","model":"mock-1"})";
    }
    return out + R"(},"routes":[{"model":"any","tiers":[[)" + targets + "]]}]}";
}

std::size_t Worker::below(std::size_t limit) noexcept {
    return static_cast<std::size_t>(random_.below(limit));
}

std::string Worker::provider() {
    return kProviders[below(kProviders.size())];
}

void Worker::step() {
    switch (below(100)) {
        case 0:
        case 1: return give_command();
        case 2: return steer();
        case 3: return look();
        default: break;
    }
    below(3) == 0 ? started_request() : request();
}

host::ChatRequest Worker::make_request() {
    host::ChatRequest request;
    if (below(4) == 0) {
        request.model = "any";  // a route over all of them
    } else {
        request.provider = provider();
    }
    request.messages.push_back({"user", "storm of words"});
    request.options.timeout = milliseconds(1 + below(below(3) == 0 ? 5 : 400));
    request.options.max_attempts = static_cast<int>(below(4));
    return request;
}

void Worker::count(const Result<host::ChatAnswer>& answer) {
    if (answer) {
        ++tally_.succeeded;
        if (answer->text != "You said: storm of words") ++tally_.wrong;
    } else if (answer.error().code == Code::cancelled) {
        ++tally_.cancelled;
    } else {
        ++tally_.failed;
        if (answer.error().message.empty()) ++tally_.wrong;
    }
}

/// Waits, and is cancelled in the middle now and then.
void Worker::request() {
    std::stop_source stop;
    std::size_t left = below(4) == 0 ? 1 + below(3) : 0;
    host::OnDelta on_delta;
    if (below(2) == 0) {
        on_delta = [&](const host::StreamDelta&) {
            if (left > 0 && --left == 0) stop.request_stop();
        };
    } else if (left > 2) {
        stop.request_stop();
    }
    count(host_.complete(make_request(), on_delta, stop.get_token()));
}

/// Starts it, and cancels it from here.
void Worker::started_request() {
    auto promise = std::make_shared<std::promise<Result<host::ChatAnswer>>>();
    auto ended = promise->get_future();
    const bool stream = below(2) == 0;
    const auto operation = host_.start_complete(
        make_request(), stream ? host::OnDelta([](const host::StreamDelta&) {}) : host::OnDelta(),
        [promise](Result<host::ChatAnswer> answer) { promise->set_value(std::move(answer)); });
    if (below(3) == 0) operation->cancel();
    count(ended.get());
}

void Worker::give_command() {
    static constexpr std::array kCommands = {
        host::Command::connect,   host::Command::connect,        host::Command::disconnect,
        host::Command::enable,    host::Command::disconnect_now, host::Command::disable,
        host::Command::reconnect, host::Command::recover,        host::Command::enable,
    };
    ++tally_.commands;
    const auto command = kCommands[below(kCommands.size())];
    const std::string name = provider();
    const auto reply = host_.command(name, command, milliseconds(below(5)));
    if (!reply || reply->message.empty()) ++tally_.wrong;
    // Or soon nobody would be left.
    static_cast<void>(host_.command(name, host::Command::enable));
    static_cast<void>(host_.command(name, host::Command::connect));
}

void Worker::steer() {
    ++tally_.commands;
    const std::string model = below(2) == 0 ? "" : "mock-1";
    switch (below(5)) {
        case 0:
            static_cast<void>(
                host_.set_breaker(provider(), model, host::BreakerCommand::force_open));
            break;
        case 1:
            static_cast<void>(
                host_.set_breaker(provider(), model, host::BreakerCommand::force_closed));
            break;
        case 2:
            static_cast<void>(host_.pin_route({"any", provider(), milliseconds(5), below(4) == 0}));
            return;
        case 3: static_cast<void>(host_.unpin_route("any")); return;
        default: break;
    }
    static_cast<void>(host_.set_breaker(provider(), {}, host::BreakerCommand::reset));
}

void Worker::look() {
    ++tally_.looks;
    if (below(4) == 0) {
        const auto subscription = host_.subscribe([](const host::Event&) {}, 1 + below(8));
        static_cast<void>(host_.status(true));
        return;
    }
    for (const auto& status : host_.status()) {
        if (status.permits.held > 200 || status.score < 0 || status.score > 100) ++tally_.wrong;
    }
    for (const auto& statistics : host_.statistics()) {
        // More cannot have ended than were started.
        if (statistics.attempts.in_flight() > 1'000'000) ++tally_.wrong;
    }
}

}  // namespace tenon::stress
