#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/permits.hpp"
#include "core/random.hpp"
#include "virtual_time.hpp"

namespace tenon::core {
namespace {

using namespace std::chrono_literals;
using Log = std::vector<std::string>;

std::string grant_of(WaiterTag tag) {
    return "grant " + std::to_string(tag);
}
std::string fail_of(WaiterTag tag, PermitReason reason) {
    return "fail " + std::to_string(tag) + " " + std::to_string(static_cast<int>(reason));
}

/// What Permits ought to do, as plainly as it can be said: two lists of callers.
class Model {
public:
    Model(std::uint32_t limit, std::size_t queue, base::Duration queue_timeout)
        : limit_(limit), queue_(queue), queue_timeout_(queue_timeout) {}

    Log acquire(WaiterTag tag, base::TimePoint deadline, base::TimePoint now) {
        log_.clear();
        if (closed_) {
            log_ = {"rejected closed"};
        } else if (deadline < now) {
            log_ = {"rejected deadline"};
        } else if (waiting_.empty() && held_.size() < limit_) {
            held_.push_back(tag);
            log_ = {"granted"};
        } else if (deadline == now) {
            log_ = {"rejected deadline"};
        } else {
            if (waiting_.size() == queue_) fail_late(now);
            if (waiting_.size() == queue_) {
                log_.push_back("rejected full");
            } else {
                waiting_.push_back({tag, deadline, now});
                log_.push_back("queued");
            }
        }
        return log_;
    }

    Log release(WaiterTag tag, base::TimePoint now) {
        log_.clear();
        const auto has_tag = [tag](const Waiter& waiter) { return waiter.tag == tag; };
        if (std::erase(held_, tag) + std::erase_if(waiting_, has_tag) == 0) return {"stale"};
        serve(now);
        return log_;
    }

    Log tick(base::TimePoint now) {
        log_.clear();
        fail_late(now);
        return log_;
    }

    Log resize(std::uint32_t limit, base::TimePoint now) {
        log_.clear();
        limit_ = limit;
        serve(now);
        return log_;
    }

    Log close() {
        log_.clear();
        closed_ = true;
        for (const auto& waiter : waiting_) {
            log_.push_back(fail_of(waiter.tag, PermitReason::closed));
        }
        waiting_.clear();
        return log_;
    }

    std::size_t held() const { return held_.size(); }
    std::size_t waiting() const { return waiting_.size(); }
    std::optional<base::TimePoint> first_end() const {
        std::optional<base::TimePoint> first;
        for (const auto& waiter : waiting_) {
            first = first ? std::min(*first, end_of(waiter)) : end_of(waiter);
        }
        return first;
    }

private:
    struct Waiter {
        WaiterTag tag;
        base::TimePoint deadline;
        base::TimePoint since;
    };

    base::TimePoint end_of(const Waiter& waiter) const {
        return std::min(waiter.deadline, waiter.since + queue_timeout_);
    }
    bool fails(const Waiter& waiter, base::TimePoint now) {
        if (now < end_of(waiter)) return false;
        const bool deadline = waiter.deadline <= waiter.since + queue_timeout_;
        log_.push_back(
            fail_of(waiter.tag, deadline ? PermitReason::deadline : PermitReason::queue_timeout));
        return true;
    }
    void fail_late(base::TimePoint now) {
        std::erase_if(waiting_, [&](const Waiter& waiter) { return fails(waiter, now); });
    }
    void serve(base::TimePoint now) {
        while (held_.size() < limit_ && !waiting_.empty()) {
            const Waiter head = waiting_.front();
            waiting_.erase(waiting_.begin());
            if (fails(head, now)) continue;
            held_.push_back(head.tag);
            log_.push_back(grant_of(head.tag));
        }
    }

    std::uint32_t limit_;
    std::size_t queue_;
    base::Duration queue_timeout_;
    bool closed_ = false;
    std::vector<WaiterTag> held_;
    std::vector<Waiter> waiting_;
    Log log_;
};

/// The same calls to Permits, in the words of the model's log.
class Subject {
public:
    explicit Subject(const PermitSettings& settings) : permits_(settings) {}

