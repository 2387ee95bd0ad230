// Clients that leave, are slow, or are cut off: nothing goes on for them, and nothing is left.

#include "gateway_rig.hpp"

namespace tenon::test {
namespace {

const std::string kGone =
    R"(tenon_gateway_clients_gone_total{dialect="/v1/chat/completions",operation="complete"})";

std::string as_request(const std::string& body, const std::string& id = "") {
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: " + id +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void check_cancelled(GatewayRig& rig) {
    eventually("the attempt is cancelled", [&] {
        const auto all = rig.daemon->host().statistics();
        return all.front().attempts.cancelled >= 1 && all.front().attempts.in_flight() == 0;
    });
    check_at_rest(rig);
    for (const auto& status : rig.daemon->host().status()) {
        BOOST_TEST(status.breaker.state == "closed");
        BOOST_TEST(status.breaker.failures == 0U);
    }
}

void wait_for_upstream(GatewayRig& rig) {
    eventually("the provider is asked", [&] { return !rig.llm.server().requests().empty(); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_leaving)

BOOST_AUTO_TEST_CASE(a_client_that_leaves_before_the_answer_cancels_it) {
    GatewayRig rig;
    RawClient client(rig.port);
    client.send(as_request(chat("fake/fault-silent", "Hi")));
    wait_for_upstream(rig);
    client.close();
    check_cancelled(rig);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_before_the_first_delta_cancels_the_stream) {
    GatewayRig rig;
    RawClient client(rig.port);
    client.send(as_request(chat("fake/fault-silent", "Hi", true)));
    wait_for_upstream(rig);
    client.reset();
    check_cancelled(rig);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_within_a_stream_cancels_it) {
    GatewayRig rig;
    RawClient client(rig.port);
    client.send(as_request(chat("fake/fault-stall", "Hi", true)));
    BOOST_TEST(contains(client.read_until("data: "), "200 OK"));
    client.close();
    check_cancelled(rig);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_while_its_request_waits_for_a_permit_takes_none) {
    GatewayRig rig("", R"("permits":{"limit":1})");
    RawClient first(rig.port);
    first.send(as_request(chat("fake/fault-stall", "Hi", true)));
    BOOST_TEST(contains(first.read_until("data: "), "200 OK"));
    RawClient second(rig.port);
    second.send(as_request(chat("fake/fake-small", "Hi")));
    eventually("the second waits",
               [&] { return rig.daemon->host().status().front().permits.waiting == 1; });
    second.close();
    eventually("it waits no more",
               [&] { return rig.daemon->host().status().front().permits.waiting == 0; });
    first.close();
    check_at_rest(rig);
    BOOST_TEST(rig.llm.server().requests().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_reader_that_stops_reading_slows_the_provider_down_and_memory_stays) {
    GatewayRig rig;
    RawClient client(rig.port);
    client.send(as_request(chat("fake/fault-endless", "Hi", true)));
    BOOST_TEST(contains(client.read_until("data: "), "200 OK"));
    // It does not read on. What the kernel and the gateway buffer is bounded: the deltas stop.
    std::uint64_t before = 0;
    int same = 0;
    eventually("the stream stands still", [&] {
        const auto all = rig.admin("GET", "/admin/v1/requests");
        const auto at = all.body.find("\"bytes\":");
        const std::uint64_t bytes =
            at == std::string::npos ? 0 : std::stoull(all.body.substr(at + 8));
        same = bytes == before && bytes > 0 ? same + 1 : 0;
        before = bytes;
        return same >= 50;
    });
    client.reset();
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(a_reader_that_never_reads_on_is_cut_off_and_that_is_told) {
    GatewayRig rig(R"("write_timeout":"50ms")");
    RawClient client(rig.port);
    client.send(as_request(chat("fake/fault-endless", "Hi", true), "slow"));
    BOOST_TEST(contains(client.read_until("data: "), "200 OK"));
    const std::string trace = trace_of(rig, "slow");
    BOOST_TEST(contains(trace, R"("status":499)"), trace);
    BOOST_TEST(contains(trace, R"("error":{"code":"deadline")"), trace);
    BOOST_TEST(contains(trace, "gateway.write_timeout"), trace);
    check_cancelled(rig);
    const std::string metrics = rig.get("/metrics").body;
    BOOST_TEST(contains(metrics, kGone + " 1"));
    BOOST_TEST(!contains(metrics, R"(operation="complete",status="2xx"} 1)"));
}

BOOST_AUTO_TEST_CASE(that_a_client_left_is_told) {
    GatewayRig rig;
    for (const std::string id : {"fault-silent", "fault-stall"}) {
        const std::string model = "fake/" + id;
        RawClient client(rig.port);
        client.send(as_request(chat(model, "Hi", true), id));
        eventually("it is under way",
                   [&] { return contains(rig.admin("GET", "/admin/v1/requests").body, id); });
        client.close();
        const std::string trace = trace_of(rig, id);
        BOOST_TEST(contains(trace, R"("status":499)"), trace);
        BOOST_TEST(contains(trace, "the client left before"), trace);
    }
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(a_request_can_be_cancelled_by_its_id) {
    GatewayRig rig;
    RawClient client(rig.port);
    client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: mine\r\n"
        "Content-Length: " +
        std::to_string(chat("fake/fault-stall", "Hi", true).size()) + "\r\n\r\n" +
        chat("fake/fault-stall", "Hi", true));
    BOOST_TEST(contains(client.read_until("data: "), "200 OK"));
    BOOST_TEST(rig.admin("POST", "/admin/v1/requests/other/cancel", "{}").status == 404);
    BOOST_TEST(rig.admin("POST", "/admin/v1/requests/mine/cancel", "{}").status == 200);
    const std::string rest = client.read_until("0\r\n\r\n");
    BOOST_TEST(contains(rest, "\"error\""));
    BOOST_TEST(!contains(rest, "[DONE]"));
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(silent_streams_get_comments_so_that_nobody_in_between_gives_up) {
    GatewayRig rig(R"("keep_alive":"10ms")");
    RawClient client(rig.port);
    client.send(as_request(chat("fake/fault-stall", "Hi", true)));
    BOOST_TEST(contains(client.read_until(": keep-alive\n\n"), "200 OK"));
    client.close();
    RawClient waiting(rig.port);  // also before the first delta
    waiting.send(as_request(chat("fake/fault-silent", "Hi", true)));
    BOOST_TEST(contains(waiting.read_until(": keep-alive\n\n"), "200 OK"));
    waiting.close();
    check_at_rest(rig);
}

BOOST_AUTO_TEST_CASE(stop_lets_streams_finish) {
    Gate gate;
    FakeLlmOptions options;
    options.stream_gate = gate;
    GatewayRig rig("", "", options);
    RawClient client(rig.port);
    client.send(as_request(chat("fake/fake-small", "Hello", true)));
    gate.let_pass(2);
    BOOST_TEST(contains(client.read_until("data: "), "200 OK"));
    std::thread stopping([&] { rig.daemon->stop(); });
    eventually("no new connections", [&] {
        try {
            RawClient late(rig.port);
            return late.exchange("GET", "/healthz").status == 0;
        } catch (const std::system_error&) {
            return true;
        }
    });
    gate.open();
    BOOST_TEST(contains(client.read_until("[DONE]"), "[DONE]"));
    stopping.join();
}

BOOST_AUTO_TEST_CASE(stop_ends_streams_that_do_not_finish_within_the_grace) {
    GatewayRig rig(R"("drain_grace":"20ms")");
    RawClient client(rig.port);
    client.send(as_request(chat("fake/fault-stall", "Hi", true)));
    BOOST_TEST(contains(client.read_until("data: "), "200 OK"));
    rig.daemon->stop();
    BOOST_TEST(!contains(client.read_all(), "[DONE]"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::test
