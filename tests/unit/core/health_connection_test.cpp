#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <vector>

#include "core/breaker.hpp"
#include "core/connection_state.hpp"
#include "health_rig.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using State = ConnectionState;

/// What a server does with a connection, and with a check on it.
struct Server {
    std::function<bool(base::Duration)> accepts = [](base::Duration) { return true; };
    std::function<std::optional<Error>(base::Duration)> answers = [](base::Duration) {
        return std::nullopt;
    };
};

/// Machine and monitor joined as the provider layer joins them, in virtual time. A dial and a check
/// take a second each.
class Provider {
public:
    explicit Provider(Server server) : server_(std::move(server)) {}

    void tell(ConnectionCommand command) {
        ConnectionSteps steps;
        static_cast<void>(machine_.command(command, now_, steps));
        if (command == ConnectionCommand::recover) take(monitor_.recover(now_));
        take(steps);
    }

    void run_until(base::Duration time) {
        for (int events = 0;; ++events) {
            BOOST_REQUIRE_LT(events, 100'000);  // instead of an endless loop
            const auto next = std::min({dial_ ? dial_->at : base::kNoDeadline,
                                        check_ ? check_->at : base::kNoDeadline,
                                        machine_.report().wake, monitor_.next_wake()});
            if (next > at(time)) break;
            now_ = std::max(now_, next);
            ConnectionSteps steps;
            if (dial_ && dial_->at <= now_) {
                const Pending dial = *std::exchange(dial_, std::nullopt);
                if (dial.error) {
                    machine_.dial_failed(dial.id, false, now_, steps);
                } else {
                    machine_.dial_succeeded(dial.id, now_, steps);
                }
                take(steps);
            } else if (check_ && check_->at <= now_) {
                const Pending check = *std::exchange(check_, std::nullopt);
                take(monitor_.check_done(check.id, {.error = check.error ? &*check.error : nullptr},
                                         now_));
            } else if (machine_.report().wake <= now_) {
                machine_.tick(now_, steps);
                take(steps);
            } else {
                take(monitor_.tick(now_));
            }
        }
        now_ = at(time);
    }

    [[nodiscard]] State state() const { return machine_.report().state; }
    [[nodiscard]] bool admits() const {
        return machine_.admit().kind == ConnectionAdmission::Kind::yes;
    }
    [[nodiscard]] bool is_quiet() const {
        return machine_.report().wake == base::kNoDeadline &&
               monitor_.next_wake() == base::kNoDeadline && !dial_ && !check_;
    }

    std::vector<base::Duration> dials;
    std::vector<base::Duration> checks;
    std::vector<ConnectionTransition> transitions;

private:
    struct Pending {
        base::TimePoint at;
        std::uint64_t id;
        std::optional<Error> error;
    };

    void take(const HealthSteps& health) {
        if (health.abandoned != 0) check_.reset();
        ConnectionSteps steps;
        machine_.health(health.verdict, now_, steps);
        take(steps);
        if (!health.check) return;
        checks.push_back(now_ - at(0s));
        std::optional<Error> error;
        if (!server_.accepts(checks.back())) {
            error = refused_connection();
        } else {
            error = server_.answers(checks.back());
        }
        check_ = Pending{now_ + 1s, health.check->id, error};
        if (!health.check->periodic) return;
        ConnectionSteps more;
        machine_.health_tick(now_, more);
        take(more);
    }

    void take(const ConnectionSteps& steps) {
        using Kind = ConnectionStep::Kind;
        for (const ConnectionStep& step : steps) {
            switch (step.kind) {
                case Kind::publish: publish(step.transition); break;
                case Kind::start_dial:
                    BOOST_TEST(!dial_.has_value());  // one at a time
                    dials.push_back(now_ - at(0s));
                    dial_ = Pending{now_ + 1s, step.dial,
                                    server_.accepts(dials.back())
                                        ? std::nullopt
                                        : std::optional(refused_connection())};
                    break;
                case Kind::cancel_dial: dial_.reset(); break;
                case Kind::start_check: take(monitor_.verify(now_)); break;
                case Kind::start_drain: {
                    ConnectionSteps more;
                    machine_.drained(step.generation, now_, more);
                    take(more);
                    break;
                }
                default: break;
            }
        }
    }

    void publish(const ConnectionTransition& transition) {
        transitions.push_back(transition);
        if (transition.from == State::disconnected) take(monitor_.start(now_));
        const bool ends =
            transition.to == State::disconnecting || transition.to == State::disconnected;
        if (ends) take(monitor_.stop(now_));
    }

    Server server_;
    ConnectionMachine machine_{{}, true, WantedState::on_demand};
    HealthMonitor monitor_{exact(), 1};
    base::TimePoint now_ = at(0s);
    std::optional<Pending> dial_;
    std::optional<Pending> check_;
};

using Times = std::vector<base::Duration>;

BOOST_AUTO_TEST_SUITE(health_connection)

BOOST_AUTO_TEST_CASE(a_provider_that_works_is_dialled_once_and_checked_every_interval) {
    Provider provider({});
    provider.tell(ConnectionCommand::connect);
    provider.run_until(100s);
    BOOST_TEST(provider.admits());
    BOOST_TEST((provider.dials == Times{0s}));
    BOOST_TEST((provider.checks == Times{0s, 30s, 60s, 90s}));
}

// H5, H6
BOOST_AUTO_TEST_CASE(a_server_that_goes_down_is_dialled_in_cycles_that_begin_with_ticks) {
    Provider provider({.accepts = [](base::Duration now) { return now < 100s; }});
    provider.tell(ConnectionCommand::connect);
    provider.run_until(200s);
    // Checks at 120, 126 and 132 s fail; each attempt begins 5 s after the end of the last.
    BOOST_TEST((provider.dials == Times{0s, 133s, 139s, 145s, 162s, 168s, 174s, 192s, 198s}));
    BOOST_TEST((provider.state() == State::unhealthy));
    BOOST_TEST(!provider.admits());
}

BOOST_AUTO_TEST_CASE(a_server_that_comes_back_is_connected_again_after_one_check) {
    for (auto back = 150s; back < 260s; back += 7s) {
        Provider provider(
            {.accepts = [&](base::Duration now) { return now < 100s || now >= back; }});
        provider.tell(ConnectionCommand::connect);
        provider.run_until(back - 1s);
        BOOST_TEST((provider.state() == State::unhealthy));
        provider.run_until(back + 32s);
        BOOST_TEST((provider.state() == State::connected));
        BOOST_TEST((provider.transitions.back().reason == TransitionReason::check_passed));
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_is_down_at_first_is_found_when_it_comes_up) {
    Provider provider({.accepts = [](base::Duration now) { return now >= 1000s; }});
    provider.tell(ConnectionCommand::connect);
    provider.run_until(999s);
    BOOST_TEST((provider.state() == State::unhealthy));
    provider.run_until(1032s);
    BOOST_TEST((provider.state() == State::connected));
}

// H7
BOOST_AUTO_TEST_CASE(a_server_that_accepts_and_never_answers_is_not_connected_again) {
    Provider provider({.answers = [](base::Duration now) {
        return now < 100s ? std::nullopt : std::optional(refused_connection());
    }});
    provider.tell(ConnectionCommand::connect);
    provider.run_until(24h);
    BOOST_TEST((provider.state() == State::unhealthy));
    BOOST_TEST((provider.transitions.back().time - at(0s) < 200s));  // and did not flap
    // One dial at each tick: what was dialled is renewed, no storm.
    BOOST_TEST(provider.dials.size() <= 24U * 3600U / 30U + 2U);
}

// H9
BOOST_AUTO_TEST_CASE(refused_credentials_lead_to_no_storm_of_dials_or_checks) {
    Provider provider({.answers = [](base::Duration now) {
        return now < 100s || now > 30h ? std::nullopt : std::optional(answered(Code::auth, 401));
    }});
    provider.tell(ConnectionCommand::connect);
    provider.run_until(30h);
    BOOST_TEST((provider.state() == State::unhealthy));
    BOOST_TEST(provider.is_quiet());
    BOOST_TEST(provider.dials.size() == 1U);
    BOOST_TEST(provider.checks.size() == 5U);

    provider.run_until(31h);
    provider.tell(ConnectionCommand::recover);
    provider.run_until(31h + 5s);
    BOOST_TEST(provider.admits());
}

// H15
BOOST_AUTO_TEST_CASE(after_disconnect_nothing_is_left_to_wait_for) {
    for (auto moment = 0ms; moment < 140s; moment += 1'700ms) {
        Provider provider({.accepts = [](base::Duration now) { return now < 40s; }});
        provider.tell(ConnectionCommand::connect);
        provider.run_until(moment);
        provider.tell(ConnectionCommand::disconnect);
        BOOST_TEST((provider.state() == State::disconnected));
        BOOST_TEST(provider.is_quiet());
    }
}

// H14
BOOST_AUTO_TEST_CASE(a_check_that_passes_does_not_close_an_open_breaker) {
    Breaker breaker({}, at(0s), 1);
    for (int i = 0; i < 5; ++i) {
        static_cast<void>(breaker.record(breaker.admit(at(1s)).permit, Outcome::failure, at(1s)));
    }
    HealthRig rig(exact());
    rig.start();
    rig.run_until(2s);
    BOOST_TEST((rig.monitor.state() == HealthState::healthy));
    const auto state = breaker.snapshot(rig.now).state;
    BOOST_TEST((state == BreakerState::open));
    BOOST_TEST(!breaker.admit(rig.now));
    BOOST_TEST(rig.monitor.status(rig.now, state).score == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
