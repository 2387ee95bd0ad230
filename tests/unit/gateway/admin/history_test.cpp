#include "gateway/admin/history.hpp"

#include <boost/test/unit_test.hpp>

#include "wire/json.hpp"

namespace tenon::gateway {
namespace {

using std::chrono::seconds;

constexpr std::chrono::milliseconds kInterval = seconds(5);

host::Time at(int second) {
    return host::Time(seconds(second));
}

host::ProviderStatus provider(const std::string& name, const std::string& state) {
    host::ProviderStatus out;
    out.name = name;
    out.state = state;
    out.health = "degraded";
    out.requests = 20;
    out.failures = 3;
    out.in_flight = 2;
    return out;
}

wire::JsonDocument read(const std::string& text) {
    auto document = wire::JsonDocument::parse(text);
    BOOST_REQUIRE_MESSAGE(document.has_value(), text);
    return *std::move(document);
}

std::string times(const History& history, std::optional<host::Time> since = {}) {
    const auto document = read(history.to_json(since));
    std::string out;
    for (const wire::JsonView sample : document.root()["samples"].elements()) {
        if (!out.empty()) out += ' ';
        out += sample["time"].as_string().value().substr(17, 2);
    }
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(history)

BOOST_AUTO_TEST_CASE(a_sample_says_how_each_provider_stood) {
    History history(kInterval);
    host::ProviderStatistics statistics;
    statistics.name = "b";
    statistics.attempts.started = 9;
    statistics.attempts.succeeded = 4;
    statistics.attempts.failed = 3;
    statistics.attempt_time.p50 = std::chrono::microseconds(11);
    statistics.attempt_time.p95 = seconds(100'000);
    history.add(at(5), {provider("a", "connecting"), provider("b", "misconfigured")}, {statistics});
    const auto document = read(history.to_json());
    BOOST_TEST(document.root()["interval_ms"].as_int64().value() == 5'000);
    const auto sample = document.root()["samples"][0];
    BOOST_TEST(sample["time"].as_string().value() == "1970-01-01T00:00:05.000Z");
    BOOST_TEST(
        sample["providers"]["a"].to_text() ==
        R"({"state":"connecting","health":"degraded","requests":20,"attempts":0,"failures":3,)"
        R"("in_flight":2,"p50_us":0,"p95_us":0})");
    const auto b = sample["providers"]["b"];
    BOOST_TEST(b["state"].as_string().value() == "misconfigured");
    BOOST_TEST(b["attempts"].as_int64().value() == 7);  // those that have ended
    BOOST_TEST(b["p50_us"].as_int64().value() == 11);
    BOOST_TEST(b["p95_us"].as_int64().value() == 4'294'967'295);  // as much as fits
}

BOOST_AUTO_TEST_CASE(every_state_and_health_keeps_its_word) {
    for (const std::string word : {"disconnected", "connecting", "connected", "unhealthy",
                                   "disconnecting", "misconfigured", "healthy", "degraded"}) {
        History history(kInterval);
        history.add(at(0), {provider("a", word)}, {});
        const auto document = read(history.to_json());
        const auto a = document.root().at("/samples/0/providers/a");
        BOOST_TEST(a["state"].as_string().value() == word);
    }
}

BOOST_AUTO_TEST_CASE(only_the_newest_are_kept_oldest_first) {
    History history(kInterval, 3);
    BOOST_TEST(times(history).empty());
    for (int i = 1; i <= 5; ++i) history.add(at(i), {}, {});
    BOOST_TEST(times(history) == "03 04 05");
}

BOOST_AUTO_TEST_CASE(whoever_has_some_gets_the_newer_ones) {
    History history(kInterval);
    for (int i = 1; i <= 4; ++i) history.add(at(i), {}, {});
    BOOST_TEST(times(history, at(2)) == "03 04");
    BOOST_TEST(times(history, at(0)) == "01 02 03 04");
    BOOST_TEST(times(history, at(4)).empty());
}

BOOST_AUTO_TEST_CASE(a_sample_is_not_newer_than_its_own_time_as_it_is_written) {
    History history(kInterval);
    history.add(at(1) + std::chrono::microseconds(700), {}, {});
    BOOST_TEST(times(history, at(1)).empty());
    BOOST_TEST(times(history, at(1) - std::chrono::milliseconds(1)) == "01");
}

BOOST_AUTO_TEST_CASE(providers_may_come_and_go) {
    History history(kInterval);
    history.add(at(1), {provider("a", "connected")}, {});
    history.add(at(2), {provider("a", "connected"), provider("b", "unhealthy")}, {});
    history.add(at(3), {provider("b", "connected")}, {});
    const auto document = read(history.to_json());
    const auto samples = document.root()["samples"];
    BOOST_TEST(samples[0]["providers"].size() == 1U);
    BOOST_TEST(samples[1]["providers"].size() == 2U);
    BOOST_TEST(samples[1].at("/providers/b/state").as_string().value() == "unhealthy");
    BOOST_TEST(samples[2].at("/providers/b/state").as_string().value() == "connected");
    BOOST_TEST(!samples[2]["providers"]["a"].exists());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::gateway
