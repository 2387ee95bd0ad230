#include "gateway/telemetry/otlp_exporter.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <new>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "net/io_threads.hpp"
#include "support/scripted_server.hpp"
#include "trace_support.hpp"

namespace tenon::gateway {
namespace {

using namespace test;
using std::chrono_literals::operator""h;
using std::chrono_literals::operator""s;

TraceStore::Shared trace_of(int number, bool sampled = true) {
    Trace trace;
    trace.start = trace_start("req-" + std::to_string(number));
    trace.start.context.sampled = sampled;
    return std::make_shared<const Trace>(std::move(trace));
}

OtlpOptions options(const ScriptedServer& server) {
    OtlpOptions options;
    options.endpoint = server.url("/v1/traces");
    options.interval = 1h;  // nothing happens by itself
    options.retry_wait = 1ms;
    return options;
}

/// A collector that gives these answers and then 200s, and an exporter to it.
struct Rig {
    struct Reply {
        int status = 200;
        Headers headers = {};
    };

    explicit Rig(std::vector<Reply> replies = {})
        : server(Handler([this, replies = std::move(replies)](Conn& conn, const ReceivedRequest&) {
              std::size_t number = 0;
              {
                  const std::lock_guard lock(mutex);
                  number = served++;
              }
              const Reply reply = number < replies.size() ? replies[number] : Reply{};
              conn.respond(reply.status, reply.headers, "{}");
          })) {}

    OtlpExporter& start(OtlpOptions with) {
        exporter = std::make_unique<OtlpExporter>(io.context(0), base::steady_clock(), log,
                                                  std::move(with));
        return *exporter;
    }
    OtlpExporter& start() { return start(options(server)); }

    [[nodiscard]] std::string counted() const {
        const auto counts = exporter->counts();
        return std::to_string(counts.exported) + " exported, " + std::to_string(counts.dropped) +
               " dropped, " + std::to_string(counts.queued) + " queued, " +
               std::to_string(counts.posts) + " posts";
    }

    base::LogOptions log_options() {
        base::LogOptions made;
        made.sink = [this](auto, std::string_view line) { logged.emplace_back(line); };
        return made;
    }

