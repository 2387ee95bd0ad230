#include <algorithm>
#include <random>
#include <set>
#include <string>

#include "fixture.hpp"
#include "kill.hpp"
#include "store/request_queue.hpp"

namespace tenon::store {
namespace {

constexpr int kKills = 60;

struct Killing : Fixture {
    std::mt19937 random{20'261'122};
    std::set<std::int64_t> put_in;    ///< acknowledged
    std::set<std::int64_t> finished;  ///< likewise

    void note(const std::string& line) {
        if (line.starts_with('+')) put_in.insert(std::stoll(line.substr(1)));
        if (line.starts_with('=')) finished.insert(std::stoll(line.substr(1)));
    }

    /// Lets a process work from number `next` on, and kills it at a random moment.
    void live_and_die(std::int64_t next) {
        store::live_and_die({TENON_TEST_STORE_CHILD, "queue", file.string(), std::to_string(next)},
                            20, random, [this](const std::string& line) { note(line); });
    }
};

BOOST_FIXTURE_TEST_SUITE(queue_crash, Killing)

BOOST_AUTO_TEST_CASE(no_acknowledged_request_or_result_is_lost_when_the_process_is_killed) {
    std::int64_t next = 1;
    for (int kill = 0; kill < kKills; ++kill) {
        live_and_die(next);
        auto queue = RequestQueue::open(file, {1'000'000, 1'000'000});
        BOOST_REQUIRE_MESSAGE(queue, message_of(queue));
        const auto entries = (*queue)->list(1'000'000);
        BOOST_REQUIRE(entries);
        std::set<std::int64_t> there;
        std::int64_t last = 0;
        for (const QueueEntry& entry : *entries) {
            const std::int64_t n = std::stoll(entry.id);
            BOOST_TEST(n > last);  // in the order of their arrival
            last = n;
            there.insert(n);
            BOOST_TEST((entry.state != QueueState::taken));  // its taker is dead
            const auto found = (*queue)->find(entry.id);
            BOOST_REQUIRE((found && *found));
            if (entry.state == QueueState::finished) {
                BOOST_TEST((*found)->result->body == "result " + entry.id);
            } else {
                BOOST_TEST(!finished.contains(n));
            }
        }
        BOOST_TEST_CONTEXT("kill " << kill) {
            BOOST_TEST(std::includes(there.begin(), there.end(), put_in.begin(), put_in.end()));
        }
        next = last + 1;
    }
    // What was not finished is sent, with its body and key.
    const auto queue = RequestQueue::open(file, {1'000'000, 1'000'000});
    BOOST_REQUIRE(queue);
    const auto counts = (*queue)->counts();
    BOOST_REQUIRE(counts);
    for (std::size_t i = 0; i < counts->waiting; ++i) {
        const auto taken = (*queue)->take(1, 1'000);
        BOOST_REQUIRE((taken && *taken));
        BOOST_TEST((*taken)->body == "body " + (*taken)->id);
        BOOST_TEST((*taken)->idempotency_key == (*taken)->id);
    }
    BOOST_TEST(put_in.size() > 60u);
    BOOST_TEST(finished.size() > 20u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::store
