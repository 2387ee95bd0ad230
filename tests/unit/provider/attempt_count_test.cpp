#include "attempt_support.hpp"

/// What is counted of attempts, and that everything is given back whatever happens.
namespace tenon::provider {
namespace {

using namespace std::chrono_literals;
using namespace test;
using core::Ending;
using core::Tally;

std::uint64_t tally(ProviderFixture& provider, Tally which) {
    return provider->counters().snapshot().of(which);
}

BOOST_AUTO_TEST_SUITE(attempt_count)

BOOST_AUTO_TEST_CASE(each_attempt_ends_as_one_of_four) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    BOOST_TEST(probe.text("inline") == "inline");
    BOOST_TEST(probe.run("body").has_value());
    Stream(probe).end();
    fail(probe, "fail request", 2);
    fail(probe, "status 429", 1);
    BOOST_TEST(probe.run("hold", nullptr, 5ms).error().code == Code::deadline);
    fail(probe, "fail connection", 5);
    fail(probe, "inline", 3);  // the breaker is open
    const core::CallCounts attempts = probe.attempts();
    BOOST_TEST(attempts.started == 15U);
    BOOST_TEST(attempts.of(Ending::succeeded) == 2U);
    BOOST_TEST(attempts.of(Ending::cancelled) == 1U);
    BOOST_TEST(attempts.of(Ending::failed) == 9U);
    BOOST_TEST(attempts.of(Ending::rejected) == 3U);
    BOOST_TEST(attempts.failed_with(Code::refused) == 2U);
    BOOST_TEST(attempts.failed_with(Code::throttled) == 1U);
    BOOST_TEST(attempts.failed_with(Code::deadline) == 1U);
    BOOST_TEST(attempts.failed_with(Code::unavailable) == 5U);
    BOOST_TEST(attempts.in_flight() == 0U);
    BOOST_TEST(probe->counters().snapshot().requests.started == 0U);  // the router's
}

BOOST_AUTO_TEST_CASE(times_are_recorded_of_what_they_belong_to) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    BOOST_TEST(probe.text("inline") == "inline");  // in parts
    BOOST_TEST(probe.run("body").has_value());     // as a whole
    fail(probe, "fail request", 1);                // answered, but not well
    const auto taken = probe->counters().snapshot();
    BOOST_TEST(taken.queue_wait.count == 3U);
    BOOST_TEST(taken.first_byte.count == 1U);
    BOOST_TEST(taken.duration.count == 2U);
    BOOST_TEST(taken.request_duration.count == 0U);
}

BOOST_AUTO_TEST_CASE(a_list_of_models_is_no_attempt) {
    ProviderFixture probe("probe", "{}", breaking_settings());
    BOOST_TEST(probe.list_models().has_value());
    const auto taken = probe->counters().snapshot();
    BOOST_TEST(taken.attempts.started == 0U);
    BOOST_TEST(taken.queue_wait.count == 0U);
    BOOST_TEST(taken.duration.count == 0U);
    BOOST_TEST(probe->state("inline").load.cost_ms == 0.0);
    BOOST_TEST(gauges(probe) == kNothing);
}

BOOST_AUTO_TEST_CASE(tokens_are_added_up_where_they_are_known) {
    ProviderFixture probe("probe");
    BOOST_TEST(probe.run("tokens").has_value());                                       // 7 and 3
    BOOST_TEST(probe.ask({.model = "m", .operation = Operation::embed}).has_value());  // 5 and none
    BOOST_TEST(probe.text("inline") == "inline");  // none at all
    fail(probe, "fail request", 1);
    BOOST_TEST(probe.run("hold", nullptr, 5ms).error().code == Code::deadline);
    BOOST_TEST(tally(probe, Tally::prompt_tokens) == 12U);
    BOOST_TEST(tally(probe, Tally::completion_tokens) == 3U);
}

BOOST_AUTO_TEST_CASE(connections_and_checks_are_counted) {
    auto settings = quiet_settings();
    settings.connections.connection.auto_recovery = false;
    ProviderFixture probe("probe_session", "{}", settings);
    BOOST_TEST(probe.text("inline") == "inline");
    BOOST_TEST(probe.check_health().has_value());  // with one of its own
    BOOST_TEST(probe.text("config {\"health\":\"sick\",\"connect\":\"refuse\"}") == "configured");
    BOOST_TEST(!probe.check_health().has_value());  // gets none
    BOOST_TEST(probe.text("config {\"health\":\"sick\"}") == "configured");
    BOOST_TEST(!probe.check_health().has_value());
    BOOST_TEST(probe.log().wait_for("disconnected", 2));
    BOOST_TEST(tally(probe, Tally::connects) == 3U);
    BOOST_TEST(tally(probe, Tally::connect_failures) == 1U);
    BOOST_TEST(tally(probe, Tally::disconnects) == 2U);
    BOOST_TEST(tally(probe, Tally::health_checks) == 2U);
    BOOST_TEST(tally(probe, Tally::health_failures) == 1U);
    BOOST_TEST(probe->counters().snapshot().connect_time.count == 3U);
}