    Log acquire(WaiterTag tag, base::TimePoint deadline, base::TimePoint now) {
        PermitActions actions;
        const auto admission = permits_.acquire(tag, deadline, now, actions);
        tickets_.push_back(admission.permit);
        Log log = words(actions);
        log.push_back(word(admission));
        return log;
    }
    Log release(WaiterTag tag, base::TimePoint now) {
        PermitActions actions;
        if (!permits_.release(tickets_[tag], now, actions)) return {"stale"};
        return words(actions);
    }
    Log tick(base::TimePoint now) {
        PermitActions actions;
        permits_.tick(now, actions);
        return words(actions);
    }
    Log resize(std::uint32_t limit, base::TimePoint now) {
        PermitActions actions;
        permits_.resize(limit, now, actions);
        return words(actions);
    }
    Log close(base::TimePoint now) {
        PermitActions actions;
        permits_.close(now, actions);
        return words(actions);
    }
    const Permits& permits() const { return permits_; }

private:
    static std::string word(const Permits::Admission& admission) {
        if (admission.outcome == Permits::Outcome::granted) return "granted";
        if (admission.outcome == Permits::Outcome::queued) return "queued";
        if (admission.reason == PermitReason::closed) return "rejected closed";
        return admission.reason == PermitReason::deadline ? "rejected deadline" : "rejected full";
    }
    Log words(const PermitActions& actions) const {
        Log log;
        for (const auto& action : actions) {
            BOOST_TEST(action.permit == tickets_[action.tag]);
            log.push_back(action.kind == PermitAction::Kind::grant
                              ? grant_of(action.tag)
                              : fail_of(action.tag, action.reason));
        }
        return log;
    }

    Permits permits_;
    std::vector<Ticket> tickets_;  ///< by tag
};

std::string joined(const Log& log) {
    std::string text;
    for (const auto& line : log) text += line + "; ";
    return text;
}

void run(std::uint64_t seed) {
    Random random(seed);
    PermitSettings settings;
    settings.permits = static_cast<std::uint32_t>(1 + random.below(6));
    settings.queue = static_cast<std::uint32_t>(random.below(8));
    settings.queue_timeout = std::chrono::milliseconds(5 + random.below(40));
    settings.predict_wait = false;  // it has its own tests
    Model model(settings.permits, settings.queue, settings.queue_timeout);
    Subject subject(settings);
    auto now = at(0ms);
    WaiterTag tags = 0;

    for (int step = 0; step < 300; ++step) {
        now += std::chrono::milliseconds(random.below(4));
        Log expected;
        Log found;
        const auto choice = random.below(1000);
        if (choice < 450 || tags == 0) {
            const auto deadline = now + std::chrono::milliseconds(random.below(60)) - 2ms;
            expected = model.acquire(tags, deadline, now);
            found = subject.acquire(tags++, deadline, now);
        } else if (choice < 900) {
            // Mostly late ones, sometimes one that is long gone.
            const auto back = random.below(random.below(10) == 0 ? tags : std::min(tags, 12UL));
            expected = model.release(tags - 1 - back, now);
            found = subject.release(tags - 1 - back, now);
        } else if (choice < 960) {
            expected = model.tick(now);
            found = subject.tick(now);
        } else if (choice < 999) {
            const auto limit = static_cast<std::uint32_t>(1 + random.below(8));
            expected = model.resize(limit, now);
            found = subject.resize(limit, now);
        } else {
            expected = model.close();
            found = subject.close(now);
        }
        BOOST_TEST_CONTEXT("seed " << seed << ", step " << step) {
            BOOST_TEST_REQUIRE(joined(found) == joined(expected));
            const auto report = subject.permits().report();
            BOOST_TEST_REQUIRE(report.held == model.held());
            BOOST_TEST_REQUIRE(report.waiting == model.waiting());
            // A tick may come too early, never too late.
            const auto first_end = model.first_end();
            BOOST_TEST_REQUIRE(
                (subject.permits().next_tick() <= first_end.value_or(base::kNoDeadline)));
            BOOST_TEST_REQUIRE(
                (first_end.has_value() || subject.permits().next_tick() == base::kNoDeadline));
        }
    }
    for (WaiterTag tag = 0; tag < tags; ++tag) subject.release(tag, now);
    BOOST_TEST_REQUIRE(subject.permits().report().held == 0U, "seed " << seed);
    BOOST_TEST_REQUIRE(subject.permits().report().waiting == 0U, "seed " << seed);
}

BOOST_AUTO_TEST_SUITE(permits_model)

// S1, S2, S3, S4, S6, S7, S8, S10
BOOST_AUTO_TEST_CASE(random_events_have_the_effects_of_the_plain_model) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) run(seed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
