#include "pool_model.hpp"

namespace tenon::core {
namespace {

std::string name(int number) {
    return " #" + std::to_string(number);
}

}  // namespace

PoolModel::Conn* PoolModel::find(int number) {
    for (auto& conn : conns_) {
        if (conn.number == number) return &conn;
    }
    return nullptr;
}

std::vector<int> PoolModel::in_state(State state) const {
    std::vector<int> numbers;
    for (const auto& conn : conns_) {
        if (conn.state == state) numbers.push_back(conn.number);
    }
    return numbers;
}

std::vector<int> PoolModel::all() const {
    std::vector<int> numbers;
    for (const auto& conn : conns_) numbers.push_back(conn.number);
    return numbers;
}

std::string PoolModel::gauges() const {
    std::size_t active = settings_.mode == ConnectionMode::stateless ? held_.size() : 0;
    std::size_t idle = 0;
    for (const auto& conn : conns_) {
        if (conn.state == State::open) ++(conn.calls > 0 ? active : idle);
    }
    return std::to_string(active) + " active, " + std::to_string(idle) + " idle, " +
           std::to_string(dialling().size()) + " connecting, " + std::to_string(waiting_.size()) +
           " waiting";
}

bool PoolModel::lendable(const Conn& conn) const {
    return conn.state == State::open && conn.doomed.empty() && conn.generation == generation_ &&
           conn.calls < settings_.calls_per_connection;
}

std::uint32_t PoolModel::fit(bool connecting_only) const {
    std::uint32_t fit = 0;
    for (const auto& conn : conns_) {
        const bool good = conn.doomed.empty() && !conn.aborted && conn.generation == generation_;
        if (good && (!connecting_only || conn.state == State::connecting)) ++fit;
    }
    return fit;
}

bool PoolModel::may_shrink() const {
    return fit() > settings_.min_idle;
}

PoolModel::Conn* PoolModel::oldest_idle() {
    Conn* oldest = nullptr;
    for (auto& conn : conns_) {
        if (!lendable(conn) || conn.calls > 0) continue;
        if (oldest == nullptr || conn.quiet < oldest->quiet) oldest = &conn;
    }
    return oldest;
}

PoolModel::Conn* PoolModel::choose(std::int64_t now) {
    for (;;) {
        Conn* newest = nullptr;
        for (auto& conn : conns_) {
            if (lendable(conn) && (newest == nullptr || conn.quiet > newest->quiet)) newest = &conn;
        }
        if (newest == nullptr) return nullptr;
        if (newest->expires <= now) {
            newest->doomed = "lifetime";
            if (newest->calls == 0) close_conn(newest->number, "lifetime");
        } else if (newest->calls == 0 && now - newest->quiet >= settings_.idle_timeout.count() &&
                   may_shrink()) {
            close_conn(oldest_idle()->number, "idle");
        } else {
            return newest;
        }
    }
}

bool PoolModel::can_lend(std::int64_t now) {
    if (settings_.mode == ConnectionMode::stateless) {
        return held_.size() < std::size_t{max_} * settings_.calls_per_connection;
    }
    return choose(now) != nullptr;
}

int PoolModel::lend(WaiterTag tag, std::int64_t now) {
    Conn* conn = settings_.mode == ConnectionMode::stateless ? nullptr : choose(now);
    if (conn != nullptr) ++conn->calls;
    held_.push_back({tag, conn == nullptr ? 0 : conn->number});
    return held_.back().conn;
}

void PoolModel::begin() {
    events_ = {};
}

PoolModel::Events PoolModel::end(std::int64_t now) {
    if (state_ == PoolState::ready) {
        while (!waiting_.empty() && can_lend(now)) {
            const Waiter head = waiting_.front();
            waiting_.erase(waiting_.begin());
            if (head.until <= now) {
                say_fail(head,
                         head.by_deadline ? PoolReason::deadline : PoolReason::acquire_timeout);
            } else {
                const int conn = lend(head.tag, now);
                events_.people.push_back("deliver " + std::to_string(head.tag) + name(conn));
            }
        }
        if (fit() - fit(true) >= warm_) warm_ = 0;
        while (settings_.mode != ConnectionMode::stateless && conns_.size() < max_ &&
               dialling().size() < settings_.max_connecting &&
               (std::uint64_t{fit(true)} * settings_.calls_per_connection < waiting_.size() ||
                fit() < settings_.min_idle || fit() < std::min(warm_, max_))) {
            conns_.push_back({++dials_ever_, State::connecting, now, kNever, generation_,
                              waiters_ever_, !waiting_.empty(), false, false, 0, 0, ""});
            events_.connections.push_back("dial" + name(dials_ever_));
        }
        bool surplus = false;
        for (const auto& conn : conns_) {
            surplus = surplus ||
                      (conn.state == State::connecting && conn.on_demand && !conn.aborted &&
                       conn.doomed.empty() && conn.generation == generation_ && waiting_.empty());
        }
        surplus_since_ = surplus ? std::min(surplus_since_, now) : kNever;
    } else if (state_ != PoolState::paused && conns_.empty() && held_.empty() && !told_drained_) {
        told_drained_ = true;
        events_.connections.push_back("drained");
    }
    std::sort(events_.connections.begin(), events_.connections.end());
    return events_;
}

void PoolModel::say_fail(const Waiter& waiter, PoolReason reason) {
    events_.people.push_back("fail " + std::to_string(waiter.tag) + " for " +
                             std::to_string(static_cast<int>(reason)));
}

void PoolModel::expire(std::int64_t now) {
    std::erase_if(waiting_, [&](const Waiter& waiter) {
        if (waiter.until > now) return false;
        say_fail(waiter, waiter.by_deadline ? PoolReason::deadline : PoolReason::acquire_timeout);
        return true;
    });
}

void PoolModel::close_conn(int number, const std::string& why) {
    events_.connections.push_back("close" + name(number) + " " + why);
    std::erase_if(conns_, [number](const Conn& conn) { return conn.number == number; });
}

void PoolModel::keep_or_close(Conn& conn, std::int64_t now) {
    if (conn.doomed.empty() && conn.generation != generation_) conn.doomed = retired_why_;
    if (conn.doomed.empty() && conn.expires <= now) conn.doomed = "lifetime";
    if (conn.doomed.empty() && conns_.size() > max_) conn.doomed = "surplus";
    if (!conn.doomed.empty() && conn.calls == 0) close_conn(conn.number, conn.doomed);
}

PoolModel::Events PoolModel::acquire(WaiterTag tag, std::int64_t deadline, std::int64_t now) {
    begin();
    if (state_ != PoolState::ready) {
        events_.people = {"rejected"};
        return end(now);
    }
    if (deadline < now) {
        events_.people = {"rejected"};
    } else if (waiting_.empty() && can_lend(now)) {
        events_.people = {"granted" + name(lend(tag, now))};
    } else if (deadline == now) {
        events_.people = {"rejected"};
    } else {
        if (waiting_.size() == settings_.max_waiting) expire(now);
        if (waiting_.size() == settings_.max_waiting) {
            events_.people.push_back("rejected");
            return end(now);
        }
        const std::int64_t timeout = now + settings_.acquire_timeout.count();
        waiting_.push_back(
            {tag, std::min(deadline, timeout), deadline <= timeout, ++waiters_ever_});
        events_.people.push_back("queued");
    }
    return end(now);
}

PoolModel::Events PoolModel::release(WaiterTag tag, Disposition disposition, std::int64_t now) {
    begin();
    if (std::erase_if(waiting_, [tag](const Waiter& waiter) { return waiter.tag == tag; }) > 0) {
        return end(now);
    }
    const auto found = std::find_if(held_.begin(), held_.end(),
                                    [tag](const Held& held) { return held.tag == tag; });
    if (found == held_.end()) return {{"stale"}, {}};
    const int number = found->conn;
    held_.erase(found);
    if (number == 0) return end(now);
    Conn& conn = *find(number);
    --conn.calls;
    if (disposition != Disposition::unused) conn.quiet = now;
    if (disposition == Disposition::reusable) conn.errors = 0;
    if (disposition == Disposition::suspect && ++conn.errors == 2 && conn.doomed.empty()) {
        conn.doomed = "errors";
    }
    if (disposition == Disposition::must_close && conn.doomed.empty()) conn.doomed = "not_reusable";
    if (!settings_.pooling && conn.doomed.empty()) conn.doomed = "unpooled";
    keep_or_close(conn, now);
    return end(now);
}

PoolModel::Events PoolModel::dial_succeeded(int number, std::int64_t now) {
    begin();
    Conn& conn = *find(number);
    conn.state = State::open;
    conn.aborted = false;
    conn.quiet = now;
    const auto lifetime = settings_.max_lifetime.count();
    conn.expires = lifetime > 0 ? now + lifetime : kNever;
    keep_or_close(conn, now);
    return end(now);
}

PoolModel::Events PoolModel::dial_failed(int number, std::int64_t now) {
    begin();
    const Conn conn = *find(number);
    std::erase_if(conns_, [number](const Conn& other) { return other.number == number; });
    const bool counts =
        conn.doomed.empty() && !conn.aborted && conn.generation == generation_ && fit() == 0;
    std::erase_if(waiting_, [&](const Waiter& waiter) {
        if (!counts || waiter.number > conn.waiters_before) return false;
        say_fail(waiter, PoolReason::dial_failed);
        return true;
    });
    return end(now);
}

bool PoolModel::begin_probe(int number) {
    Conn* conn = find(number);
    if (conn == nullptr || !lendable(*conn) || conn->calls > 0 || !probed().empty()) return false;
    conn->state = State::probing;
    return true;
}

PoolModel::Events PoolModel::probe_ended(int number, bool alive, std::int64_t now) {
    begin();
    Conn& conn = *find(number);
    conn.state = State::open;
    if (alive) conn.errors = 0;
    if (!alive && conn.doomed.empty()) conn.doomed = "probe_failed";
    keep_or_close(conn, now);
    return end(now);
}

PoolModel::Events PoolModel::evict(int number, std::int64_t now) {
    begin();
    Conn& conn = *find(number);
    if (conn.doomed.empty()) conn.doomed = "evicted";
    if (conn.state == State::open && conn.calls == 0) close_conn(number, conn.doomed);
    return end(now);
}

PoolModel::Events PoolModel::ready(std::int64_t now) {
    begin();
    if (state_ == PoolState::closed || state_ == PoolState::ready) return events_;
    state_ = PoolState::ready;
    warm_ = settings_.preconnect;
    return end(now);
}

void PoolModel::retire(PoolState next, const std::string& why, PoolReason reason) {
    state_ = next;
    retired_why_ = why;
    told_drained_ = false;
    ++generation_;
    warm_ = 0;
    surplus_since_ = kNever;
    for (const auto& waiter : waiting_) say_fail(waiter, reason);
    waiting_.clear();
    for (auto& conn : conns_) {
        if (conn.state == State::connecting && !conn.aborted) {
            conn.aborted = true;
            events_.connections.push_back("abort" + name(conn.number));
        }
        if (conn.state == State::open && conn.doomed.empty()) conn.doomed = why;
    }
    for (const int number : in_state(State::open)) {
        if (find(number)->calls == 0) close_conn(number, find(number)->doomed);
    }
}

void PoolModel::interrupt_busy() {
    for (auto& conn : conns_) {
        if ((conn.calls == 0 && conn.state != State::probing) || conn.interrupted) continue;
        conn.interrupted = true;
        events_.connections.push_back("interrupt" + name(conn.number));
    }
}

PoolModel::Events PoolModel::clear(bool interrupt, std::int64_t now) {
    begin();
    const auto was = state_;
    if (was == PoolState::ready) retire(PoolState::paused, "cleared", PoolReason::paused);
    if (interrupt) interrupt_busy();
    return end(now);
}

PoolModel::Events PoolModel::drain(std::int64_t now) {
    begin();
    if (state_ == PoolState::draining || state_ == PoolState::closed) return events_;
    retire(PoolState::draining, "shut_down", PoolReason::draining);
    return end(now);
}

PoolModel::Events PoolModel::close(bool interrupt, std::int64_t now) {
    begin();
    if (state_ != PoolState::closed) retire(PoolState::closed, "shut_down", PoolReason::closed);
    if (interrupt) interrupt_busy();
    return end(now);
}

PoolModel::Events PoolModel::resize(std::uint32_t max, std::int64_t now) {
    begin();
    max_ = max;
    while (conns_.size() > max_ && oldest_idle() != nullptr) {
        close_conn(oldest_idle()->number, "surplus");
    }
    return end(now);
}

PoolModel::Events PoolModel::drop_idle(std::int64_t now) {
    begin();
    for (const int number : in_state(State::probing)) {
        if (find(number)->doomed.empty()) find(number)->doomed = "evicted";
    }
    while (Conn* conn = oldest_idle()) close_conn(conn->number, "evicted");
    return end(now);
}

PoolModel::Events PoolModel::tick(std::int64_t now) {
    begin();
    expire(now);
    for (const int number : in_state(State::open)) {
        Conn& conn = *find(number);
        if (conn.expires > now) continue;
        if (conn.doomed.empty()) conn.doomed = "lifetime";
        if (conn.calls == 0) close_conn(number, conn.doomed);
    }
    while (Conn* conn = oldest_idle()) {
        if (now - conn->quiet < settings_.idle_timeout.count() || !may_shrink()) break;
        close_conn(conn->number, "idle");
    }
    end(now);
    if (surplus_since_ != kNever && now - surplus_since_ >= settings_.surplus_dial_grace.count()) {
        surplus_since_ = kNever;
        for (auto& conn : conns_) {
            if (conn.state != State::connecting || !conn.on_demand || conn.aborted) continue;
            if (!may_shrink()) break;
            conn.aborted = true;
            events_.connections.push_back("abort" + name(conn.number));
        }
    }
    std::sort(events_.connections.begin(), events_.connections.end());
    return events_;
}

std::int64_t PoolModel::due() const {
    std::int64_t due = kNever;
    for (const auto& waiter : waiting_) due = std::min(due, waiter.until);
    for (const auto& conn : conns_) {
        if (state_ != PoolState::ready || conn.state != State::open || !conn.doomed.empty())
            continue;
        due = std::min(due, conn.expires);
        if (lendable(conn) && conn.calls == 0 && may_shrink()) {
            due = std::min(due, conn.quiet + settings_.idle_timeout.count());
        }
    }
    if (surplus_since_ != kNever) {
        due = std::min(due, surplus_since_ + settings_.surplus_dial_grace.count());
    }
    return due == kNever ? -1 : due;
}

bool PoolModel::lost_wakeup(std::int64_t now) const {
    if (waiting_.empty() || state_ != PoolState::ready) return false;
    return std::any_of(conns_.begin(), conns_.end(),
                       [&](const Conn& conn) { return lendable(conn) && conn.expires > now; });
}

}  // namespace tenon::core