// T: started >= finished, always
BOOST_AUTO_TEST_CASE(a_snapshot_under_load_never_has_more_ends_than_starts) {
    ProviderFixture probe("probe");
    std::atomic<bool> over{false};
    bool good = true;
    std::thread reader([&] {
        while (!over) {
            const auto attempts = probe.attempts();
            good = good && attempts.started >= attempts.finished();
        }
    });
    for (int round = 0; round < 50; ++round) {
        auto one = probe.start("inline", nullptr, {}, std::make_shared<CancelSignal>(), 0);
        auto two = probe.start("thread", nullptr, {}, std::make_shared<CancelSignal>(), 1);
        BOOST_TEST(one.wait().has_value());
        BOOST_TEST(two.wait().has_value());
    }
    over = true;
    reader.join();
    BOOST_TEST(good);
}

// Law 6: ends of all sorts on two I/O threads, with a breaker that opens and closes, checks, and
// commands from two other threads.
void storm(const std::string& kind) {
    auto settings = checking_settings();
    settings.breaker.enabled = true;
    settings.breaker.recovery = 1ms;
    settings.connections.permits.permits = 4;
    settings.connections.permits.queue = 8;
    settings.connections.pool.max_connections = 3;
    settings.connections.connection.drain_grace = 5ms;
    settings.connections.connection.reconnect_delay = 1ms;
    settings.connections.adaptive.algorithm = core::LimitAlgorithm::aimd;
    std::atomic<int> changes{0};
    // Checks have connections of their own, so the deaf do not keep all of them for ever.
    ProviderFixture probe(kind, "{\"health\":\"release\"}", settings,
                          {.on_change = [&] { ++changes; }});

    std::atomic<bool> over{false};
    std::thread commander([&] {
        constexpr Command kCommands[] = {
            Command::reconnect, Command::disconnect,     Command::connect, Command::disable,
            Command::enable,    Command::disconnect_now, Command::connect, Command::recover};
        // Not more often than something happens in between.
        std::uint64_t next = 0;
        for (std::size_t i = 0; !over; std::this_thread::yield()) {
            if (probe.attempts().finished() < next) continue;
            next = probe.attempts().finished() + 5;
            probe->command(kCommands[i++ % std::size(kCommands)]);
        }
    });
    std::thread watcher([&] {
        while (!over) {
            static_cast<void>(probe.check_health());
            static_cast<void>(probe->state("inline"));
            static_cast<void>(probe->reason("inline"));
            static_cast<void>(probe->report());
            static_cast<void>(probe.list_models());
        }
    });

    constexpr const char* kModels[] = {
        "inline",       "thread",          "hold", "deaf", "status 500", "status 429",
        "fail request", "fail connection", "die",  "lose", "long timer", "release"};
    constexpr std::size_t kRounds = 6;
    constexpr std::size_t kEach = 48;
    for (std::size_t round = 0; round < kRounds; ++round) {
        std::vector<std::shared_ptr<CancelSignal>> signals;
        std::vector<Running<plugin::CallOutcome>> running;
        for (std::size_t i = 0; i < kEach; ++i) {
            Ask ask{.model = kModels[i % std::size(kModels)], .in_spite = i % 7 == 0};
            ask.io_index = i % 2;
            ask.limits[Phase::total] = i % 3 == 0 ? 2ms : 40ms;
            ask.limits[Phase::queue] = 20ms;
            signals.push_back(ask.cancel);
            running.push_back(probe.begin(std::move(ask)));
        }
        for (std::size_t i = 0; i < kEach; i += 5) signals[i]->cancel();
        for (auto& one : running) static_cast<void>(one.wait());
    }
    over = true;
    commander.join();
    watcher.join();

    const core::CallCounts attempts = probe.attempts();
    BOOST_TEST(attempts.started == kRounds * kEach);
    BOOST_TEST(attempts.finished() == kRounds * kEach);
    for (const Ending ending : {Ending::succeeded, Ending::failed, Ending::cancelled}) {
        BOOST_TEST(attempts.of(ending) > 0U);
    }
    probe->command(Command::enable);
    probe->command(Command::connect);
    probe->command(Command::recover);
    BOOST_TEST(eventually([&] {
        static_cast<void>(probe.check_health());
        return gauges(probe) == kNothing;
    }));
    const auto usable = [&] { return probe.ask({.model = "inline", .in_spite = true}); };
    BOOST_TEST(eventually([&] { return usable().has_value(); }));
    BOOST_TEST(breaker(probe).probes_in_flight == 0);
    BOOST_TEST(probe->report().misbehaviours == 0U);
    probe.shut_down();
    BOOST_TEST(probe.log().count("left_alive") == 0U);
    BOOST_TEST(probe.log().count("destroyed with 0 connections") == 1U);
}

BOOST_AUTO_TEST_CASE(after_a_storm_every_gauge_of_a_provider_without_connections_is_zero) {
    storm("probe");
}

BOOST_AUTO_TEST_CASE(after_a_storm_every_gauge_of_exclusive_connections_is_zero) {
    storm("probe_session");
}

BOOST_AUTO_TEST_CASE(after_a_storm_every_gauge_of_shared_connections_is_zero) {
    storm("probe_mux");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider
