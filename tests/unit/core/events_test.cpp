#include "core/events.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/random.hpp"

namespace tenon::core {
namespace {

constexpr std::array kKinds = {
    EventKind::connection_state,  EventKind::enabled,         EventKind::health,
    EventKind::breaker,           EventKind::cool_down,       EventKind::pool,
    EventKind::fail_over,         EventKind::retry_exhausted, EventKind::pool_cleared,
    EventKind::connection_closed, EventKind::reloaded};

/// A queue with the numbering that feeds it.
struct Feed {
    explicit Feed(std::size_t capacity) : queue(capacity) {}

    void push(EventKind kind, std::string provider, std::string_view to = "") {
        queue.push({.sequence = source.next(),
                    .kind = kind,
                    .provider = std::move(provider),
                    .from = "",
                    .to = to,
                    .reason = "why",
                    .time = {}});
    }

    /// The sequence numbers of all that is left.
    std::vector<std::uint64_t> drain() {
        std::vector<std::uint64_t> read;
        while (const auto event = queue.pop()) read.push_back(event->sequence);
        return read;
    }

    EventSource source;
    EventQueue queue;
};

using Numbers = std::vector<std::uint64_t>;

BOOST_AUTO_TEST_SUITE(events)

BOOST_AUTO_TEST_CASE(events_are_read_in_the_order_in_which_they_happened) {
    Feed feed(10);
    feed.push(EventKind::connection_state, "a", "connecting");
    feed.push(EventKind::fail_over, "b");
    feed.push(EventKind::connection_state, "a", "connected");
    const auto first = feed.queue.pop();
    BOOST_TEST_REQUIRE(first.has_value());
    BOOST_TEST(first->sequence == 1U);
    BOOST_TEST(first->provider == "a");
    BOOST_TEST(first->to == "connecting");
    BOOST_TEST(first->reason == "why");
    BOOST_TEST((feed.drain() == Numbers{2, 3}));
    BOOST_TEST(!feed.queue.pop().has_value());
    BOOST_TEST(feed.queue.lost() == 0U);
}

BOOST_AUTO_TEST_CASE(a_full_queue_loses_the_oldest_state_that_was_followed_by_another) {
    Feed feed(3);
    feed.push(EventKind::breaker, "a", "open");                 // 1: the newest of its kind
    feed.push(EventKind::connection_state, "a", "connecting");  // 2: followed by 3
    feed.push(EventKind::connection_state, "a", "connected");   // 3: followed by 4
    feed.push(EventKind::connection_state, "a", "unhealthy");
    BOOST_TEST(feed.queue.lost() == 1U);
    BOOST_TEST((feed.drain() == Numbers{1, 3, 4}));
}

BOOST_AUTO_TEST_CASE(a_full_queue_loses_the_oldest_moment) {
    Feed feed(2);
    feed.push(EventKind::breaker, "a", "open");
    feed.push(EventKind::fail_over, "a");
    feed.push(EventKind::fail_over, "a");
    BOOST_TEST((feed.drain() == Numbers{1, 3}));
}

BOOST_AUTO_TEST_CASE(the_newest_state_of_each_kind_and_provider_is_never_lost) {
    Feed feed(1);
    feed.push(EventKind::breaker, "a", "open");
    feed.push(EventKind::breaker, "b", "open");
    feed.push(EventKind::health, "a", "healthy");
    feed.push(EventKind::fail_over, "a");
    BOOST_TEST(feed.queue.size() == 3U);
    BOOST_TEST(feed.queue.lost() == 1U);
    BOOST_TEST((feed.drain() == Numbers{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(a_state_that_was_read_is_no_longer_kept_when_the_next_one_comes) {
    Feed feed(1);
    feed.push(EventKind::breaker, "a", "open");
    BOOST_TEST((feed.drain() == Numbers{1}));
    feed.push(EventKind::breaker, "a", "closed");
    BOOST_TEST(feed.queue.lost() == 0U);
    BOOST_TEST((feed.drain() == Numbers{2}));
}

BOOST_AUTO_TEST_CASE(a_moment_that_was_read_takes_no_place) {
    Feed feed(2);
    feed.push(EventKind::reloaded, "");
    BOOST_TEST((feed.drain() == Numbers{1}));
    feed.push(EventKind::fail_over, "a");
    feed.push(EventKind::fail_over, "a");
    feed.push(EventKind::fail_over, "a");
    BOOST_TEST(feed.queue.lost() == 1U);
    BOOST_TEST((feed.drain() == Numbers{3, 4}));
}

BOOST_AUTO_TEST_CASE(six_kinds_are_states_and_every_kind_has_its_own_name) {
    std::set<std::string_view> names;
    int states = 0;
    for (const EventKind kind : kKinds) {
        names.insert(to_string(kind));
        states += is_state(kind) ? 1 : 0;
    }
    BOOST_TEST(names.size() == kKinds.size());
    BOOST_TEST(states == 6);
}

// T: zero cost when nobody has subscribed
BOOST_AUTO_TEST_CASE(a_source_knows_whether_anybody_wants_its_events) {
    EventSource source;
    BOOST_TEST(!source.wanted());
    source.subscribed();
    source.subscribed();
    source.unsubscribed();
    BOOST_TEST(source.wanted());
    source.unsubscribed();
    BOOST_TEST(!source.wanted());
}

BOOST_AUTO_TEST_CASE(numbers_begin_at_one_and_the_last_one_is_known) {
    EventSource source;
    BOOST_TEST(source.last() == 0U);
    BOOST_TEST(source.next() == 1U);
    BOOST_TEST(source.next() == 2U);
    BOOST_TEST(source.last() == 2U);
}

/// All events and which of them were read: slow and obviously right.
struct Model {
    struct Entry {
        std::uint64_t sequence;
        EventKind kind;
        std::string provider;
        bool gone = false;
    };

    bool is_newest(const Entry& entry) const {
        if (entry.kind >= EventKind::fail_over) return false;
        for (const Entry& other : log) {
            if (other.sequence > entry.sequence && other.kind == entry.kind &&
                other.provider == entry.provider) {
                return false;
            }
        }
        return true;
    }

    std::size_t waiting() const {
        std::size_t count = 0;
        for (const Entry& entry : log) count += entry.gone ? 0 : 1;
        return count;
    }

    void push(Entry entry) {
        log.push_back(std::move(entry));
        while (waiting() > capacity) {
            Entry* oldest = nullptr;
            for (Entry& candidate : log) {
                if (!candidate.gone && oldest == nullptr && !is_newest(candidate)) {
                    oldest = &candidate;
                }
            }
            if (oldest == nullptr) return;
            oldest->gone = true;
            ++lost;
        }
    }

    std::uint64_t pop() {
        for (Entry& entry : log) {
            if (!std::exchange(entry.gone, true)) return entry.sequence;
        }
        return 0;
    }

    std::size_t capacity;
    std::vector<Entry> log{};
    std::uint64_t lost = 0;
};

BOOST_AUTO_TEST_CASE(it_does_what_a_simple_model_does_whatever_happens) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Random random(seed);
            const std::size_t capacity = 1 + random.below(8);
            Feed feed(capacity);
            Model model{.capacity = capacity};
            for (int step = 0; step < 60; ++step) {
                if (random.below(4) == 0) {
                    const auto event = feed.queue.pop();
                    BOOST_TEST_REQUIRE((event ? event->sequence : 0) == model.pop());
                } else {
                    const EventKind kind = kKinds.at(random.below(kKinds.size()));
                    const std::string provider(1, "abc"[random.below(3)]);
                    feed.push(kind, provider);
                    model.push({feed.source.last(), kind, provider});
                }
                BOOST_TEST_REQUIRE(feed.queue.size() == model.waiting());
                BOOST_TEST_REQUIRE(feed.queue.lost() == model.lost);
            }
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::core
