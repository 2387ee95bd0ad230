#include "base/log.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

namespace tenon::base {
namespace {

BOOST_AUTO_TEST_SUITE(log)

BOOST_AUTO_TEST_CASE(the_longest_component_with_a_level_of_its_own_decides) {
    LogOptions options;
    options.level = LogLevel::error;
    options.components = {{"plugin", LogLevel::info}, {"plugin.a", LogLevel::off}};
    const Log log(options);
    BOOST_TEST(!log.enabled(LogLevel::warn, "router"));
    BOOST_TEST(log.enabled(LogLevel::info, "plugin.b.c"));
    BOOST_TEST(!log.enabled(LogLevel::error, "plugin.a"));
    BOOST_TEST(!log.enabled(LogLevel::warn, "plugins"));
}

BOOST_AUTO_TEST_CASE(levels_may_change_while_lines_are_written) {
    std::vector<std::string> lines;  // the sink is called by one at a time
    LogOptions options;
    options.level = LogLevel::warn;
    options.sink = [&](LogLevel, std::string_view line) { lines.emplace_back(line); };
    Log log(options);
    log.write(LogLevel::info, "a", "not written");
    std::atomic<bool> over{false};
    std::thread other([&] {
        while (!over) log.write(LogLevel::trace, "b", "at times");
    });
    for (int i = 0; i < 100; ++i) {
        log.set_levels(i % 2 == 0 ? LogLevel::trace : LogLevel::error, {{"c", LogLevel::off}});
    }
    log.set_levels(LogLevel::error, {{"a", LogLevel::info}});
    over = true;
    other.join();
    lines.clear();
    log.write(LogLevel::info, "a", "written");
    log.write(LogLevel::warn, "c", "not written");
    BOOST_REQUIRE_EQUAL(lines.size(), 1u);
    BOOST_TEST(lines[0].find("written") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::base
