#include <boost/test/unit_test.hpp>

#include "plugin/proxy.hpp"
#include "proxy_support.hpp"

/// Each plugin of tests/plugins/bad behind a proxy: the call ends as it should, the sin is counted
/// and logged, and nothing is left over.
namespace tenon::plugin {
namespace {

using test::Answer;
using test::kPatience;
using test::Machine;
using test::ProxyFixture;
using test::read_all;
using test::read_some;

Result<std::shared_ptr<Proxy>> create(const Machine& machine, const std::string& kind,
                                      base::Duration create_timeout = kPatience,
                                      base::Duration destroy_timeout = kPatience) {
    auto options = machine.options();
    options.create_timeout = create_timeout;
    options.destroy_timeout = destroy_timeout;
    return Proxy::create(Machine::kind(kind), std::move(options), machine.environment());
}

BOOST_AUTO_TEST_SUITE(misbehaviour)

BOOST_AUTO_TEST_CASE(the_first_of_two_results_stands) {
    ProxyFixture bad("finish_twice");
    const Answer answer = bad.ask("m");
    BOOST_TEST(answer.outcome.ok);
    BOOST_TEST(answer.text == "first");
    BOOST_TEST(bad->misbehaviours() == 1U);
    BOOST_TEST(bad.log().count("finish for a call that has ended") == 1U);
    BOOST_TEST(bad->busy() == 0U);
}

BOOST_AUTO_TEST_CASE(a_result_stands_when_the_call_is_refused_afterwards) {
    ProxyFixture bad("finish_after_refusal");
    BOOST_TEST(bad.ask("m").outcome.ok);
    BOOST_TEST(bad->misbehaviours() == 1U);
    BOOST_TEST(bad.log().count("finished the call and then refused it") == 1U);
}

BOOST_AUTO_TEST_CASE(deltas_after_the_end_are_dropped) {
    ProxyFixture bad("emit_after_finish");
    BOOST_TEST(bad.ask("m").text == "before");
    BOOST_TEST(bad->misbehaviours() == 1U);
    BOOST_TEST(bad.log().count("emit for a call that has ended") == 1U);
}

BOOST_AUTO_TEST_CASE(an_exception_becomes_an_error_with_its_words) {
    ProxyFixture bad("throw_in_complete");
    const Error error = bad.ask("m").outcome.error;
    BOOST_TEST((error.code == Code::internal));
    BOOST_TEST(error.message ==
               "the plugin threw an exception in complete (vector::at); report it to the plugin's "
               "author");
    BOOST_TEST(bad->misbehaviours() == 1U);
    BOOST_TEST(bad->busy() == 0U);
}

BOOST_AUTO_TEST_CASE(a_thrown_number_becomes_an_error_too) {
    ProxyFixture bad("throw_in_complete");
    BOOST_TEST(bad.ask("int").outcome.error.message ==
               "the plugin threw an exception in complete; report it to the plugin's author");
}

BOOST_AUTO_TEST_CASE(exceptions_of_callbacks_cancel_disconnect_and_destroy_end_in_the_proxy) {
    ProxyFixture bad("throw_in_callbacks");
    auto connecting = bad->connect({}, 0);
    tenon_conn* const conn = read_all(connecting).outcome.conn;
    BOOST_REQUIRE(conn != nullptr);
    {
        auto call = bad->complete(conn, {.model = "m", .body = "{}"}, 0);
        read_all(call);
        auto dropped = bad->complete(conn, {.model = "m", .body = "{}"}, 0);
    }
    bad->disconnect(conn);
    { const auto done = std::move(connecting); }
    bad.retire();
    BOOST_TEST(bad.log().count("the timer callback threw an exception") == 2U);
    BOOST_TEST(bad.log().count("disconnect threw an exception") == 1U);
    BOOST_TEST(bad.log().count("destroy threw an exception") == 1U);
    BOOST_TEST(bad.log().count("left_alive") == 0U);
}

BOOST_AUTO_TEST_CASE(null_instead_of_a_result_ends_the_call_with_an_error) {
    ProxyFixture bad("null_result");
    const Error error = bad.ask("m").outcome.error;
    BOOST_TEST((error.code == Code::internal));
    BOOST_TEST((error.message.find("makes no sense") != std::string::npos));
    BOOST_TEST(bad.log().count("emit with a delta that makes no sense") == 1U);
    BOOST_TEST(bad.log().count("finish with a result that makes no sense") == 1U);
    BOOST_TEST(bad->busy() == 0U);
}

BOOST_AUTO_TEST_CASE(sizes_that_no_memory_holds_end_the_call_with_an_error) {
    ProxyFixture bad("wild_result");
    const Answer answer = bad.ask("m");
    BOOST_TEST((answer.outcome.error.code == Code::internal));
    BOOST_TEST(answer.outcome.vectors.empty());
    BOOST_TEST(bad->misbehaviours() == 1U);
}

BOOST_AUTO_TEST_CASE(a_garbage_body_is_handed_over_for_those_who_understand_it_to_judge) {
    ProxyFixture bad("garbage_body");
    const Answer answer = bad.ask("m");
    BOOST_TEST(answer.outcome.ok);
    BOOST_TEST(answer.outcome.body == "\xff\xfe{\x80 not json");
}

BOOST_AUTO_TEST_CASE(a_timer_without_a_function_is_refused) {
    ProxyFixture bad("null_timer");
    BOOST_TEST(bad.ask("m").text == "refused");
    BOOST_TEST(bad->misbehaviours() == 1U);
}

BOOST_AUTO_TEST_CASE(the_loss_of_unknown_connections_is_stale) {
    ProxyFixture bad("lose_unknown_connection");
    BOOST_TEST(bad.ask("m").text == "stale");
}

BOOST_AUTO_TEST_CASE(late_results_are_stale_and_free_the_call) {
    ProxyFixture bad("finish_late");
    for (int i = 0; i < 8; ++i) {
        auto call = bad.complete("m");
        call.cancel();
    }
    bad.retire();  // as soon as the threads have finished
    BOOST_TEST(bad.log().count("left_alive") == 0U);
}

BOOST_AUTO_TEST_CASE(a_flood_of_deltas_stops_at_a_bound_and_ends_with_the_cancel) {
    ProxyFixture bad("emit_for_ever");
    {
        auto call = bad.complete("m");
        Answer answer;
        for (int i = 0; i < 10; ++i) BOOST_TEST(!read_some(call, answer));
        BOOST_TEST(answer.text.size() < (std::size_t{20} << 20));
    }
    bad.retire();
    BOOST_TEST(bad.log().count("left_alive") == 0U);
}

BOOST_AUTO_TEST_CASE(a_create_that_throws_is_an_error) {
    const Machine machine;
    const auto made = create(machine, "throw_in_create");
    BOOST_REQUIRE(!made);
    BOOST_TEST(made.error().message ==
               "provider tested: the plugin threw an exception in create (out_of_range); report it "
               "to the plugin's author");
}

BOOST_AUTO_TEST_CASE(a_create_that_makes_nothing_is_an_error) {
    const Machine machine;
    const auto made = create(machine, "create_without_provider");
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().code == Code::internal));
    BOOST_TEST((made.error().message.find("reported success but made no provider; report it") !=
                std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_create_that_hangs_is_left_behind) {
    const Machine machine;
    const auto made = create(machine, "hang_in_create", std::chrono::milliseconds(5));
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().code == Code::deadline));
    BOOST_TEST(made.error().message ==
               "provider tested: the plugin's create function did not return within 5 ms; check "
               "its configuration, or report it to the plugin's author");
}

