#include "pool_model.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

#include "core/pool.hpp"
#include "core/random.hpp"
#include "virtual_time.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Events = PoolModel::Events;
using Kind = PoolAction::Kind;

/// A pool, in the words of its model.
class Subject {
public:
    Subject(const PoolSettings& settings, std::uint64_t seed) : pool_(settings, Random(seed)) {}

    /// Runs `event(pool, actions)`, which returns a word about its outcome or nothing, and tells
    /// what followed. Probes that began are left in `probes`.
    template <class Event>
    Events after(Event&& event) {
        actions_.clear();
        probes.clear();
        const std::string word = event(pool_, actions_);
        Events events;
        for (const auto& action : actions_) add(events, action);
        if (!word.empty()) events.people.push_back(word);
        std::sort(events.connections.begin(), events.connections.end());
        return events;
    }

    [[nodiscard]] std::string name(ConnId conn) { return " #" + std::to_string(numbers_[conn]); }
    [[nodiscard]] ConnId conn(int number) const {
        for (const auto& [conn, known] : numbers_) {
            if (known == number) return conn;
        }
        return kNoConn;
    }
    [[nodiscard]] const Pool& pool() const { return pool_; }
    [[nodiscard]] std::string gauges() const {
        const auto report = pool_.report();
        return std::to_string(report.active) + " active, " + std::to_string(report.idle) +
               " idle, " + std::to_string(report.connecting) + " connecting, " +
               std::to_string(report.waiting) + " waiting";
    }

    std::vector<int> probes;

private:
    void add(Events& events, const PoolAction& action) {
        const std::string tag = std::to_string(action.tag);
        switch (action.kind) {
            case Kind::dial:
                numbers_.emplace(action.conn, static_cast<int>(numbers_.size()) + 1);
                events.connections.push_back("dial" + name(action.conn));
                break;
            case Kind::deliver:
                events.people.push_back("deliver " + tag +
                                        (action.conn == kNoConn ? " #0" : name(action.conn)));
                break;
            case Kind::fail:
                events.people.push_back("fail " + tag + " for " +
                                        std::to_string(static_cast<int>(action.reason)));
                break;
            case Kind::close:
                events.connections.push_back("close" + name(action.conn) + " " +
                                             std::string(to_string(action.why)));
                break;
            case Kind::abort_dial: events.connections.push_back("abort" + name(action.conn)); break;
            case Kind::interrupt:
                events.connections.push_back("interrupt" + name(action.conn));
                break;
            case Kind::drained: events.connections.emplace_back("drained"); break;
            case Kind::probe: probes.push_back(numbers_[action.conn]); break;
        }
    }

    Pool pool_;
    PoolActions actions_;
    std::map<ConnId, int> numbers_;
};

std::string text(const Events& events) {
    std::string text;
    for (const auto& line : events.people) text += line + "; ";
    text += "| ";
    for (const auto& line : events.connections) text += line + "; ";
    return text;
}

PoolSettings random_settings(Random& random) {
    PoolSettings settings;
    settings.mode = static_cast<ConnectionMode>(random.below(8) == 0 ? 0 : 1 + random.below(2));
    settings.max_connections = static_cast<std::uint32_t>(1 + random.below(5));
    if (settings.mode == ConnectionMode::multiplexed) {
        settings.calls_per_connection = static_cast<std::uint32_t>(2 + random.below(3));
    }
    settings.pooling = random.below(10) != 0;
    if (settings.pooling && random.below(2) == 0) {
        settings.min_idle = static_cast<std::uint32_t>(random.below(settings.max_connections));
        settings.preconnect = static_cast<std::uint32_t>(random.below(settings.max_connections));
    }
    settings.max_connecting = static_cast<std::uint32_t>(1 + random.below(3));
    settings.max_waiting = static_cast<std::uint32_t>(1 + random.below(8));
    settings.acquire_timeout = std::chrono::milliseconds(20 + random.below(60));
    settings.idle_timeout = std::chrono::milliseconds(30 + random.below(100));
    settings.max_lifetime = std::chrono::milliseconds(random.below(2) * (50 + random.below(300)));
    if (random.below(2) == 0) {
        settings.keepalive_interval = std::chrono::milliseconds(5 + random.below(50));
    }
    settings.dial_backoff = 1ms;
    settings.dial_backoff_max = 1ms;
    // Which of several dials is aborted when some are needed is the pool's affair.
    settings.surplus_dial_grace =
        settings.min_idle > 0 ? 1h : std::chrono::milliseconds(5 + random.below(40));
    return settings;
}

