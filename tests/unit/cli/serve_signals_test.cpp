#include "cli/serve_signals.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "support/temporary_directory.hpp"

namespace tenon::cli {
namespace {

using namespace std::chrono_literals;
using What = ServeSignals::What;

/// Writes files into a directory all the time, but not for ever.
class Writer {
public:
    explicit Writer(std::filesystem::path directory)
        : thread_([this, directory = std::move(directory)] {
              const auto end = std::chrono::steady_clock::now() + 20s;
              while (!stop_) {
                  std::ofstream(directory / "other.log") << "x";
                  if (std::chrono::steady_clock::now() > end) return;
              }
              was_stopped_ = true;
          }) {}
    ~Writer() {
        if (thread_.joinable()) stop();
    }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// \return whether it was at work until now.
    bool stop() {
        stop_ = true;
        thread_.join();
        return was_stopped_;
    }

private:
    std::atomic<bool> stop_ = false;
    bool was_stopped_ = false;
    std::thread thread_;
};

/// On a thread of its own, whose signals it blocks.
template <class Body>
void with_signals(Body body) {
    std::thread([&] {
        ServeSignals signals;
        body(signals);
    }).join();
}

BOOST_AUTO_TEST_SUITE(serve_signals)

BOOST_AUTO_TEST_CASE(what_happens_beside_the_configuration_does_not_prolong_the_wait) {
    const test::TemporaryDirectory directory;
    with_signals([&](ServeSignals& signals) {
        BOOST_TEST(signals.watch(directory.file("config.json", "{}")).has_value());
        Writer writer(directory.path());
        BOOST_TEST((signals.wait(50ms) == What::nothing));
        BOOST_TEST(writer.stop());
    });
}

BOOST_AUTO_TEST_CASE(a_change_is_told_although_much_happens_beside_it) {
    const test::TemporaryDirectory directory;
    with_signals([&](ServeSignals& signals) {
        BOOST_TEST(signals.watch(directory.path() / "config.json").has_value());
        Writer writer(directory.path());
        static_cast<void>(directory.file("config.json", "{}"));
        BOOST_TEST((signals.wait(1h) == What::file_changed));
        BOOST_TEST(writer.stop());
    });
}

BOOST_AUTO_TEST_CASE(a_change_that_is_not_complete_yet_is_told_later) {
    const test::TemporaryDirectory directory;
    with_signals([&](ServeSignals& signals) {
        BOOST_TEST(signals.watch(directory.path() / "config.json").has_value());
        static_cast<void>(directory.file("config.json", "{}"));
        BOOST_TEST((signals.wait(0ms) == What::nothing));
        BOOST_TEST((signals.wait(1h) == What::file_changed));
        BOOST_TEST((signals.wait(0ms) == What::nothing));
    });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::cli
