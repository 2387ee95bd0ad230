#include <boost/test/unit_test.hpp>

#include "breaker_support.hpp"
#include "core/probe_leases.hpp"

namespace tenon::core {
namespace {

using namespace breaker_tests;

constexpr auto kYes = [] { return true; };
constexpr auto kNo = [] { return false; };

BOOST_AUTO_TEST_SUITE(breaker_leases)

BOOST_AUTO_TEST_CASE(only_so_many_are_given_and_a_returned_one_is_given_again) {
    ProbeLeases leases;
    const auto first = leases.claim(1, 100, 2, kYes);
    const auto second = leases.claim(1, 90, 2, kYes);
    BOOST_TEST_REQUIRE((first && second));
    BOOST_TEST(*first != *second);
    BOOST_TEST(!leases.claim(1, 100, 2, kYes));
    BOOST_TEST(leases.held(1).count == 2);
    BOOST_TEST(leases.held(1).earliest_deadline == 90U);
    leases.release(1, *second);
    BOOST_TEST(leases.held(1).earliest_deadline == 100U);
    BOOST_TEST(leases.claim(1, 100, 2, kYes).has_value());
}

BOOST_AUTO_TEST_CASE(a_lease_that_was_returned_cannot_be_returned_for_its_successor) {
    ProbeLeases leases;
    const auto old = leases.claim(1, 100, 1, kYes);
    leases.release(1, old.value());
    const auto successor = leases.claim(1, 100, 1, kYes);
    BOOST_TEST(*successor != *old);
    BOOST_TEST(!leases.holds(1, *old));
    leases.release(1, *old);
    BOOST_TEST(leases.holds(1, *successor));
}

BOOST_AUTO_TEST_CASE(leases_of_another_generation_are_as_good_as_free) {
    ProbeLeases leases;
    const auto old = leases.claim(1, 100, 1, kYes);
    BOOST_TEST(leases.held(2).count == 0);
    BOOST_TEST(!leases.holds(2, old.value()));
    BOOST_TEST(leases.claim(2, 100, 1, kYes).has_value());
    BOOST_TEST(!leases.holds(1, *old));
}

BOOST_AUTO_TEST_CASE(nothing_is_given_in_a_generation_that_has_ended) {
    ProbeLeases leases;
    BOOST_TEST(!leases.claim(1, 100, 4, kNo));
    BOOST_TEST(leases.held(1).count == 0);
}

BOOST_AUTO_TEST_CASE(what_a_like_numbered_generation_left_is_cleared_before_but_not_once_it_runs) {
    ProbeLeases leases;
    const auto lease = leases.claim(1, 100, 1, kYes);
    leases.prepare(0x1'0001, kNo);
    BOOST_TEST(leases.holds(1, lease.value()));
    leases.prepare(0x1'0001, kYes);
    BOOST_TEST(leases.held(0x1'0001).count == 0);
}

BOOST_AUTO_TEST_CASE(a_probe_that_was_lost_65536_generations_ago_blocks_nothing) {
    BreakerSettings settings = exact();
    settings.probes = 2;
    Subject subject(settings);
    auto first = subject.probe();
    const auto lost = subject.admit();
    const auto generation = subject.look().generation;
    subject.record(std::move(first), Outcome::failure);
    while (subject.look().generation < generation + 65'536 - 2) subject.breaker.reset(subject.now);
    const auto probe = subject.probe();
    BOOST_TEST(subject.look().generation == generation + 65'536);
    BOOST_TEST(probe.is_probe());
    BOOST_TEST(subject.look().probes_in_flight == 1);
    BOOST_TEST(lost.is_probe());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