    std::mutex mutex;
    std::size_t served = 0;
    std::vector<std::string> logged;
    base::Log log{log_options()};
    ScriptedServer server;
    net::IoThreads io{1};
    std::unique_ptr<OtlpExporter> exporter;
};

BOOST_AUTO_TEST_SUITE(otlp_exporter)

BOOST_AUTO_TEST_CASE(what_is_queued_is_posted_at_the_end) {
    Rig rig;
    OtlpOptions with = options(rig.server);
    with.headers = {{"authorization", "Bearer abc"}};
    rig.start(with);
    rig.exporter->add(trace_of(1));
    rig.exporter->add(trace_of(2));
    rig.exporter->stop(kPatience);
    const auto requests = rig.server.requests();
    BOOST_TEST_REQUIRE(requests.size() == 1U);
    BOOST_TEST(requests[0].method == "POST");
    BOOST_TEST(requests[0].target == "/v1/traces");
    BOOST_TEST(requests[0].header("content-type").value_or("") == "application/json");
    BOOST_TEST(requests[0].header("authorization").value_or("") == "Bearer abc");
    const std::string spans = "/resourceSpans/0/scopeSpans/0/spans/";
    BOOST_TEST(json_at(requests[0].body, spans + "1/kind") == "2");
    BOOST_TEST(json_at(requests[0].body, spans + '2') == "none");
    BOOST_TEST(rig.counted() == "2 exported, 0 dropped, 0 queued, 1 posts");
}

BOOST_AUTO_TEST_CASE(a_trace_waits_for_the_interval_and_no_longer) {
    Rig rig;
    OtlpOptions with = options(rig.server);
    with.interval = 5ms;
    rig.start(with).add(trace_of(1));
    BOOST_TEST(rig.server.wait_for_requests(1));
    rig.exporter->add(trace_of(2));
    BOOST_TEST(rig.server.wait_for_requests(2));
}

BOOST_AUTO_TEST_CASE(a_full_batch_does_not_wait) {
    Rig rig;
    OtlpOptions with = options(rig.server);
    with.batch_spans = 3;
    rig.start(with);
    for (int i = 0; i < 3; ++i) rig.exporter->add(trace_of(i));
    BOOST_TEST(rig.server.wait_for_requests(1));
    rig.exporter->add(trace_of(3));
    rig.exporter->stop(kPatience);
    BOOST_TEST(rig.counted() == "4 exported, 0 dropped, 0 queued, 2 posts");
}

BOOST_AUTO_TEST_CASE(a_collector_that_is_busy_is_asked_once_more) {
    Rig rig({{503}, {200}});
    rig.start().add(trace_of(1));
    rig.exporter->stop(kPatience);
    BOOST_TEST(rig.counted() == "1 exported, 0 dropped, 0 queued, 2 posts");
    BOOST_TEST(rig.logged.empty());
}

BOOST_AUTO_TEST_CASE(and_not_a_third_time) {
    Rig rig({{429}, {503}, {200}});
    rig.start().add(trace_of(1));
    rig.exporter->stop(kPatience);
    BOOST_TEST(rig.counted() == "0 exported, 1 dropped, 0 queued, 2 posts");
    BOOST_TEST_REQUIRE(rig.logged.size() == 1U);
    BOOST_TEST(rig.logged[0].find("503") != std::string::npos, rig.logged[0]);
}

BOOST_AUTO_TEST_CASE(its_retry_after_is_honoured) {
    // An hour, cut to the longest wait: only the end of the grace ends it.
    Rig rig(std::vector<Rig::Reply>{{429, {{"Retry-After", "3600"}}}});
    OtlpOptions with = options(rig.server);
    with.interval = 1ms;
    with.longest_retry_wait = 1h;
    rig.start(with).add(trace_of(1));
    BOOST_TEST(rig.server.wait_for_requests(1));
    rig.exporter->stop(20ms);
    BOOST_TEST(rig.counted() == "0 exported, 1 dropped, 0 queued, 1 posts");
    Rig quick(std::vector<Rig::Reply>{{503, {{"retry-after", "0"}}}});
    with = options(quick.server);
    with.retry_wait = 1h;
    with.longest_retry_wait = 1h;
    quick.start(with).add(trace_of(1));
    quick.exporter->stop(kPatience);
    BOOST_TEST(quick.counted() == "1 exported, 0 dropped, 0 queued, 2 posts");
}

BOOST_AUTO_TEST_CASE(what_the_collector_calls_wrong_is_not_repeated) {
    Rig rig(std::vector<Rig::Reply>{{400}});
    rig.start().add(trace_of(1));
    rig.exporter->stop(kPatience);
    BOOST_TEST(rig.counted() == "0 exported, 1 dropped, 0 queued, 1 posts");
}

BOOST_AUTO_TEST_CASE(a_full_queue_drops_and_counts) {
    Rig rig;
    OtlpOptions with = options(rig.server);
    with.queue_spans = 3;
    rig.start(with);
    for (int i = 0; i < 5; ++i) rig.exporter->add(trace_of(i));
    BOOST_TEST(rig.counted() == "0 exported, 2 dropped, 3 queued, 0 posts");
    rig.exporter->stop(kPatience);
    rig.exporter->add(trace_of(6));  // too late
    BOOST_TEST(rig.counted() == "3 exported, 3 dropped, 0 queued, 1 posts");
}

BOOST_AUTO_TEST_CASE(refused_requests_fill_half_of_the_queue_at_most) {
    Rig rig;
    OtlpOptions with = options(rig.server);
    with.queue_spans = 4;
    rig.start(with);
    for (int i = 0; i < 5; ++i) {
        Trace refused = *trace_of(i);
        refused.refused = true;
        rig.exporter->add(std::make_shared<const Trace>(std::move(refused)));
    }
    BOOST_TEST(rig.counted() == "0 exported, 3 dropped, 2 queued, 0 posts");
    for (int i = 0; i < 3; ++i) rig.exporter->add(trace_of(i));
    BOOST_TEST(rig.counted() == "0 exported, 4 dropped, 4 queued, 0 posts");
    rig.exporter->stop(kPatience);
}

BOOST_AUTO_TEST_CASE(what_is_not_to_be_sampled_is_left_out) {
    Rig rig;
    rig.start().add(trace_of(1, false));
    rig.exporter->stop(kPatience);
    BOOST_TEST(rig.counted() == "0 exported, 0 dropped, 0 queued, 0 posts");
}

BOOST_AUTO_TEST_CASE(a_silent_collector_does_not_hold_up_the_end) {
    ScriptedServer silent(RawHandler([](Conn& conn) { conn.wait_for_close(); }));
    Rig rig;
    rig.start(options(silent)).add(trace_of(1));
    rig.exporter->stop(20ms);
    BOOST_TEST(rig.exporter->counts().dropped == 1U);
    BOOST_TEST(rig.exporter->counts().queued == 0U);
    rig.exporter->stop(20ms);  // again, which is nothing
    BOOST_TEST(silent.wait_for_open(0));
}

BOOST_AUTO_TEST_CASE(a_batch_that_cannot_be_written_is_dropped_and_the_next_one_is_not) {
    Rig rig;
    OtlpOptions with = options(rig.server);
    with.batch_spans = 1;
    with.encode = [](const OtlpResource& resource, auto traces) {
        if (traces.front()->start.request_id != "req-2") throw std::bad_alloc();
        return to_otlp(resource, traces);
    };
    rig.start(with);
    for (int i = 1; i <= 3; ++i) rig.exporter->add(trace_of(i));
    rig.exporter->stop(kPatience);
    BOOST_TEST(rig.counted() == "1 exported, 2 dropped, 0 queued, 1 posts");
}

BOOST_AUTO_TEST_CASE(the_end_comes_although_nothing_can_be_written) {
    Rig rig;
    OtlpOptions with = options(rig.server);
    with.encode = [](const OtlpResource&, auto) -> std::string { throw 7; };
    rig.start(with).add(trace_of(1));
    rig.exporter->stop(1h);
    BOOST_TEST(rig.counted() == "0 exported, 1 dropped, 0 queued, 0 posts");
    BOOST_TEST(rig.logged.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_collector_that_is_not_there_is_told_once) {
    Rig rig;
    OtlpOptions with;
    {
        const ScriptedServer gone(RawHandler([](Conn&) {}));
        with = options(gone);
    }
    with.batch_spans = 1;
    rig.start(with);
    for (int i = 0; i < 3; ++i) rig.exporter->add(trace_of(i));
    rig.exporter->stop(kPatience);
    BOOST_TEST(rig.counted() == "0 exported, 3 dropped, 0 queued, 6 posts");
    BOOST_TEST(rig.logged.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::gateway