/// The events of one seed.
class Run {
public:
    explicit Run(std::uint64_t seed)
        : seed_(seed),
          random_(seed),
          settings_(random_settings(random_)),
          model_(settings_),
          subject_(settings_, seed) {}

    void run() {
        BOOST_TEST_REQUIRE(settings_.validate().has_value());
        ready();
        for (step_ = 0; step_ < 400; ++step_) {
            now_ += 2 + static_cast<std::int64_t>(random_.below(6));
            one_event();
        }
        wind_up();
    }

private:
    [[nodiscard]] base::TimePoint time(std::int64_t ms) const {
        return at(std::chrono::milliseconds(ms));
    }

    template <class Event>
    void compare(const Events& expected, Event&& event) {
        const Events found = subject_.after(std::forward<Event>(event));
        BOOST_TEST_CONTEXT("seed " << seed_ << ", step " << step_) {
            BOOST_TEST_REQUIRE(text(found) == text(expected));
            for (const int probe : subject_.probes) BOOST_TEST_REQUIRE(model_.begin_probe(probe));
            BOOST_TEST_REQUIRE(subject_.gauges() == model_.gauges());
            BOOST_TEST_REQUIRE(subject_.pool().report().probing == model_.probed().size());
            BOOST_TEST_REQUIRE(!model_.lost_wakeup(now_));
            const auto due = model_.due();
            BOOST_TEST_REQUIRE((due < 0 || subject_.pool().next_tick() <= time(due)));
            if (!shrunk_) {
                BOOST_TEST_REQUIRE(settings_.max_connections >= model_.all().size());  // P1
            }
        }
    }

    void one_event() {
        const auto choice = random_.below(1000);
        if (choice < 350) {
            acquire();
        } else if (choice < 650) {
            release();
        } else if (choice < 800) {
            dial_ends();
        } else if (choice < 850) {
            probe_ends();
        } else if (choice < 960) {
            tick();
        } else {
            rare(choice);
        }
    }

    void acquire() {
        const WaiterTag tag = leases_.size();
        const auto deadline = now_ + static_cast<std::int64_t>(random_.below(120)) - 2;
        compare(model_.acquire(tag, deadline, now_), [&](Pool& pool, PoolActions& actions) {
            const auto acquired = pool.acquire(tag, time(deadline), time(now_), actions);
            leases_.push_back(acquired.lease);
            if (acquired.outcome == Pool::Outcome::queued) return std::string("queued");
            if (acquired.outcome == Pool::Outcome::rejected) return std::string("rejected");
            return acquired.conn == kNoConn ? "granted #0"
                                            : "granted" + subject_.name(acquired.conn);
        });
    }

    void release() {
        if (leases_.empty()) return;
        const auto recent = std::min<std::size_t>(leases_.size(), 14);
        const auto back = random_.below(random_.below(10) == 0 ? leases_.size() : recent);
        const auto drawn = random_.below(10);
        release(leases_.size() - 1 - back, drawn < 6   ? Disposition::reusable
                                           : drawn < 8 ? Disposition::unused
                                           : drawn < 9 ? Disposition::suspect
                                                       : Disposition::must_close);
    }
    void release(WaiterTag tag, Disposition disposition) {
        compare(model_.release(tag, disposition, now_), [&](Pool& pool, PoolActions& actions) {
            const bool known = pool.release(leases_[tag], disposition, time(now_), actions);
            return std::string(known ? "" : "stale");
        });
    }

