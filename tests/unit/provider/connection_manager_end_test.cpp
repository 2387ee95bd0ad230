#include <boost/test/unit_test.hpp>

#include <thread>

#include "connection_manager_support.hpp"
#include "core/random.hpp"

namespace tenon::provider::test {
namespace {

BOOST_AUTO_TEST_SUITE(connection_manager_end)

BOOST_AUTO_TEST_CASE(the_end_of_what_never_connected_is_at_once) {
    ManagerFixture f;
    BOOST_TEST(f.manager->shut_down(kPatience));
    Request late = f.request();
    BOOST_TEST(late.error().code == Code::unavailable);
    const bool refused =
        f.manager->command(Command::connect).kind() == core::CommandReply::Kind::refused;
    BOOST_TEST(refused);
}

BOOST_AUTO_TEST_CASE(the_end_has_a_bound_and_what_comes_back_later_is_closed) {
    ManagerFixture f;
    Lease lease = f.lease();
    const ConnHandle conn = lease.conn();
    lease.lend();
    BOOST_TEST(!f.manager->shut_down(0s));
    f.advance(10s);
    BOOST_TEST(lease.interrupted());
    lease.release(Disposition::must_close);
    f.settle();
    BOOST_TEST(!f.manager->shut_down(0s));
    BOOST_TEST(f.operations->times_closed(conn) == 0U);
    f.manager->call_over(conn, Disposition::must_close);
    BOOST_TEST(f.manager->shut_down(kPatience));
    BOOST_TEST(f.operations->times_closed(conn) == 1U);
}

BOOST_AUTO_TEST_CASE(the_end_ends_everything_in_flight) {
    ConnectionManagerSettings settings = plain_settings();
    settings.health.active = true;
    settings.permits.permits = 3;
    ManagerFixture f(settings);
    Lease lease = f.lease();
    Request dialling = f.request();
    Request also = f.request();
    Request waiting = f.request();
    f.settle();
    f.advance(0s);
    BOOST_TEST(f.operations->connecting() == 3U);  // two for requests, one for a check
    std::thread holder([&] {
        BOOST_TEST(dialling.error().code == Code::unavailable);
        BOOST_TEST(also.error().code == Code::unavailable);
        BOOST_TEST(waiting.error().code == Code::unavailable);
        lease.release(Disposition::reusable);
    });
    BOOST_TEST(f.manager->shut_down(kPatience));
    holder.join();
    BOOST_TEST(f.state() == State::disconnected);
    BOOST_TEST(f.operations->connecting() == 0U);
    BOOST_TEST(f.operations->all_closed_once());
    BOOST_TEST(f.path() == "disconnected connecting connected disconnecting disconnected");
}

/// What one of the storm's threads does, at random.
class Stormer {
public:
    Stormer(net::IoThreads& io, ConnectionManager& manager, std::uint64_t seed)
        : io_(io), manager_(manager), random_(seed) {}

    void step() {
        switch (below(60)) {
            case 0: manager_.command(static_cast<Command>(below(7))); break;
            case 1: manager_.command(Command::enable); break;
            case 2: manager_.command(Command::connect); break;
            default: request();
        }
    }
    [[nodiscard]] std::size_t served() const noexcept { return served_; }

private:
    std::size_t below(std::size_t limit) {
        return static_cast<std::size_t>(random_.unit() * static_cast<double>(limit));
    }
    void request() {
        const auto cancel = std::make_shared<CancelSignal>();
        const std::size_t thread = io_.pick();
        const auto deadline = base::steady_clock().now() + 20ms * below(100);
        Request::Leasing leasing(io_, thread, manager_.acquire({deadline}, cancel, thread));
        if (below(4) == 0) cancel->cancel();
        auto result = leasing.result();
        if (!result) return;
        ++served_;
        Lease lease = *std::move(result);
        const ConnHandle conn = lease.conn();
        const auto disposition = static_cast<Disposition>(below(4));
        if (below(8) == 0) manager_.connection_lost(conn);
        const bool lends = conn != 0 && below(2) == 0;
        if (lends) lease.lend();
        const Error error(Code::unavailable, "It broke.");
        if (below(2) == 0) lease.release(disposition);
        if (below(10) == 0) lease.end({disposition, core::judge({.error = &error})});
        // Whose call ends by that does not matter: as many as were lent come back.
        if (lends) manager_.call_over(conn, disposition);
    }

    net::IoThreads& io_;
    ConnectionManager& manager_;
    core::Random random_;
    std::size_t served_ = 0;
};

/// Connects and checks that take no time, or fail, or wait for their cancel.
class StormOperations final : public ConnectionOperations {
public:
    explicit StormOperations(net::IoThreads& io) : fake_(io) {}

