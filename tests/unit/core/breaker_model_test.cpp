#include "breaker_model.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>

#include "breaker_support.hpp"
#include "core/random.hpp"

namespace tenon::core {
namespace {

using namespace breaker_tests;

/// a admit; s, f, i report success, failure or ignored for the newest permit, S, F, I for the
/// oldest; t time passes (`argument` ms); k timer tick; r reset, o force open, c force closed,
/// d disable
struct Step {
    char what = 'a';
    std::int64_t argument = 0;
};

/// A breaker and its model, side by side.
class Pair {
public:
    explicit Pair(const BreakerSettings& settings) : model(settings), subject_(settings) {}

    [[nodiscard]] bool applies(char what) const {
        return std::string("sfi").find(what) != std::string::npos   ? !permits_.empty()
               : std::string("SFI").find(what) != std::string::npos ? permits_.size() > 1
                                                                    : true;
    }

    void run(const Step& step) {
        subject_.events.clear();
        difference_.clear();
        model.events.clear();
        if (!applies(step.what)) return;
        switch (step.what) {
            case 'a': return admit();
            case 's': return record(permits_.size() - 1, Outcome::success);
            case 'f': return record(permits_.size() - 1, Outcome::failure);
            case 'i': return record(permits_.size() - 1, Outcome::ignored);
            case 'S': return record(0, Outcome::success);
            case 'F': return record(0, Outcome::failure);
            case 'I': return record(0, Outcome::ignored);
            case 't':
                now_ += step.argument;
                subject_.now += milliseconds(step.argument);
                return;
            case 'k': model.tick(now_); return subject_.note(subject_.breaker.tick(subject_.now));
            case 'r':
                model.by_hand(settings_state_, now_);
                return subject_.note(subject_.breaker.reset(subject_.now));
            case 'o':
                model.by_hand(BreakerState::forced_open, now_);
                return subject_.note(subject_.breaker.force_open(subject_.now));
            case 'c':
                model.by_hand(BreakerState::forced_closed, now_);
                return subject_.note(subject_.breaker.force_closed(subject_.now));
            case 'd':
                model.by_hand(BreakerState::disabled, now_);
                return subject_.note(subject_.breaker.disable(subject_.now));
            default: BOOST_FAIL("no such step");
        }
    }

    /// In what the two differ after the last step; empty = in nothing.
    [[nodiscard]] std::string difference() {
        compare_events();
        const BreakerSnapshot look = subject_.look();
        same("state", to_string(look.state), to_string(model.state));
        same("generation", look.generation, model.generation);
        same("failures", look.counts.failures, model.count(true, now_));
        same("successes", look.counts.successes, model.count(false, now_));
        same("retry_after", whole(look.retry_after), model.retry_after(now_));
        same("retry_after alone", whole(subject_.breaker.retry_after(subject_.now)),
             whole(look.retry_after));
        same("probes", look.probes_in_flight, static_cast<int>(model.probes.size()));
        same("probe successes", look.probe_successes, model.successes);
        same("reopens", look.reopens, model.reopens);
        same("trips", look.trips, model.trips);
        same("repairs", look.repairs, model.repairs);
        same("rejected", look.rejected, model.rejected);
        same("late", look.late, model.late);
        return difference_;
    }

    Model model;

private:
    static std::int64_t whole(base::Duration wait) {
        return wait == kNotByItself ? -1 : ms(wait).count();
    }

    template <class A, class B>
    void same(const char* what, const A& is, const B& should_be) {
        if (is == should_be) return;
        std::ostringstream text;
        text << what << " is " << is << ", not " << should_be << "; ";
        difference_ += text.str();
    }

    void admit() {
        const Model::Answer expected = model.admit(now_);
        Admission admission = subject_.admission();
        same("admitted", static_cast<bool>(admission), expected.permit.has_value());
        same("wait", whole(admission.retry_after), expected.retry_after);
        if (!admission || !expected.permit) return;
        same("is a probe", admission.permit.is_probe(), expected.permit->probe != 0);
        same("permit", admission.permit.generation(), expected.permit->generation);
        permits_.emplace_back(std::move(admission.permit), *expected.permit);
    }

    void record(std::size_t index, Outcome outcome) {
        auto permit = std::move(permits_[index]);
        permits_.erase(permits_.begin() + static_cast<std::ptrdiff_t>(index));
        model.record(permit.second, outcome, now_);
        subject_.record(std::move(permit.first), outcome);
    }

    void compare_events() {
        same("events", subject_.events.size(), model.events.size());
        if (!difference_.empty() || model.events.empty()) return;
        const BreakerEvent& is = subject_.events.front();
        const Model::Event& should_be = model.events.front();
        same("sequence", is.sequence, should_be.sequence);
        same("from", to_string(is.from), to_string(should_be.from));
        same("to", to_string(is.to), to_string(should_be.to));
        same("cause", to_string(is.cause), to_string(should_be.cause));
        same("open_for", whole(is.open_for), should_be.open_for);
        same("event's failures", is.counts.failures, should_be.failures);
        same("event's successes", is.counts.successes, should_be.successes);
    }

