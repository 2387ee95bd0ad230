#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "provider/published.hpp"

namespace tenon::provider {
namespace {

/// Counts how many of its kind there are.
struct Counted {
    Counted(int is, int& alive_) : value(is), alive(alive_) { ++alive; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --alive; }

    int value;
    int& alive;
};

BOOST_AUTO_TEST_SUITE(published)

BOOST_AUTO_TEST_CASE(there_is_nothing_to_read_before_the_first) {
    const Published<int> published;
    BOOST_TEST(!published.read());
}

BOOST_AUTO_TEST_CASE(the_newest_is_read_and_the_others_are_freed) {
    int alive = 0;
    {
        Published<Counted> published;
        published.replace(std::make_unique<Counted>(1, alive));
        published.replace(std::make_unique<Counted>(2, alive));
        BOOST_TEST(alive == 1);
        BOOST_TEST(published.read()->value == 2);
    }
    BOOST_TEST(alive == 0);
}

BOOST_AUTO_TEST_CASE(what_is_being_read_lives_until_somebody_sweeps_afterwards) {
    int alive = 0;
    Published<Counted> published;
    published.replace(std::make_unique<Counted>(1, alive));
    {
        const auto reading = published.read();
        published.replace(std::make_unique<Counted>(2, alive));
        published.sweep();
        BOOST_TEST(reading->value == 1);
        BOOST_TEST(published.read()->value == 2);
        BOOST_TEST(alive == 2);
    }
    published.sweep();
    BOOST_TEST(alive == 1);
}

BOOST_AUTO_TEST_CASE(readers_on_many_threads_see_values_that_are_alive_and_never_older_ones) {
    struct Pair {
        ~Pair() { first = second = -1; }
        int first;
        int second;
    };
    Published<Pair> published;
    std::atomic<bool> stop{false};
    std::atomic<int> bad{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 4; ++i) {
        readers.emplace_back([&] {
            int newest = 0;
            do {
                if (const auto reading = published.read()) {
                    if (reading->first != reading->second || reading->first < newest) ++bad;
                    newest = reading->first;
                }
            } while (!stop);
        });
    }
    for (int i = 1; i <= 5'000; ++i) published.replace(std::unique_ptr<Pair>(new Pair{i, i}));
    stop = true;
    for (auto& reader : readers) reader.join();
    BOOST_TEST(bad == 0);
    BOOST_TEST(published.read()->first == 5'000);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::provider
