// What people decide, and how it outlives the process.

#include <utility>

#include "runtime/from_now.hpp"
#include "runtime/host_impl.hpp"
#include "runtime/provider_text.hpp"
#include "runtime/spawn.hpp"

namespace tenon::runtime {
namespace {

using std::chrono::milliseconds;

store::UnixMs to_unix(base::TimePoint time) {
    const auto wall = to_wall_clock(time).time_since_epoch();
    return std::chrono::duration_cast<milliseconds>(wall).count();
}

/// How long it is until then by the wall clock; negative if it has passed.
milliseconds time_until(store::UnixMs time) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto now_ms = std::chrono::duration_cast<milliseconds>(now).count();
    return milliseconds(time < now_ms ? -1 : time - now_ms);
}

Error not_kept(Error error) {
    error.message = "nothing was changed, because it cannot be kept: " + error.message;
    return error;
}

/// What a command that is not refused says of what is wanted.
template <class Wish>
Wish with_command(Wish wish, core::ConnectionCommand command,
                  const core::ForeseenCommand& foreseen) {
    switch (command) {
        case core::ConnectionCommand::enable:
        case core::ConnectionCommand::disable: wish.enabled = foreseen.after.enabled; break;
        case core::ConnectionCommand::connect:
        case core::ConnectionCommand::disconnect:
        case core::ConnectionCommand::disconnect_now: wish.wanted = foreseen.after.wanted; break;
        case core::ConnectionCommand::reconnect:
            if (foreseen.after.wanted != foreseen.before.wanted)
                wish.wanted = foreseen.after.wanted;
            break;
        case core::ConnectionCommand::recover: break;
    }
    return wish;
}

}  // namespace

// --- The file ------------------------------------------------------------------------------------

Result<void> HostImpl::open_state(const std::filesystem::path& file) {
    auto keeper = StateKeeper::open(file, log_);
    if (!keeper) return std::move(keeper).error();
    keeper_ = *std::move(keeper);
    for (const store::ProviderRecord& record : keeper_->restored().providers) {
        wishes_[record.provider] = {record.enabled, record.wanted};
        if (!record.cool_down_until) continue;
        const milliseconds left = time_until(*record.cool_down_until);
        if (left.count() > 0) cooling_down_[record.provider] = from_now(left);
    }
    standings_ = events_.subscribe([this](const core::Event& event) {
        const bool is_kept = event.kind == core::EventKind::connection_state ||
                             event.kind == core::EventKind::cool_down;
        if (!is_kept) return;
        if (const auto entry = known_entry(event.provider)) note_standing(**entry);
    });
    return {};
}

void HostImpl::close_state() {
    standings_.reset();
    if (!keeper_) return;
    for (const auto& entry : entries()) note_standing(*entry);
    keeper_.reset();
}

/// As it is by now, which may be later than the event that tells of it.
void HostImpl::note_standing(const ProviderEntry& entry) {
    if (!keeper_ || !entry.provider) return;
    const provider::ProviderReport report = entry.provider->report();
    const core::ConnectionReport& connection = report.connections.connection;
    store::Sighting sighting;
    sighting.provider = entry.name;
    if (connection.sequence > 0) {
        sighting.last =
            store::LastState{std::string(to_string(connection.state)),
                             std::string(to_string(connection.reason)), to_unix(connection.since)};
    }
    sighting.cool_down_until.emplace();
    if (const auto until = report.health.cool_down_until) {
        sighting.cool_down_until = to_unix(*until);
    }
    keeper_->note(std::move(sighting));
}

template <class T>
Result<T> HostImpl::with_state(StateJob<T> job) {
    if (!keeper_) return job(nullptr);
    return keeper_->call<T>([&](store::StateStore& store) { return job(&store); });
}

template <class T>
net::Awaitable<Result<T>> HostImpl::with_state(StateJob<T> job, std::size_t io_index) {
    if (!keeper_) co_return job(nullptr);
    std::function<Result<T>(store::StateStore&)> on_store = [job](store::StateStore& store) {
        return job(&store);
    };
    co_return co_await keeper_->ask<T>(std::move(on_store), io_.context(io_index));
}

template <class T>
void HostImpl::start_with_state(StateJob<T> job, std::function<void(Result<T>)> on_done) {
    spawn<T>([this, job = std::move(job)](
                 const auto&, std::size_t io_index) { return with_state(job, io_index); },
             std::move(on_done));
}

// --- Providers -----------------------------------------------------------------------------------

void HostImpl::apply_wish(const std::string& name, provider::ConnectionManagerSettings& settings) {
    const std::lock_guard deciding(deciding_);
    if (const auto wish = wishes_.find(name); wish != wishes_.end()) {
        settings.enabled = wish->second.enabled.value_or(settings.enabled);
        settings.wanted = wish->second.wanted.value_or(settings.wanted);
    }
    if (const auto until = cooling_down_.extract(name)) settings.cool_down_until = until.mapped();
}

Result<void> HostImpl::keep_wish(const std::string& name, const Wish& wish,
                                 store::StateStore* store) {
    Wish& known = wishes_[name];
    if (known == wish) return {};
    Result<void> kept;
    if (store != nullptr && wish.enabled && wish.enabled != known.enabled) {
        kept = store->set_enabled(name, *wish.enabled);
    }
    if (store != nullptr && kept && wish.wanted && wish.wanted != known.wanted) {
        kept = store->set_wanted(name, *wish.wanted);
    }
    if (!kept) return not_kept(std::move(kept).error());
    known = wish;
    return {};
}