    Subject subject_;
    BreakerState settings_state_ = model.state;
    std::int64_t now_ = 0;
    std::vector<std::pair<BreakerPermit, Model::Permit>> permits_;
    std::string difference_;
};

using Steps = std::vector<Step>;

std::string print(const Steps& steps) {
    std::string text;
    for (const Step& step : steps) {
        text += step.what;
        if (step.what == 't') text += std::to_string(step.argument);
        text += ' ';
    }
    return text;
}

/// The first difference of a whole sequence.
std::string run(const BreakerSettings& settings, const Steps& steps) {
    Pair pair(settings);
    for (const Step& step : steps) {
        pair.run(step);
        if (auto difference = pair.difference(); !difference.empty()) return difference;
    }
    return {};
}

/// Without the steps that the difference does not need.
Steps shrink(const BreakerSettings& settings, Steps steps) {
    for (std::size_t i = steps.size(); i-- > 0;) {
        Steps fewer = steps;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        if (!run(settings, fewer).empty()) steps = std::move(fewer);
    }
    return steps;
}

/// Every sequence of `alphabet` up to `depth`: each is run from the start, and compared at its end,
/// for its beginnings have been compared before.
class Everything {
public:
    Everything(const BreakerSettings& settings, std::string alphabet, std::size_t depth)
        : settings_(settings), alphabet_(std::move(alphabet)), depth_(depth) {}

    std::size_t run() {
        extend();
        return count_;
    }

private:
    void extend() {
        for (const char what : alphabet_) {
            Pair pair(settings_);
            for (const Step& step : steps_) pair.run(step);
            if (!pair.applies(what)) continue;
            steps_.push_back({what, 2'000});
            pair.run(steps_.back());
            ++count_;
            const std::string difference = pair.difference();
            if (!difference.empty()) BOOST_FAIL(print(steps_) << ": " << difference);
            if (steps_.size() < depth_) extend();
            steps_.pop_back();
        }
    }

    BreakerSettings settings_;
    std::string alphabet_;
    std::size_t depth_;
    Steps steps_;
    std::size_t count_ = 0;
};

/// Two failures open; 2 s are the recovery, the lease, and a sixth of the window.
BreakerSettings small() {
    BreakerSettings settings = exact();
    settings.failure_threshold = 2;
    settings.min_throughput = 2;
    settings.window = milliseconds(12'000);
    settings.recovery = milliseconds(2'000);
    settings.attempt_timeout = milliseconds(1'500);
    settings.lease_grace = milliseconds(500);
    return settings;
}

BOOST_AUTO_TEST_SUITE(breaker_model)

BOOST_AUTO_TEST_CASE(every_sequence_of_eight_calls_reports_and_waits_does_what_the_model_does) {
    BOOST_TEST(Everything(small(), "asfiFt", 8).run() > 30'000U);
}

BOOST_AUTO_TEST_CASE(every_sequence_of_eight_with_reports_out_of_order_and_a_reset_too) {
    BreakerSettings settings = small();
    settings.failure_threshold = 1;  // so that eight steps go further
    settings.min_throughput = 1;
    BOOST_TEST(Everything(settings, "afSFtr", 8).run() > 30'000U);
}

BOOST_AUTO_TEST_CASE(every_sequence_of_eight_with_parallel_probes_does_what_the_model_does) {
    BreakerSettings settings = small();
    settings.failure_threshold = 1;
    settings.min_throughput = 1;
    settings.probes = 2;
    settings.successes_to_close = 2;
    settings.recovery_growth = 2;
    BOOST_TEST(Everything(settings, "afsiFIt", 8).run() > 30'000U);
}

BOOST_AUTO_TEST_CASE(every_sequence_of_six_with_everything_that_hands_can_do) {
    BOOST_TEST(Everything(small(), "aftkrod", 6).run() > 30'000U);
}

BOOST_AUTO_TEST_CASE(random_sequences_do_what_the_model_does) {
    const std::string kinds = "aaaaaaaaaassffffiSFItttttkrocd";
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        Random random(seed);
        BreakerSettings settings = small();
        settings.failure_threshold = 1 + static_cast<int>(random.below(4));
        settings.min_throughput = 1 + static_cast<int>(random.below(5));
        settings.min_failure_ratio = static_cast<double>(random.below(5)) / 4;
        settings.probes = 1 + static_cast<int>(random.below(4));
        settings.successes_to_close = 1 + static_cast<int>(random.below(3));
        settings.recovery_growth = 1 + static_cast<double>(random.below(3));
        settings.max_recovery = milliseconds(10'000);
        settings.enabled = random.below(10) != 0;
        // In half of the runs hands stay off, so that the rest gets further.
        const std::size_t most = random.below(2) == 0 ? kinds.size() : kinds.size() - 4;
        Steps steps;
        for (int i = 0; i < 100; ++i) {
            const auto wait = random.below(4) == 0 ? random.below(14'000) : random.below(1'200);
            steps.push_back({kinds[random.below(most)], static_cast<std::int64_t>(wait)});
        }
        const std::string difference = run(settings, steps);
        if (difference.empty()) continue;
        const Steps fewer = shrink(settings, steps);
        BOOST_FAIL("seed " << seed << ": " << print(fewer) << ": " << run(settings, fewer));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
