#include "plugin/proxy.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

#include "proxy_support.hpp"

namespace tenon::plugin {
namespace {

using test::Answer;
using test::Machine;
using test::ProxyFixture;
using test::read_all;
using test::read_some;

BOOST_AUTO_TEST_SUITE(proxy)

BOOST_AUTO_TEST_CASE(a_call_that_is_finished_inline_has_its_answer_at_once) {
    ProxyFixture probe("probe");
    auto call = probe.complete("inline");
    DeltaBatch batch;
    BOOST_TEST(call.take(batch));
    Answer answer;
    add(answer, batch);
    call.take_outcome(answer.outcome);
    BOOST_TEST(answer.text == "inline");
    BOOST_TEST(answer.outcome.ok);
    BOOST_TEST(probe->misbehaviours() == 0U);
}

BOOST_AUTO_TEST_CASE(a_call_that_a_thread_finishes_brings_its_deltas_in_order) {
    ProxyFixture probe("probe");
    const Answer answer = probe.ask("thread");
    BOOST_TEST(answer.text == "from a thread");
    BOOST_TEST(answer.deltas == 3U);
    BOOST_TEST(answer.outcome.ok);
}

BOOST_AUTO_TEST_CASE(request_and_result_reach_the_other_side_unchanged) {
    ProxyFixture probe("probe");
    auto call = probe->complete(
        nullptr,
        {.model = "body", .body = "{\"messages\":[]}", .idempotency_key = "key-1", .stream = true},
        0);
    const Answer answer = read_all(call);
    BOOST_TEST(answer.outcome.body == "{\"messages\":[]}");
    BOOST_TEST(answer.outcome.finish_reason == "key-1");
    BOOST_TEST(answer.outcome.input_tokens == 11U);
    BOOST_TEST(answer.outcome.output_tokens == 1U);  // the probe's word for the STREAM flag
}

BOOST_AUTO_TEST_CASE(a_body_that_may_be_taken_over_reaches_the_plugin_and_is_taken) {
    ProxyFixture probe("probe");
    for (const std::size_t size : {std::size_t{2}, std::size_t{10000}}) {
        const std::string text = '"' + std::string(size, 'x') + '"';
        std::optional<std::string> body = text;
        auto call =
            probe->complete(nullptr, {.model = "body", .body = *body, .own_body = &body}, 0);
        BOOST_TEST(!body.has_value());
        BOOST_TEST(read_all(call).outcome.body == text);
    }
}

BOOST_AUTO_TEST_CASE(vectors_are_copied_with_their_shape) {
    ProxyFixture probe("probe");
    auto call = probe->embed(nullptr, {.model = "m", .body = "{}"}, 0);
    const Answer answer = read_all(call);
    BOOST_TEST(answer.outcome.rows == 2U);
    BOOST_TEST(answer.outcome.dimensions == 3U);
    BOOST_TEST(answer.outcome.vectors == (std::vector<float>{1, 2, 3, 4, 5, 6}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_operation_that_the_plugin_lacks_is_unsupported) {
    ProxyFixture probe("probe");
    auto call = probe->rerank(nullptr, {.model = "m", .body = "{}"}, 0);
    const Answer answer = read_all(call);
    BOOST_TEST((answer.outcome.error.code == Code::unsupported));
    BOOST_TEST(answer.outcome.error.message == "this provider does not offer rerank");
    BOOST_TEST(probe->misbehaviours() == 0U);
}

BOOST_AUTO_TEST_CASE(a_refusal_ends_the_call_with_its_code) {
    ProxyFixture probe("probe");
    const Answer answer = probe.ask("refuse");
    BOOST_TEST(!answer.outcome.ok);
    BOOST_TEST((answer.outcome.error.code == Code::overloaded));
    BOOST_TEST(probe->busy() == 0U);
}

BOOST_AUTO_TEST_CASE(a_refusal_that_is_no_error_counts_as_a_defect) {
    ProxyFixture probe("probe");
    BOOST_TEST((probe.ask("refuse oddly").outcome.error.code == Code::internal));
}

BOOST_AUTO_TEST_CASE(the_plugin_s_error_arrives_whole) {
    ProxyFixture probe("probe");
    const Error error = probe.ask("fail connection").outcome.error;
    BOOST_TEST((error.code == Code::unavailable));
    BOOST_TEST((error.scope == Scope::connection));
    BOOST_TEST(error.message == "the line is dead");
}

BOOST_AUTO_TEST_CASE(a_finished_call_lets_go_of_its_slot_when_the_host_does) {
    ProxyFixture probe("probe");
    {
        auto call = probe.complete("inline");
        BOOST_TEST(probe->busy() == 1U);
    }
    BOOST_TEST(probe->busy() == 0U);
}

BOOST_AUTO_TEST_CASE(a_cancel_reaches_the_plugin_which_still_finishes) {
    ProxyFixture probe("probe");
    auto call = probe.complete("hold after delta");
    Answer answer;
    BOOST_TEST(!read_some(call, answer));
    BOOST_TEST(answer.text == "begun");
    call.cancel();
    BOOST_TEST((read_all(call).outcome.error.code == Code::cancelled));
    BOOST_TEST(probe->misbehaviours() == 0U);
}

BOOST_AUTO_TEST_CASE(dropping_a_call_before_its_end_cancels_it) {
    ProxyFixture probe("probe");
    { auto call = probe.complete("hold"); }
    BOOST_TEST(probe->busy() == 0U);  // the probe finishes inside cancel()
    BOOST_TEST(probe->misbehaviours() == 0U);
}

BOOST_AUTO_TEST_CASE(a_cancel_after_the_end_changes_nothing) {
    ProxyFixture probe("probe");
    auto call = probe.complete("inline");
    call.cancel();
    BOOST_TEST(read_all(call).outcome.ok);
}

BOOST_AUTO_TEST_CASE(a_call_whose_plugin_is_deaf_to_cancel_lives_on_until_it_is_finished) {
    ProxyFixture probe("probe");
    { auto call = probe.complete("deaf"); }
    BOOST_TEST(probe->busy() == 1U);
    BOOST_TEST(probe.ask("release").text == "released");
    BOOST_TEST(probe.log().count("late finish answered 2") == 1U);  // TENON_STALE
    BOOST_TEST(probe->busy() == 0U);
    BOOST_TEST(probe->misbehaviours() == 0U);  // late, but not wrong
}

BOOST_AUTO_TEST_CASE(is_cancelled_is_true_after_the_deadline) {
    // finish_late waits for that alone.
    ProxyFixture late("finish_late");
    auto call = late.complete("m", "{}", base::steady_clock().now() + std::chrono::milliseconds(1));
    BOOST_TEST(read_all(call).outcome.ok);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_makes_emit_answer_again_before_memory_runs_out) {
    ProxyFixture probe("probe");
    const Answer answer = probe.ask("flood");
    BOOST_TEST(answer.outcome.finish_reason.ends_with(" then 3"));  // TENON_AGAIN
    BOOST_TEST(answer.text.size() > (std::size_t{512} << 10));
    BOOST_TEST(answer.text.size() < (std::size_t{2} << 20));
}

BOOST_AUTO_TEST_CASE(what_was_refused_with_again_can_be_offered_again_without_loss) {
    ProxyFixture probe("probe");
    const Answer answer = probe.ask("flood patiently");
    BOOST_TEST(answer.text.size() == (std::size_t{4} << 20));
    BOOST_TEST(answer.outcome.ok);
}

BOOST_AUTO_TEST_CASE(a_blocking_provider_waits_in_emit_instead) {
    ProxyFixture probe("probe_blocking");
    const Answer answer = probe.ask("flood blocking");
    BOOST_TEST(answer.outcome.finish_reason == "ended with 0");
    BOOST_TEST(answer.text.size() == (std::size_t{4} << 20));
}

BOOST_AUTO_TEST_CASE(a_cancel_ends_the_wait_of_a_blocking_emit) {
    ProxyFixture probe("probe_blocking");
    { auto call = probe.complete("flood blocking"); }
    probe.retire();  // waits for the worker
    BOOST_TEST(probe.log().count("left_alive") == 0U);
}

BOOST_AUTO_TEST_CASE(a_blocking_call_that_was_given_up_in_the_queue_never_reaches_the_plugin) {
    ProxyFixture probe("probe_blocking", "{}", Machine(1, 1));
    {
        auto busy = probe.complete("flood blocking");  // takes the one worker until it is read
        Answer answer;
        BOOST_TEST(!read_some(busy, answer));
        { auto queued = probe.complete("deaf"); }  // the plugin would hold it for ever
        BOOST_TEST(probe->busy() >= 2U);
    }
    probe.retire();
    BOOST_TEST(probe.log().count("left_alive") == 0U);
}

BOOST_AUTO_TEST_CASE(a_required_service_that_the_host_lacks_refuses_the_provider) {
    const Machine machine;
    Kind kind = *Machine::kind("probe");
    kind.required_services = {TENON_HTTP_V1, "com.example.teleport/3"};
    const auto made =
        Proxy::create(std::make_shared<const Kind>(kind), machine.options(), machine.environment());
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().code == Code::unsupported));
    BOOST_TEST(made.error().message ==
               "provider tested: the kind probe needs the host service com.example.teleport/3, "
               "which this host does not have; update Tenon");
}

BOOST_AUTO_TEST_CASE(the_plugin_s_own_error_from_create_names_the_provider) {
    const Machine machine;
    const auto made = Proxy::create(
        Machine::kind("probe"), machine.options("{\"create\":\"fail\"}"), machine.environment());
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().code == Code::auth));
    BOOST_TEST(made.error().message == "provider tested: api_key is missing");
}

BOOST_AUTO_TEST_CASE(retiring_destroys_the_provider_after_its_last_call) {
    ProxyFixture probe("probe");
    auto call = probe.complete("hold");
    auto proxy = probe.proxy().shared_from_this();
    std::thread retiring([&] { probe.retire(); });
    BOOST_TEST(probe.log().count("destroyed") == 0U);
    call.cancel();
    read_all(call);
    { const auto gone = std::move(call); }
    retiring.join();
    BOOST_TEST(probe.log().count("destroyed with 0 connections") == 1U);
}

BOOST_AUTO_TEST_CASE(a_provider_with_an_unfinished_call_is_left_alive) {
    ProxyFixture probe("probe");
    auto proxy = probe.proxy().shared_from_this();
    { auto call = probe.complete("deaf"); }
    probe.retire(std::chrono::milliseconds(1));
    BOOST_TEST(probe.log().count("destroyed") == 0U);
    BOOST_TEST(probe.log().count("did not finish its calls") == 1U);
    BOOST_TEST(proxy->busy() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::plugin