BOOST_AUTO_TEST_CASE(a_destroy_that_hangs_is_left_behind) {
    const Machine machine;
    auto made = create(machine, "hang_in_destroy", kPatience, std::chrono::milliseconds(5));
    BOOST_REQUIRE(made);
    Proxy::retire(*std::move(made), kPatience, [] {});
    BOOST_TEST(machine.log().count("destroy function did not return in time") == 1U);
}

BOOST_AUTO_TEST_CASE(a_forgotten_call_is_given_up_when_the_provider_retires) {
    ProxyFixture bad("never_finish");
    { auto call = bad.complete("m"); }
    BOOST_TEST(bad->busy() == 1U);
    bad.retire(std::chrono::milliseconds(1));
    BOOST_TEST(bad.log().count("did not finish its calls") == 1U);
}

BOOST_AUTO_TEST_CASE(a_worker_that_a_plugin_never_returns_from_does_not_hold_the_host_up) {
    ProxyFixture bad("block_for_ever");
    {
        auto call = bad.complete("m");
        Answer answer;
        BOOST_TEST(!read_some(call, answer));
        BOOST_TEST(answer.text == "blocked");
    }
    bad.retire(std::chrono::milliseconds(1));
    BOOST_TEST(bad.log().count("left_alive") == 1U);
}

BOOST_AUTO_TEST_CASE(a_plugin_in_a_loop_of_sins_does_not_fill_the_log) {
    ProxyFixture bad("finish_twice");
    for (int i = 0; i < 100; ++i) bad.ask("m");
    BOOST_TEST(bad->misbehaviours() == 100U);
    BOOST_TEST(bad.log().count("plugin_misbehaved") == 20U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::plugin
