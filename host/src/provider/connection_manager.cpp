#include "provider/connection_manager.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "provider/connection_section.hpp"

namespace tenon::provider {

ConnectionManager::ConnectionManager(std::string name,
                                     std::shared_ptr<ConnectionOperations> operations,
                                     const ConnectionManagerSettings& settings,
                                     const base::Clock& clock, net::IoThreads& io,
                                     Listener listener)
    : name_(std::move(name)),
      operations_(std::move(operations)),
      settings_(settings),
      clock_(clock),
      io_(io),
      listener_(std::move(listener)),
      upkeep_waker_(std::make_shared<IoWaker>(io.context(0))),
      machine_(settings.connection, settings.enabled, settings.wanted),
      health_(settings.health, settings.seed),
      pool_(settings.pool, core::Random(settings.seed + 1)),
      permits_(settings.permits),
      silent_(settings.silent) {
    assert(settings.connection.stateless ==
           (settings.pool.mode == core::ConnectionMode::stateless));
    if (settings.adaptive.algorithm != core::LimitAlgorithm::off) limit_.emplace(settings.adaptive);
    show_face();
}

void ConnectionManager::start() {
    Section section(*this);
    section.spawn([this](std::size_t) { return upkeep(); }, 0);
    health_.resume_cool_down(settings_.cool_down_until, section.now);
    tell_cool_down(section);
    core::ConnectionSteps steps;
    machine_.start(section.now, steps);
    apply(steps, section);
}

core::CommandReply ConnectionManager::command(core::ConnectionCommand command) {
    Section section(*this);
    return obey(command, section);
}

core::ForeseenCommand ConnectionManager::foresee(core::ConnectionCommand command) const {
    const std::lock_guard lock(mutex_);
    return machine_.foresee(command, clock_.now());
}

std::optional<core::CommandReply> ConnectionManager::command_if(core::ConnectionCommand command,
                                                                const core::Intent& expected) {
    Section section(*this);
    if (machine_.foresee(command, section.now).after != expected) return std::nullopt;
    return obey(command, section);
}

core::CommandReply ConnectionManager::obey(core::ConnectionCommand command, Section& section) {
    core::ConnectionSteps steps;
    const bool was_enabled = machine_.report().enabled;
    const core::CommandReply reply = machine_.command(command, section.now, steps);
    if (const bool enabled = machine_.report().enabled; enabled != was_enabled) {
        tell(EnabledChange{enabled});
    }
    apply(steps, section);
    if (command == core::ConnectionCommand::recover &&
        reply.kind() != core::CommandReply::Kind::refused) {
        apply(health_.recover(section.now), section);
        tell_cool_down(section);
    }
    look_again(section);  // what is wanted may have changed, and no more than that
    return reply;
}

ConnectionNewsSeen ConnectionManager::fall_silent() {
    const Section section(*this);
    silent_ = true;
    const core::ConnectionReport& now = machine_.report();
    return {now.state, now.enabled, cooling_down_, health_.state()};
}

void ConnectionManager::introduce(const ConnectionNewsSeen& before) {
    const Section section(*this);
    silent_ = false;
    const core::ConnectionReport& now = machine_.report();
    if (now.enabled != before.enabled) tell(EnabledChange{now.enabled});
    if (now.state != before.state) {
        tell(core::ConnectionTransition{.sequence = now.sequence,
                                        .from = before.state,
                                        .to = now.state,
                                        .reason = core::TransitionReason::reloaded,
                                        .time = section.now});
    }
    if (health_.state() != before.health) {
        tell(core::HealthTransition{
            .from = before.health, .to = health_.state(), .time = section.now});
    }
    if (cooling_down_ != before.cools_down) tell(CoolDown{cooling_down_});
}

void ConnectionManager::request_ended(const core::Verdict& verdict,
                                      std::optional<std::int64_t> retry_after_ms,
                                      Section& section) {
    health_.request_ended(verdict, retry_after_ms, section.now);
    tell_cool_down(section);
}

/// Each refusal prolongs a cool-down without a hint by a little; those who write it down are not
/// told each time.
constexpr auto kWorthTelling = std::chrono::seconds(1);

void ConnectionManager::tell_cool_down(Section& section) {
    const bool cools_down = health_.is_cooling_down(section.now);
    const bool same = cools_down == std::exchange(cooling_down_, cools_down);
    const base::TimePoint until = health_.cool_down_until();
    const bool longer = same && cools_down && until - told_cool_down_until_ >= kWorthTelling;
    if (same && !longer) return;
    told_cool_down_until_ = until;
    tell(CoolDown{cools_down, longer});
}

bool ConnectionManager::connection_lost(ConnHandle conn) {
    Section section(*this);
    const auto known = conns_.find(conn);
    if (known == conns_.end()) return false;
    if (known->second.id == core::kNoConn) {
        if (conn == spare_) drop_spare(section);
        return true;  // else it is a check's, which closes it soon
    }
    core::PoolActions actions;
    pool_.evict(known->second.id, section.now, actions);
    apply(actions, section);
    return true;
}

// --- Upkeep --------------------------------------------------------------------------------------

base::TimePoint ConnectionManager::next_wake() const noexcept {
    const base::TimePoint cooled_down =
        cooling_down_ ? health_.cool_down_until() : base::kNoDeadline;
    return std::min({machine_.report().wake, health_.next_wake(), pool_.next_tick(),
                     permits_.next_tick(), cooled_down});
}

void ConnectionManager::tick(Section& section) {
    core::ConnectionSteps steps;
    const std::uint64_t dial = machine_.report().dial;
    machine_.tick(section.now, steps);
    if (dial != 0 && machine_.report().dial != dial) {
        Error late(Code::deadline,
                   "provider " + name_ + ": no connection within timeouts.connect (" +
                       std::to_string(settings_.connection.connect_timeout.count()) + " ms)");
        late.retryable = true;
        late.not_sent = true;
        dial_failed(late, section);
    }
    apply(steps, section);

    const core::HealthSteps health = health_.tick(section.now);
    if (health.abandoned != 0) {
        last_error_ = Error(Code::deadline, "the health check did not end in time");
    }
    apply(health, section);
    tell_cool_down(section);
    core::PoolActions pool;
    pool_.tick(section.now, pool);
    apply(pool, section);
    core::PermitActions permits;
    permits_.tick(section.now, permits);
    apply(permits, section);
}

/// Does what is due, and tells the listener what has happened.
net::Awaitable<void> ConnectionManager::upkeep() {
    for (bool over = false;;) {
        std::vector<ConnectionNews> news;
        base::TimePoint until;
        {
            Section section(*this);
            tick(section);
            over = stopping_ && machine_.report().state == core::ConnectionState::disconnected;
            news.swap(undelivered_);
            until = upkeep_until_ = next_wake();
        }
        if (listener_) {
            for (const ConnectionNews& piece : news) listener_(piece);
        }
        if (over) co_return;
        co_await upkeep_waker_->wait(until);
    }
}

net::Awaitable<void> ConnectionManager::probe(base::TimePoint deadline, std::size_t io_index,
                                              std::shared_ptr<CancelSignal> cancel) {
    const auto self = shared_from_this();
    const auto waker = std::make_shared<IoWaker>(io_.context(io_index));
    if (!cancel) cancel = std::make_shared<CancelSignal>();
    cancel->attach(waker);
    std::uint64_t before = 0;
    for (bool first = true;; first = false) {
        {
            Section section(*this);
            if (first) {
                before = checks_over_;
                apply(health_.request_check(section.now), section);
                const base::TimePoint soon = section.now + settings_.health.min_gap;
                if (!check_ && health_.next_wake() > soon) break;
            }
            if (checks_over_ != before || section.now >= deadline || cancel->cancelled()) break;
            probers_.push_back(waker);
        }
        co_await waker->wait(deadline);
    }
    cancel->attach(nullptr);
}

bool ConnectionManager::is_moving(base::TimePoint now) const noexcept {
    const core::ConnectionReport& report = machine_.report();
    if (report.state != core::ConnectionState::unhealthy) {
        return report.state == core::ConnectionState::connecting ||
               report.state == core::ConnectionState::disconnecting;
    }
    return report.dial != 0 || check_ || health_.next_wake() <= now + settings_.health.min_gap;
}

net::Awaitable<core::ConnectionReport> ConnectionManager::settled(
    base::TimePoint deadline, std::shared_ptr<CancelSignal> cancel, std::size_t io_index) {
    const auto self = shared_from_this();
    const auto waker = std::make_shared<IoWaker>(io_.context(io_index));
    cancel->attach(waker);
    core::ConnectionReport report;
    for (;;) {
        {
            Section section(*this);
            report = machine_.report();
            if (!is_moving(section.now) || section.now >= deadline || cancel->cancelled()) break;
            watchers_.push_back(waker);
        }
        co_await waker->wait(deadline);
    }
    cancel->attach(nullptr);
    co_return report;
}

bool ConnectionManager::shut_down(base::Duration limit) {
    {
        Section section(*this);
        stopping_ = true;
        core::ConnectionSteps steps;
        machine_.shut_down(section.now, steps);
        apply(steps, section);
        look_again(section);
        core::PermitActions permits;
        permits_.close(section.now, permits);
        apply(permits, section);
        section.wake(upkeep_waker_);
    }
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] {
        return running_ == 0 && calls_.empty() && pool_.report().total() == 0;
    });
}

