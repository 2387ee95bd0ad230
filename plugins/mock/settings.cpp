#include "settings.hpp"

#include <algorithm>

namespace tenon::mock {
namespace {

/// Keeps `out` where the configuration says nothing.
template <class T>
void read_number(const JsonDocument& config, std::string_view pointer, T& out) {
    if (const auto value = config.integer(pointer)) out = T(*value);
}

Result<Behaviour::Kind> read_behaviour(const JsonDocument& config, std::string_view pointer) {
    using Kind = Behaviour::Kind;
    const std::string_view word = config.string(pointer).value_or("ok");
    if (word == "ok") return Kind::ok;
    if (word == "fail") return Kind::fail;
    if (word == "auth") return Kind::auth;
    if (word == "slow") return Kind::slow;
    return Error(Code::invalid, "the mock's \"" + std::string(pointer.substr(1)) +
                                    "\" must be ok, fail, auth or slow, not \"" +
                                    std::string(word) + "\"");
}

}  // namespace

std::chrono::nanoseconds Settings::token_gap() const noexcept {
    if (tokens_per_second <= 0) return {};
    // No slower than a token in a minute, so that the time of a long answer is still a number.
    constexpr double kLongest = 60;
    const double seconds = std::min(1 / tokens_per_second, kLongest);
    return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

Result<Settings> read_settings(const JsonDocument& config) {
    Settings out;
    if (const auto answer = config.string("/answer")) out.style.answer = *answer;
    read_number(config, "/tokens", out.style.tokens);
    out.style.reasoning = config.boolean("/reasoning").value_or(false);
    out.tokens_per_second = config.number("/tokens_per_second").value_or(0);
    read_number(config, "/latency_ms", out.latency);
    read_number(config, "/jitter_ms", out.jitter);
    read_number(config, "/dimensions", out.dimensions);
    if (config.has("/models")) out.models.clear();
    for (std::uint64_t i = 0; i < config.size("/models"); ++i) {
        if (auto model = config.find("/models/" + std::to_string(i))) {
            out.models.push_back(*std::move(model));
        }
    }

    const std::string_view fault = config.string("/fail_with").value_or("unavailable");
    const auto known = fault_from_name(fault);
    if (!known) {
        return Error(Code::invalid, "the mock's \"fail_with\" names no error or fault: \"" +
                                        std::string(fault) + "\"");
    }
    out.faults.fault = *known;
    read_number(config, "/fail_every", out.faults.every);
    out.faults.rate = config.number("/fail_rate").value_or(0);
    read_number(config, "/seed", out.faults.seed);
    read_number(config, "/fail_times", out.faults.times);

    const auto health = read_behaviour(config, "/health");
    if (!health) return health.error();
    const auto connect = read_behaviour(config, "/connect");
    if (!connect) return connect.error();
    out.health.kind = *health;
    out.connect.kind = *connect;
    read_number(config, "/health_times", out.health.times);
    read_number(config, "/connect_times", out.connect.times);
    read_number(config, "/slow_ms", out.slow);
    return out;
}

}  // namespace tenon::mock
