#include <chrono>
#include <utility>

#include "core/connection_state.hpp"
#include "runtime/from_now.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/provider_text.hpp"
#include "runtime/spawn.hpp"

// What people do to providers and routes.
namespace tenon::runtime {
namespace {

core::ConnectionCommand to_core(host::Command command) noexcept {
    switch (command) {
        case host::Command::connect: return core::ConnectionCommand::connect;
        case host::Command::disconnect: return core::ConnectionCommand::disconnect;
        case host::Command::disconnect_now: return core::ConnectionCommand::disconnect_now;
        case host::Command::enable: return core::ConnectionCommand::enable;
        case host::Command::disable: return core::ConnectionCommand::disable;
        case host::Command::reconnect: return core::ConnectionCommand::reconnect;
        case host::Command::recover: break;
    }
    return core::ConnectionCommand::recover;
}

host::CommandReply::Kind to_host(core::CommandReply::Kind kind) noexcept {
    switch (kind) {
        case core::CommandReply::Kind::accepted: return host::CommandReply::Kind::accepted;
        case core::CommandReply::Kind::already: return host::CommandReply::Kind::already;
        case core::CommandReply::Kind::refused: break;
    }
    return host::CommandReply::Kind::refused;
}

/// Of a provider that could not be made.
host::CommandReply refusal(const ProviderEntry& entry) {
    return {entry.name, host::CommandReply::Kind::refused, entry.problem.message, "misconfigured"};
}

/// Of a command that came to nothing.
host::CommandReply failure(const ProviderEntry& entry, Error error) {
    return {entry.name, host::CommandReply::Kind::refused, std::move(error.message),
            entry.provider ? state_name(entry.provider->report()) : "misconfigured"};
}

}  // namespace

net::Awaitable<Result<host::CommandReply>> HostImpl::carry_out(
    std::string name, host::Command command, std::chrono::milliseconds patience,
    std::shared_ptr<provider::CancelSignal> cancel, std::size_t io_index) {
    const Result<Decided> decided = co_await this->decided(name, to_core(command), io_index);
    if (!decided) co_return decided.error();
    const ProviderEntry& entry = *decided->entry;
    if (!decided->reply) co_return refusal(entry);
    const core::CommandReply reply = *decided->reply;
    host::CommandReply out;
    out.provider = entry.name;
    out.kind = to_host(reply.kind());
    const bool waits = patience.count() > 0 && reply.kind() != core::CommandReply::Kind::refused;
    if (waits) {
        co_await entry.provider->settled(from_now(patience), std::move(cancel), io_index);
    }
    const provider::ProviderReport report = entry.provider->report();
    out.state = state_name(report);
    out.message = reply_text(reply, waits, entry.name, report);
    co_return out;
}

Result<host::CommandReply> HostImpl::command(std::string_view provider, host::Command command,
                                             std::chrono::milliseconds patience,
                                             std::stop_token stop) {
    if (auto entry = find_entry(provider); !entry) return std::move(entry).error();
    return wait_for<host::CommandReply>(
        [this, name = std::string(provider), command, patience](auto cancel, std::size_t io_index) {
            return carry_out(name, command, patience, std::move(cancel), io_index);
        },
        std::move(stop));
}

std::shared_ptr<host::Operation> HostImpl::start_command(
    std::string_view provider, host::Command command, std::chrono::milliseconds patience,
    std::function<void(Result<host::CommandReply>)> on_done) {
    auto task = [this, entry = find_entry(provider), command, patience](
                    auto cancel,
                    std::size_t io_index) -> net::Awaitable<Result<host::CommandReply>> {
        if (!entry) co_return entry.error();
        co_return co_await carry_out((*entry)->name, command, patience, std::move(cancel),
                                     io_index);
    };
    return start_operation<host::CommandReply>(std::move(task), std::move(on_done));
}

std::vector<host::CommandReply> HostImpl::command_all(host::Command command,
                                                      std::chrono::milliseconds patience,
                                                      std::stop_token stop) {
    const auto all = entries();
    auto results = wait_for_all<host::CommandReply>(
        all,
        [this, command, patience](const auto& entry, auto cancel, std::size_t io_index) {
            return carry_out(entry->name, command, patience, std::move(cancel), io_index);
        },
        std::move(stop));
    std::vector<host::CommandReply> out;
    for (std::size_t i = 0; i < all.size(); ++i) {
        out.push_back(results[i] ? *std::move(results[i])
                                 : failure(*all[i], std::move(results[i]).error()));
    }
    return out;
}

Result<void> HostImpl::set_breaker(std::string_view provider, std::string_view model,
                                   host::BreakerCommand command) {
    auto entry = find(provider);
    if (!entry) return std::move(entry).error();
    provider::Breakers& breakers = (*entry)->provider->breakers();
    const auto now = base::steady_clock().now();
    switch (command) {
        case host::BreakerCommand::force_open: return breakers.force_open(model, now);
        case host::BreakerCommand::force_closed: return breakers.force_closed(model, now);
        case host::BreakerCommand::reset: break;
    }
    breakers.reset(model, now);
    return {};
}

std::vector<host::RouteInfo> HostImpl::routes() const {
    const auto table = this->table();
    const core::RoutePins pins = router_.pins();
    const auto now = base::steady_clock().now();
    std::vector<host::RouteInfo> out;
    for (const core::Route& route : table->routes()) {
        host::RouteInfo info;
        info.model = route.model;
        for (const core::Tier& tier : route.tiers) {
            auto& targets = info.tiers.emplace_back();
            for (const core::Target& target : tier.targets) {
                targets.push_back(
                    {table->providers()[target.provider], target.model, target.weight});
            }
        }
        if (const auto pin = pins.find(*table, route, now)) {
            info.pinned_to = table->providers()[pin->provider];
            info.pin_forced = pin->force;
        }
        out.push_back(std::move(info));
    }
    return out;
}

}  // namespace tenon::runtime