void ConnectionManager::job_ended() noexcept {
    const std::lock_guard lock(mutex_);
    if (--running_ == 0) changed_.notify_all();
}

// --- Reports -------------------------------------------------------------------------------------

ConnectionManager::Report ConnectionManager::report() const {
    const std::lock_guard lock(mutex_);
    return {machine_.report(), pool_.report(), permits_.report(), last_error_};
}

core::HealthStatus ConnectionManager::health(core::BreakerState breaker) const {
    const std::lock_guard lock(mutex_);
    return health_.status(clock_.now(), breaker);
}

void ConnectionManager::show_face() noexcept {
    constexpr auto relaxed = std::memory_order_relaxed;
    face_admission_.store(machine_.admit(), relaxed);
    face_cool_down_.store(health_.cool_down_until(), relaxed);
    face_permits_.store(permits_.limit(), relaxed);
    face_permits_left_.store(permits_.held() < permits_.limit(), relaxed);
    face_score_.store(health_.score(core::BreakerState::closed), relaxed);
}

ConnectionFace ConnectionManager::face() const noexcept {
    constexpr auto relaxed = std::memory_order_relaxed;
    return {.admission = face_admission_.load(relaxed),
            .cool_down_until = face_cool_down_.load(relaxed),
            .connected_since = face_connected_.load(relaxed),
            .permits = face_permits_.load(relaxed),
            .permits_left = face_permits_left_.load(relaxed),
            .score = face_score_.load(relaxed)};
}

}  // namespace tenon::provider