    void dial_ends() {
        const auto dialling = model_.dialling();
        if (dialling.empty()) return;
        dial_ends(dialling[random_.below(dialling.size())], random_.below(4) != 0);
    }
    void dial_ends(int number, bool well) {
        compare(well ? model_.dial_succeeded(number, now_) : model_.dial_failed(number, now_),
                [&](Pool& pool, PoolActions& actions) {
                    const ConnId conn = subject_.conn(number);
                    const bool known =
                        well ? pool.dial_succeeded(conn, 0, time(now_), actions)
                             : pool.dial_failed(conn, Error(Code::unavailable, "Refused."),
                                                time(now_), actions);
                    return std::string(known ? "" : "unknown");
                });
    }

    void probe_ends() {
        const auto probed = model_.probed();
        if (probed.empty()) return;
        const bool alive = random_.below(4) != 0;
        compare(model_.probe_ended(probed[0], alive, now_), [&](Pool& pool, PoolActions& actions) {
            const bool known =
                pool.probe_ended(subject_.conn(probed[0]), alive, time(now_), actions);
            return std::string(known ? "" : "unknown");
        });
    }

    void tick() {
        compare(model_.tick(now_), [&](Pool& pool, PoolActions& actions) {
            pool.tick(time(now_), actions);
            return std::string();
        });
        BOOST_TEST_REQUIRE((subject_.pool().next_tick() > time(now_)), "seed " << seed_);
    }

    void ready() {
        compare(model_.ready(now_), [&](Pool& pool, PoolActions& actions) {
            pool.ready(time(now_), actions);
            return std::string();
        });
    }

    void rare(std::uint64_t choice) {
        const bool flag = random_.below(2) == 0;
        if (choice < 970) {
            const auto all = model_.all();
            if (all.empty()) return;
            const int number = all[random_.below(all.size())];
            compare(model_.evict(number, now_), [&](Pool& pool, PoolActions& actions) {
                pool.evict(subject_.conn(number), time(now_), actions);
                return std::string();
            });
        } else if (choice < 976) {
            compare(model_.clear(flag, now_), [&](Pool& pool, PoolActions& actions) {
                pool.clear(flag, time(now_), actions);
                return std::string();
            });
        } else if (choice < 990) {
            ready();
        } else if (choice < 992) {
            compare(model_.drain(now_), [&](Pool& pool, PoolActions& actions) {
                pool.drain(time(now_), actions);
                return std::string();
            });
        } else if (choice < 995) {
            compare(model_.drop_idle(now_), [&](Pool& pool, PoolActions& actions) {
                pool.drop_idle(time(now_), actions);
                return std::string();
            });
        } else {
            const auto max = static_cast<std::uint32_t>(
                std::max<std::uint64_t>(settings_.min_idle, 1) + random_.below(6));
            shrunk_ = true;
            compare(model_.resize(max, now_), [&](Pool& pool, PoolActions& actions) {
                pool.resize(max, time(now_), actions);
                return std::string();
            });
        }
    }

    // Whatever happened, in the end all is zero and was said once.
    void wind_up() {
        now_ += 10;
        compare(model_.close(true, now_), [&](Pool& pool, PoolActions& actions) {
            pool.close(true, time(now_), actions);
            return std::string();
        });
        for (WaiterTag tag = 0; tag < leases_.size(); ++tag) {
            now_ += 2;
            release(tag, Disposition::reusable);
        }
        for (const int number : model_.dialling()) {
            now_ += 2;
            dial_ends(number, true);
        }
        now_ += 2;
        probe_ends();
        BOOST_TEST_REQUIRE(subject_.pool().report().total() == 0U, "seed " << seed_);
        BOOST_TEST_REQUIRE(subject_.pool().report().waiting == 0U, "seed " << seed_);
    }

    std::uint64_t seed_;
    Random random_;
    PoolSettings settings_;
    PoolModel model_;
    Subject subject_;
    std::int64_t now_ = 0;
    int step_ = -1;
    bool shrunk_ = false;
    std::vector<Ticket> leases_;  ///< by tag
};

BOOST_AUTO_TEST_SUITE(pool_model)

// P1, P2, P3, P5, P7, P10, P14, P15, P16, P17, P20, D3, D4, D5
BOOST_AUTO_TEST_CASE(random_events_have_the_effects_of_the_plain_model) {
    for (std::uint64_t seed = 1; seed <= 500; ++seed) Run(seed).run();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
