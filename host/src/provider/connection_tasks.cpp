#include <utility>

#include "provider/connection_manager.hpp"
#include "provider/connection_section.hpp"

// What ConnectionManager has under way: dials, checks, closes.
namespace tenon::provider {

/// Takes notice of a connection that was made. A plugin that brings one twice would have it closed
/// twice.
Result<ConnHandle> ConnectionManager::admitted(Result<ConnHandle> made) {
    if (!made || (*made != 0 && conns_.try_emplace(*made).second)) return made;
    return Error(Code::internal,
                 *made == 0 ? "the plugin reported a connection but brought none; report it to the "
                              "plugin's author"
                            : "the plugin brought a connection that is in use already; report it "
                              "to the plugin's author");
}

void ConnectionManager::close(ConnHandle conn, Section& section) {
    conns_.erase(conn);
    section.post([operations = operations_, conn] { operations->disconnect(conn); });
}

void ConnectionManager::drop_spare(Section& section) {
    if (spare_ != 0) close(std::exchange(spare_, 0), section);
}

// --- The machine's dial --------------------------------------------------------------------------

void ConnectionManager::start_dial(const core::ConnectionStep& step, Section& section) {
    dial_ = Task{step.dial, std::make_shared<CancelSignal>()};
    section.spawn([this, task = *dial_, deadline = step.deadline](std::size_t io_index) {
        return dial(task, deadline, io_index);
    });
}

void ConnectionManager::cancel_dial(Section& section) {
    if (dial_) section.cancel(std::exchange(dial_, std::nullopt)->cancel);
}

net::Awaitable<void> ConnectionManager::dial(Task task, base::TimePoint deadline,
                                             std::size_t io_index) {
    auto made = co_await operations_->connect(task.cancel, deadline, io_index);
    Section section(*this);
    const Result<ConnHandle> conn = admitted(std::move(made));
    if (!dial_ || dial_->id != task.id) {  // it was given up
        if (conn) close(*conn, section);
        co_return;
    }
    dial_.reset();
    core::ConnectionSteps steps;
    if (conn) {
        drop_spare(section);
        spare_ = *conn;
        machine_.dial_succeeded(task.id, section.now, steps);
    } else {
        dial_failed(conn.error(), section);
        const bool misconfigured = core::blames_configuration(conn.error());
        machine_.dial_failed(task.id, misconfigured, section.now, steps);
    }
    apply(steps, section);
}

void ConnectionManager::dial_failed(const Error& error, Section& section) {
    last_error_ = error;
    fail_who_waits_for_state(error, section);
    wake_watchers(section);
}

// --- The pool's dials and probes -----------------------------------------------------------------

void ConnectionManager::start_pool_dial(core::ConnId id, Section& section) {
    const Task task{id, std::make_shared<CancelSignal>()};
    pool_dials_.emplace(id, task.cancel);
    section.spawn([this, task](std::size_t io_index) { return pool_dial(task, io_index); });
}

net::Awaitable<void> ConnectionManager::pool_dial(Task task, std::size_t io_index) {
    const base::TimePoint deadline = clock_.now() + settings_.connection.connect_timeout;
    auto made = co_await operations_->connect(task.cancel, deadline, io_index);
    Section section(*this);
    const Result<ConnHandle> conn = admitted(std::move(made));
    pool_dials_.erase(task.id);
    core::PoolActions actions;
    if (conn) {
        conns_[*conn].id = task.id;
        pool_.dial_succeeded(task.id, *conn, section.now, actions);
    } else {
        dial_told_ = false;
        pool_.dial_failed(task.id, conn.error(), section.now, actions);
        if (!task.cancel->cancelled()) {
            const core::AttemptEnd end{.error = &conn.error()};
            request_ended(core::judge(end), conn.error().retry_after_ms, section);
        }
    }
    apply(actions, section);
}

/// The pool probes one at a time.
void ConnectionManager::start_probe(core::ConnId id, ConnHandle conn, Section& section) {
    probe_ = Task{conn, std::make_shared<CancelSignal>()};
    section.spawn([this, task = Task{id, probe_->cancel}, conn](std::size_t io_index) {
        return probe_idle(task, conn, io_index);
    });
}

net::Awaitable<void> ConnectionManager::probe_idle(Task task, ConnHandle conn,
                                                   std::size_t io_index) {
    const base::TimePoint deadline = clock_.now() + settings_.health.timeout;
    const auto alive = co_await operations_->check(conn, task.cancel, deadline, io_index);
    Section section(*this);
    probe_.reset();
    core::PoolActions actions;
    pool_.probe_ended(task.id, alive.has_value(), section.now, actions);
    apply(actions, section);
}

// --- The monitor's checks ------------------------------------------------------------------------

void ConnectionManager::start_check(const core::CheckStart& start, Section& section) {
    check_ = Task{start.id, std::make_shared<CancelSignal>()};
    section.spawn([this, task = *check_, deadline = start.deadline](std::size_t io_index) {
        return check(task, deadline, io_index);
    });
}

net::Awaitable<Result<std::string>> ConnectionManager::check_once(
    std::shared_ptr<CancelSignal> cancel, base::TimePoint deadline, std::size_t io_index) {
    const auto self = shared_from_this();
    struct Running {
        ConnectionManager& manager;
        ~Running() { manager.job_ended(); }
    };
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) co_return refusal(core::AdmissionReason::shutting_down);
        ++running_;
    }
    const Running running{*this};
    // A connection of its own, beside the pool: a saturated pool does not look sick.
    ConnHandle conn = 0;
    Result<std::string> version{std::string()};
    if (!settings_.connection.stateless) {
        auto made = co_await operations_->connect(cancel, deadline, io_index);
        const std::lock_guard lock(mutex_);
        if (auto fresh = admitted(std::move(made))) {
            conn = *fresh;
        } else {
            version = std::move(fresh).error();
        }
    }
    if (version) version = co_await operations_->check(conn, cancel, deadline, io_index);
    if (conn != 0) {
        Section section(*this);
        close(conn, section);
    }
    co_return version;
}

net::Awaitable<void> ConnectionManager::check(Task task, base::TimePoint deadline,
                                              std::size_t io_index) {
    const auto version = co_await check_once(task.cancel, deadline, io_index);
    Section section(*this);
    if (!check_ || check_->id != task.id) co_return;  // it was given up
    check_.reset();
    core::CheckEnd end;
    if (version) {
        end.server_version = *version;
    } else {
        last_error_ = version.error();
        end.error = &version.error();
        if (end.error->code == Code::deadline) end.stop = core::Stop::attempt_timeout;
    }
    apply(health_.check_done(task.id, end, section.now), section);
    tell_cool_down(section);
    check_over(section);
}

void ConnectionManager::check_over(Section& section) {
    ++checks_over_;
    for (const auto& prober : std::exchange(probers_, {})) section.wake(prober);
    wake_watchers(section);
}

void ConnectionManager::wake_watchers(Section& section) {
    for (const auto& watcher : std::exchange(watchers_, {})) section.wake(watcher);
}

}  // namespace tenon::provider
