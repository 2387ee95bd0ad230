#include "gateway/telemetry/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "exposition.hpp"
#include "metrics_support.hpp"

namespace tenon::gateway {
namespace {

using namespace test;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;

const base::TimePoint kStart{std::chrono::hours(1)};

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(all_that_is_rendered_is_well_formed) {
    Metrics metrics(all_sources());
    RequestMetrics request(metrics.route("/v1/chat/completions", "complete"), kStart);
    request.delta(kStart + 1ms);
    request.delta(kStart + 2ms);
    request.finish({.status = 200, .overhead = 7us}, kStart + 3ms);
    const std::string text = metrics.render();
    const Exposition read = read_exposition(text);
    for (const auto& [name, family] : read.families) {
        BOOST_TEST(!family.samples.empty(), name << " has no series");
        BOOST_TEST(!family.help.empty());
        const bool named = name.starts_with("tenon_") || name.starts_with("process_");
        BOOST_TEST(named, name);
    }
}

BOOST_AUTO_TEST_CASE(without_sources_it_renders_too) {
    const Exposition read = read_exposition(Metrics({}).render());
    BOOST_TEST(read.families.contains("tenon_provider_state"));
    BOOST_TEST(read.families.contains("tenon_gateway_requests_total"));
}

BOOST_AUTO_TEST_CASE(a_provider_is_in_one_of_its_states) {
    const Exposition read = read_exposition(Metrics(all_sources()).render());
    const auto state = [&](const char* name, const char* which) {
        return read.value(name, {{"provider", "a"}, {"state", which}});
    };
    BOOST_TEST(state("tenon_provider_state", "connected") == 1);
    BOOST_TEST(state("tenon_provider_state", "unhealthy") == 0);
    BOOST_TEST(state("tenon_breaker_state", "half_open") == 1);
    BOOST_TEST(state("tenon_breaker_state", "closed") == 0);
    BOOST_TEST(state("tenon_pool_connections", "idle") == 2);
    BOOST_TEST(read.value("tenon_provider_health_score", {{"provider", "a"}}) == 0.75);
    BOOST_TEST(read.value("tenon_breaker_models_open", {{"provider", "a"}}) == 1);
}

BOOST_AUTO_TEST_CASE(what_the_host_has_counted_is_shown) {
    const Exposition read = read_exposition(Metrics(all_sources()).render());
    const auto value = [&](const char* name, std::map<std::string, std::string> labels = {}) {
        labels.emplace("provider", "a");
        return read.value(name, labels);
    };
    BOOST_TEST(value("tenon_attempts_total", {{"result", "succeeded"}}) == 1);
    BOOST_TEST(value("tenon_attempts_total", {{"code", "throttled"}}) == 2);
    BOOST_TEST(value("tenon_attempts_in_flight") == 1);
    BOOST_TEST(value("tenon_retries_total") == 3);
    BOOST_TEST(value("tenon_tokens_total", {{"direction", "output"}}) == 40);
    BOOST_TEST(value("tenon_health_checks_total", {{"result", "succeeded"}}) == 4);
    BOOST_TEST(value("tenon_health_checks_total", {{"result", "failed"}}) == 1);
    BOOST_TEST(value("tenon_first_byte_seconds_count") == 1);
    BOOST_TEST(value("tenon_first_byte_seconds_sum") == 0.02);
    BOOST_TEST(value("tenon_first_byte_seconds_bucket", {{"le", "0.01"}}) == 0);
    BOOST_TEST(value("tenon_first_byte_seconds_bucket", {{"le", "0.025"}}) == 1);
    BOOST_TEST(read.value("tenon_http_connections", {{"server", "public"}}) == 5);
    BOOST_TEST(read.value("tenon_otlp_spans_total", {{"result", "dropped"}}) == 6);
    BOOST_TEST(read.value("tenon_build_info", {{"version", "9.8.7"}}) == 1);
}

BOOST_AUTO_TEST_CASE(a_request_is_in_flight_until_it_has_ended_and_counts_once) {
    Metrics metrics({});
    RouteMetrics& route = metrics.route("/v1/embeddings", "embed");
    const auto shown = [&](const std::string& name,
                           std::map<std::string, std::string> labels = {}) {
        return read_exposition(metrics.render()).value("tenon_gateway_" + name, labels);
    };
    {
        RequestMetrics request(route, kStart);
        BOOST_TEST(shown("requests_in_flight", {{"dialect", "/v1/embeddings"}}) == 1);
        request.sent(100);
        request.finish({.status = 404, .overhead = 30us}, kStart + 5ms);
        BOOST_TEST(shown("requests_in_flight") == 0);
    }
    BOOST_TEST(shown("requests_total", {{"status", "4xx"}}) == 1);
    BOOST_TEST(shown("response_bytes_total") == 100);
    BOOST_TEST(shown("overhead_seconds_bucket", {{"le", "2e-05"}}) == 0);
    BOOST_TEST(shown("overhead_seconds_bucket", {{"le", "5e-05"}}) == 1);
    BOOST_TEST(shown("request_duration_seconds_count") == 0);  // errors are quick
    BOOST_TEST(shown("clients_gone_total") == 0);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_dropped_ends_too) {
    Metrics metrics({});
    { const RequestMetrics request(metrics.route("d", "complete"), kStart); }
    const Exposition read = read_exposition(metrics.render());
    BOOST_TEST(read.value("tenon_gateway_requests_in_flight") == 0);
    BOOST_TEST(read.value("tenon_gateway_requests_total", {{"status", "none"}}) == 1);
    BOOST_TEST(read.value("tenon_gateway_clients_gone_total") == 1);
}

BOOST_AUTO_TEST_CASE(streams_tell_of_their_first_token_and_of_those_between) {
    Metrics metrics({});
    RequestMetrics request(metrics.route("d", "complete"), kStart);
    for (const auto at : {30ms, 40ms, 65ms}) request.delta(kStart + at);
    request.finish({.status = 200, .broken = true}, kStart + 70ms);
    const Exposition read = read_exposition(metrics.render());
    BOOST_TEST(read.value("tenon_gateway_first_token_seconds_sum") == 0.03);
    BOOST_TEST(read.value("tenon_gateway_inter_token_seconds_count") == 2);
    BOOST_TEST(read.value("tenon_gateway_inter_token_seconds_sum") == 0.035);
    BOOST_TEST(read.value("tenon_gateway_streams_broken_total") == 1);
}

BOOST_AUTO_TEST_CASE(there_are_only_so_many_routes) {
    Metrics metrics({});
    for (int i = 0; i < 1'000; ++i) {
        const RequestMetrics request(metrics.route("d" + std::to_string(i), "complete"), kStart);
    }
    BOOST_TEST(&metrics.route("d7", "complete") == &metrics.route("d7", "complete"));
    const Exposition read = read_exposition(metrics.render());
    BOOST_TEST(read.families.at("tenon_gateway_requests_in_flight").samples.size() ==
               Metrics::kMostRoutes);
    BOOST_TEST(
        read.value("tenon_gateway_requests_total", {{"dialect", "other"}, {"status", "none"}}) ==
        1'000.0 - (Metrics::kMostRoutes - 1));
}

BOOST_AUTO_TEST_CASE(rejected_keys_are_counted_by_reason) {
    Metrics metrics({});
    metrics.key_rejected(KeyRejection::missing);
    metrics.key_rejected(KeyRejection::tokens);
    metrics.key_rejected(KeyRejection::tokens);
    const Exposition read = read_exposition(metrics.render());
    BOOST_TEST(read.value("tenon_gateway_key_rejections_total", {{"reason", "missing"}}) == 1);
    BOOST_TEST(read.value("tenon_gateway_key_rejections_total", {{"reason", "tokens"}}) == 2);
    BOOST_TEST(read.value("tenon_gateway_key_rejections_total", {{"reason", "admin"}}) == 0);
}

BOOST_AUTO_TEST_CASE(names_of_providers_may_have_any_characters) {
    MetricsSources sources;
    sources.providers = [](const MetricsSources::Provider& use) {
        host::ProviderStatus status;
        status.name = "a\"b\\c\nd";
        use(status, {});
    };
    const Exposition read = read_exposition(Metrics(sources).render());
    BOOST_TEST(read.value("tenon_provider_enabled", {{"provider", "a\"b\\c\nd"}}) == 1);
}

BOOST_AUTO_TEST_CASE(the_process_shows_itself) {
    const Exposition read = read_exposition(Metrics({}).render());
    const double now = static_cast<double>(base::unix_seconds());
    BOOST_TEST(read.value("process_start_time_seconds") > now - 3600);
    BOOST_TEST(read.value("process_start_time_seconds") <= now + 1);
    BOOST_TEST(read.value("process_resident_memory_bytes") > 1e6);
    BOOST_TEST(read.value("process_open_fds") >= 3);
    BOOST_TEST(read.value("process_max_fds") >= read.value("process_open_fds"));
    BOOST_TEST(read.value("process_threads") >= 1);
}

BOOST_AUTO_TEST_CASE(it_is_rendered_while_requests_are_counted) {
    Metrics metrics(all_sources());
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 2'000; ++i) {
                RequestMetrics request(metrics.route("d", "complete"), kStart);
                request.delta(kStart + 1ms);
                request.finish({.status = 200}, kStart + 2ms);
            }
        });
    }
    for (int i = 0; i < 20; ++i) static_cast<void>(read_exposition(metrics.render()));
    for (auto& thread : threads) thread.join();
    BOOST_TEST(read_exposition(metrics.render())
                   .value("tenon_gateway_requests_total", {{"status", "2xx"}}) == 6'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::gateway
