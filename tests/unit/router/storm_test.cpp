#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/stable_hash.hpp"
#include "router_support.hpp"

namespace tenon::router::test {
namespace {

constexpr std::uint64_t kClients = 64;

Reply any_reply(std::uint64_t n) {
    const std::uint64_t random = core::mix(n);
    Reply reply;
    switch (random % 16) {
        case 0:
        case 1: return failure(Code::unavailable);
        case 2: return failure(Code::throttled);
        case 3: return failure(Code::auth);
        case 4: return failure(Code::invalid);
        case 5: return not_admitted();
        case 6: return stale();
        case 7:
            reply = hang();
            reply.cancels = true;
            return reply;
        case 8:
            reply = failure(Code::deadline);
            reply.report.stop = core::Stop::attempt_timeout;
            return reply;
        case 9: reply.then = [] { throw std::runtime_error("a bug"); }; return reply;
        case 10:
            reply = failure(Code::unavailable);
            reply.deltas = {batch({role()}), batch({text("Hel")})};
            return reply;
        case 11:
            reply = failure(Code::unavailable);
            reply.deltas = {batch({role()})};
            return reply;
        default: return answer({batch({role()}), batch({text("Hi")})});
    }
}

/// Sends one request after the other.
struct Client {
    net::Awaitable<void> run(Rig& rig, std::uint64_t requests, std::size_t io_index) {
        for (std::uint64_t i = 0; i < requests; ++i) {
            Body body;
            Recorder sink;
            sink.throws = i % 50 == 49;
            if (i % 50 == 48) body.instead = [] { return Error(Code::invalid, "No body."); };
            const auto cancel = std::make_shared<provider::CancelSignal>();
            if (i % 50 == 47) cancel->cancel();
            const LogicalRequest logical{.model = "m", .body = &body, .stream = true};
            const auto result = co_await rig.router.run(logical, &sink, cancel, io_index);
            if (result) {
                ++answered;
                // Whole, once, and from whoever says so.
                const bool whole = sink.got == "roleHi|" &&
                                   result->outcome.body == "from " + result->provider &&
                                   result->model == "m-" + result->provider;
                if (!whole) ++wrong;
            } else {
                ++failed;
            }
        }
        done = true;
    }

    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t wrong = 0;
    std::atomic<bool> done = false;
};

core::RouteSpec named_route(const std::vector<std::string>& providers) {
    auto spec = route("m", {});
    for (std::size_t i = 0; i < providers.size(); i += 2) {
        auto& tier = spec.tiers.emplace_back();
        for (std::size_t j = i; j < std::min(i + 2, providers.size()); ++j) {
            tier.push_back({providers[j], "m-" + providers[j], 1});
        }
    }
    return spec;
}

/// Lets 64 clients send requests while `disturb` is called again and again.
template <class Disturb>
void storm(Rig& rig, std::uint64_t requests, const Disturb& disturb) {
    rig.clock.run();
    std::vector<std::unique_ptr<Client>> clients;
    for (std::uint64_t i = 0; i < kClients; ++i) {
        clients.push_back(std::make_unique<Client>());
        const std::size_t io_index = i % rig.io.size();
        boost::asio::co_spawn(rig.io.context(io_index),
                              clients.back()->run(rig, requests / kClients, io_index),
                              boost::asio::detached);
    }
    const auto done = [](const auto& client) { return client->done.load(); };
    for (std::uint64_t n = 1; !std::all_of(clients.begin(), clients.end(), done); ++n) {
        disturb(n);
        rig.router.providers_changed();
        rig.hop();
    }
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t wrong = 0;
    for (const auto& client : clients) {
        answered += client->answered;
        failed += client->failed;
        wrong += client->wrong;
    }
    BOOST_TEST(answered + failed == requests);
    BOOST_TEST(answered > requests / 4);
    BOOST_TEST(wrong == 0U);
    rig.settle();
    BOOST_TEST(rig.gauges() == "0 in flight, 0 held, 0 waiting, 0 running");
    for (const auto& upstream : rig.upstreams) {
        const auto counts = upstream->counters().requests.snapshot();
        BOOST_TEST(counts.started == counts.finished());
    }
}

BOOST_AUTO_TEST_SUITE(storm_of_requests)

// L6
BOOST_AUTO_TEST_CASE(after_many_requests_of_all_ends_nothing_is_in_flight) {
    RouterSettings settings = quick();
    settings.failover.wait_when_down = 5ms;
    settings.failover.last_resort = true;
    Rig rig({named_route({"a", "b", "c", "d"})}, settings, 2);
    std::atomic<std::uint64_t> attempt{0};
    for (const auto& upstream : rig.upstreams) {
        upstream->always([&](const auto&) { return any_reply(attempt.fetch_add(1)); });
    }
    storm(rig, 102'400, [&](std::uint64_t n) {
        constexpr Availability kStates[] = {Availability::ready, Availability::ready,
                                            Availability::breaker_open, Availability::connecting,
                                            Availability::disabled};
        const std::uint64_t random = core::mix(n);
        rig.upstreams[random % 4]->set(kStates[random / 4 % 5]);
    });
}

// L8
BOOST_AUTO_TEST_CASE(requests_run_undisturbed_while_routes_and_pins_change) {
    Rig rig({named_route({"a", "b"})}, quick(), 2);
    for (const auto& upstream : rig.upstreams) {
        upstream->always([&, own = "m-" + upstream->name()](const auto& request) {
            if (request.model != own || request.body != "for " + own) {
                return failure(Code::invalid, "This model is another one's.");
            }
            return answer({batch({role()}), batch({text("Hi")})});
        });
    }
    // The other way round each provider has another number and place.
    const auto one = Rig::table({named_route({"a", "b"})});
    auto built = core::RouteTable::build(
        {{"d", "c", "b", "a"}, {named_route({"d"}), route("n", {tier({"a"})})}, {}, true});
    BOOST_TEST_REQUIRE(built.has_value());
    const auto other = std::make_shared<const core::RouteTable>(*std::move(built));
    storm(rig, 20'480, [&](std::uint64_t n) {
        rig.router.set_routing(n % 2 == 0 ? one : other, rig.all());
        const bool pinned =
            rig.router.pin({.model = "m", .provider = n % 3 == 0 ? "a" : "b"}).has_value();
        BOOST_TEST(pinned == (n % 2 == 0));
        if (n % 5 == 0) rig.router.unpin("m");
    });
    std::uint64_t failed = 0;
    for (const auto& upstream : rig.upstreams) {
        failed += upstream->counters().requests.snapshot().failed_with(Code::invalid);
    }
    BOOST_TEST(failed == 0U);
}

// L9
BOOST_AUTO_TEST_CASE(many_requests_at_once_are_spread_over_idle_providers) {
    Rig rig({named_route({"a", "b"})}, quick(), 2);
    for (const auto& upstream : rig.upstreams) {
        upstream->always([](const auto&) { return hang(); });
    }
    std::vector<std::unique_ptr<Request>> requests;
    for (std::size_t i = 0; i < kClients; ++i) {
        requests.push_back(std::make_unique<Request>(
            rig.router, rig.io, LogicalRequest{.model = "m"}, How{.io_index = i % 2}));
    }
    rig.settle();
    const int a = rig['a'].held();
    const int b = rig['b'].held();
    BOOST_TEST(a + b == static_cast<int>(kClients));
    BOOST_TEST(std::max(a, b) - std::min(a, b) <= 2);
    for (const auto& request : requests) request->cancel->cancel();
    for (const auto& request : requests) (void)request->result();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::router::test