Result<HostImpl::Decided> HostImpl::decide(const std::string& name, core::ConnectionCommand command,
                                           store::StateStore* store) {
    const std::lock_guard deciding(deciding_);
    auto entry = known_entry(name);  // the one of now, whichever was there when somebody asked
    if (!entry) return std::move(entry).error();
    if (!(*entry)->provider) return Decided{*entry, std::nullopt};
    provider::Provider& provider = *(*entry)->provider;
    for (;;) {
        const core::ForeseenCommand foreseen = provider.foresee(command);
        if (foreseen.reply.kind() == core::CommandReply::Kind::refused) {
            return Decided{*entry, foreseen.reply};
        }
        const Wish wish = with_command(wishes_[name], command, foreseen);
        if (auto kept = keep_wish(name, wish, store); !kept) return std::move(kept).error();
        // A request may have changed meanwhile what the command means.
        if (const auto reply = provider.command_if(command, foreseen.after)) {
            return Decided{*entry, *reply};
        }
    }
}

net::Awaitable<Result<HostImpl::Decided>> HostImpl::decided(std::string name,
                                                            core::ConnectionCommand command,
                                                            std::size_t io_index) {
    return with_state<Decided>(
        [this, name = std::move(name), command](store::StateStore* store) {
            return decide(name, command, store);
        },
        io_index);
}

// --- Pins ----------------------------------------------------------------------------------------

void HostImpl::restore_pins() {
    if (!keeper_) return;
    const std::lock_guard deciding(deciding_);
    wake_pins(keeper_->restored().pins);
}

void HostImpl::wake_pins(std::vector<store::PinRecord> pins) {
    for (store::PinRecord& record : pins) {
        const milliseconds left = record.until ? time_until(*record.until) : milliseconds::max();
        if (left.count() <= 0) {
            keeper_->post([model = record.model](store::StateStore& store) {
                static_cast<void>(store.unpin(model));
            });
            continue;
        }
        core::Pin pin;
        pin.model = record.model;
        pin.provider = record.provider;
        pin.force = record.force;
        if (record.until) pin.until = from_now(left);
        const auto pinned = router_.pin(pin);
        if (pinned) continue;
        log_.write(base::LogLevel::warn, "router",
                   "a pin of an earlier run has no effect: " + pinned.error().message);
        dormant_pins_.push_back(std::move(record));
    }
}

HostImpl::StateJob<void> HostImpl::pinning(const host::RoutePin& pin) {
    core::Pin made;
    made.model = pin.model;
    made.provider = pin.provider;
    made.force = pin.force;
    if (pin.duration.count() > 0) made.until = from_now(pin.duration);
    return [this, made, duration = pin.duration](store::StateStore* store) -> Result<void> {
        if (duration.count() < 0) {
            return Error(Code::invalid, "a pin cannot last less than no time");
        }
        return pin_kept(made, store);
    };
}

HostImpl::StateJob<bool> HostImpl::unpinning(std::string_view model) {
    return [this, model = std::string(model)](store::StateStore* store) {
        return unpin_kept(model, store);
    };
}

Result<void> HostImpl::pin_route(const host::RoutePin& pin) {
    return with_state<void>(pinning(pin));
}

Result<bool> HostImpl::unpin_route(std::string_view model) {
    return with_state<bool>(unpinning(model));
}

void HostImpl::start_pin_route(const host::RoutePin& pin,
                               std::function<void(Result<void>)> on_done) {
    start_with_state<void>(pinning(pin), std::move(on_done));
}

void HostImpl::start_unpin_route(std::string_view model,
                                 std::function<void(Result<bool>)> on_done) {
    start_with_state<bool>(unpinning(model), std::move(on_done));
}

Result<void> HostImpl::pin_kept(const core::Pin& pin, store::StateStore* store) {
    const std::lock_guard deciding(deciding_);
    if (store != nullptr) {
        core::RoutePins tried;
        auto sound = tried.pin(*table(), pin, base::steady_clock().now());
        if (!sound) return sound;
        store::PinRecord record{tried.all().back().model, pin.provider, {}, pin.force};
        if (pin.until != base::kNoDeadline) record.until = to_unix(pin.until);
        if (auto kept = store->pin(record); !kept) return not_kept(std::move(kept).error());
        std::erase_if(dormant_pins_, [&](const auto& old) { return old.model == record.model; });
    }
    return router_.pin(pin);
}

Result<bool> HostImpl::unpin_kept(std::string_view model, store::StateStore* store) {
    const std::lock_guard deciding(deciding_);
    bool found = false;
    if (store != nullptr) {
        const auto table = this->table();
        const auto match = table->find(model);
        const std::string route = match ? match->route->model : std::string(model);
        auto gone = store->unpin(route);
        if (!gone) return not_kept(std::move(gone).error());
        found = *gone;
        std::erase_if(dormant_pins_, [&](const auto& old) { return old.model == route; });
    }
    return router_.unpin(model) || found;
}

}  // namespace tenon::runtime
