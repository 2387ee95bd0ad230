#pragma once

#include <boost/test/unit_test.hpp>

#include <memory>

#include "router/request_run.hpp"
#include "router_support.hpp"

namespace tenon::router::test {

/// Brings a request for "m" as far as its first attempt at "a", calls `look`, and leaves it there.
template <class Look>
void leave_in_the_middle(Rig& rig, LogicalRequest logical, Look look) {
    const auto published = std::make_shared<const Published>(
        Published{std::make_shared<const Routing>(Rig::table(in_order({"a"})), rig.all(),
                                                  core::BalancerSettings(), 1),
                  {}});
    const RouterSettings settings = quick();
    const ChangeWaits changes;
    core::Random random(1);
    const RunContext context{
        settings.retry, settings.failover, rig.clock, changes, nullptr, random, 0};
    Body body;
    provider::CancelSignal cancel;
    logical.body = &body;
    RequestRun run(context, published, *published->routing->table().find("m"), logical, nullptr,
                   cancel);
    BOOST_TEST((run.next() == RequestRun::Next::attempt));
    look();
}

}  // namespace tenon::router::test