    net::Awaitable<Result<ConnHandle>> connect(std::shared_ptr<CancelSignal> cancel,
                                               base::TimePoint deadline,
                                               std::size_t io_index) override {
        co_await boost::asio::post(fake_.io().context(io_index), net::UseAwaitable());
        const auto turn = turn_.fetch_add(1);
        if (turn % 7 == 3) co_return Error(Code::unavailable, "Not now.");
        if (turn % 11 == 5) co_await until_cancelled(*cancel, deadline, io_index);
        co_return co_await fake_.connect(std::move(cancel), deadline, io_index);
    }
    void disconnect(ConnHandle conn) noexcept override { fake_.disconnect(conn); }
    net::Awaitable<Result<std::string>> check(ConnHandle, std::shared_ptr<CancelSignal>,
                                              base::TimePoint, std::size_t io_index) override {
        co_await boost::asio::post(fake_.io().context(io_index), net::UseAwaitable());
        if (turn_.fetch_add(1) % 5 == 2) co_return Error(Code::unavailable, "Not well.");
        co_return std::string("1");
    }
    FakeOperations& fake() noexcept { return fake_; }

private:
    net::Awaitable<void> until_cancelled(CancelSignal& cancel, base::TimePoint deadline,
                                         std::size_t io_index) {
        const auto waker = std::make_shared<IoWaker>(fake_.io().context(io_index));
        cancel.attach(waker);
        for (bool woken = true; woken && !cancel.cancelled();) {
            woken = co_await waker->wait(deadline);
        }
        cancel.attach(nullptr);
    }

    FakeOperations fake_;
    std::atomic<std::size_t> turn_{0};
};

void storm(const ConnectionManagerSettings& settings) {
    constexpr std::size_t kThreads = 16;
    constexpr int kSteps = 150;
    net::IoThreads io(3);
    const auto operations = std::make_shared<StormOperations>(io);
    operations->fake().answer_connects(FakeOperations::kFresh);
    std::uint64_t heard = 0;
    bool in_order = true;
    const auto manager = std::make_shared<ConnectionManager>(
        "mine", operations, settings, base::steady_clock(), io, [&](const ConnectionNews& news) {
            const auto* transition = std::get_if<core::ConnectionTransition>(&news);
            if (transition == nullptr) return;
            in_order = in_order && transition->sequence == ++heard;
        });
    manager->start();
    std::atomic<std::size_t> served{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            Stormer stormer(io, *manager, i);
            for (int step = 0; step < kSteps; ++step) stormer.step();
            served += stormer.served();
        });
    }
    for (auto& thread : threads) thread.join();
    BOOST_TEST(manager->shut_down(kPatience));
    const auto report = manager->report();
    BOOST_TEST(report.permits.held == 0U);
    BOOST_TEST(report.permits.waiting == 0U);
    BOOST_TEST(report.pool.total() == 0U);
    BOOST_TEST(report.pool.waiting == 0U);
    BOOST_TEST(operations->fake().all_closed_once());
    BOOST_TEST(in_order);
    BOOST_TEST(heard == report.connection.sequence);
    BOOST_TEST(served > 0U);
    BOOST_TEST_MESSAGE(served << " of " << kThreads * kSteps << " steps had a lease, " << heard
                              << " changes of state, " << operations->fake().made()
                              << " connections");
    io.stop();
}

ConnectionManagerSettings storm_settings() {
    ConnectionManagerSettings settings;
    settings.connection.reconnect_delay = 1ms;
    settings.connection.connect_timeout = 20ms;
    settings.connection.drain_grace = 2ms;
    settings.health.interval = 5ms;
    settings.health.recheck = 1ms;
    settings.health.min_gap = 1ms;
    settings.health.first_within = 0ms;
    settings.health.unhealthy_after = 1;
    settings.pool.max_connections = 3;
    settings.pool.idle_timeout = 3ms;
    settings.pool.keepalive_interval = 2ms;
    settings.pool.dial_backoff = 1ms;
    settings.pool.dial_backoff_max = 2ms;
    settings.permits.permits = 6;
    settings.permits.queue = 8;
    return settings;
}

BOOST_AUTO_TEST_CASE(after_a_storm_nothing_is_left_of_exclusive_connections) {
    storm(storm_settings());
}

BOOST_AUTO_TEST_CASE(after_a_storm_nothing_is_left_of_multiplexed_connections) {
    ConnectionManagerSettings settings = storm_settings();
    settings.pool.mode = core::ConnectionMode::multiplexed;
    settings.pool.calls_per_connection = 3;
    storm(settings);
}

BOOST_AUTO_TEST_CASE(after_a_storm_nothing_is_left_of_a_stateless_provider) {
    ConnectionManagerSettings settings = storm_settings();
    settings.connection.stateless = true;
    settings.pool.mode = core::ConnectionMode::stateless;
    storm(settings);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider::test
