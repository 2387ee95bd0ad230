#include "router/request_run.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <utility>

#include "../core/heap_count.hpp"
#include "left_request.hpp"
#include "router_support.hpp"

namespace tenon::router::test {
namespace {

/// A body that exists already.
class Ready final : public RequestBody {
public:
    Result<std::string> for_model(std::string_view) override { return {std::move(text)}; }
    std::string text = "a body that is longer than what a string holds in itself";
};

BOOST_AUTO_TEST_SUITE(request_run)

BOOST_AUTO_TEST_CASE(a_request_that_is_answered_at_once_allocates_nothing) {
    net::IoThreads io(1);
    TestClock clock;
    const RouterSettings settings = quick();
    const auto upstream = std::make_shared<FakeUpstream>("a", io);
    auto table = core::RouteTable::build(
        {{"a"}, {route("a-model-with-a-long-name", {{{"a", "short", 1}}})}, {}, true});
    BOOST_TEST_REQUIRE(table.has_value());
    const auto published = std::make_shared<const Published>(Published{
        std::make_shared<const Routing>(std::make_shared<const core::RouteTable>(*std::move(table)),
                                        std::vector<std::shared_ptr<provider::Upstream>>{upstream},
                                        settings.balancer, 1),
        {}});
    const auto asked = published->routing->table().find("a-model-with-a-long-name");
    BOOST_TEST_REQUIRE(asked.has_value());
    const ChangeWaits changes;
    core::Random random(1);
    const RunContext context{settings.retry, settings.failover, clock, changes, nullptr, random, 0};
    Ready body;
    Recorder sink;
    provider::CancelSignal cancel;
    const LogicalRequest logical{.model = "a-model-with-a-long-name", .body = &body};
    plugin::CallOutcome outcome;
    outcome.body = "an answer that is longer than what a string holds in itself";

    const auto before = core::heap_allocations();
    HoldBack hold(sink, cancel);
    RequestRun run(context, published, *asked, logical, &hold, cancel);
    const auto first = run.next();
    run.ended(std::move(outcome));
    const auto second = run.next();
    const auto result = run.take_result();
    BOOST_TEST(core::heap_allocations() == before);

    BOOST_TEST((first == RequestRun::Next::attempt));
    BOOST_TEST((second == RequestRun::Next::end));
    BOOST_TEST(result.has_value());
}

BOOST_AUTO_TEST_CASE(a_request_that_is_left_in_the_middle_is_counted_and_holds_nothing) {
    Rig rig(in_order({"a"}));
    leave_in_the_middle(rig, {.model = "m"},
                        [&] { BOOST_TEST(rig['a'].in_flight().count() == 1U); });
    BOOST_TEST(rig['a'].in_flight().count() == 0U);
    BOOST_TEST(rig['a'].counters().requests.snapshot().of(core::Ending::cancelled) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test
