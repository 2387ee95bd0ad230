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

/// A directory as Kubernetes mounts a ConfigMap.
struct Mounted {
    Mounted() {
        write("..1");
        std::filesystem::create_directory_symlink("..1", directory.path() / "..data");
        std::filesystem::create_symlink("..data/config.json", file);
    }
    void write(const std::string& version) const {
        std::filesystem::create_directory(directory.path() / version);
        std::ofstream(directory.path() / version / "config.json") << "{}";
    }
    /// As the kubelet does it.
    void swap(const std::string& from, const std::string& to) const {
        write(to);
        const auto made = directory.path() / "..data_tmp";
        std::filesystem::create_directory_symlink(to, made);
        std::filesystem::rename(made, directory.path() / "..data");
        std::filesystem::remove_all(directory.path() / from);
    }

    test::TemporaryDirectory directory;
    std::filesystem::path file = directory.path() / "config.json";
};

BOOST_AUTO_TEST_CASE(a_link_on_the_way_that_is_swapped_is_a_change_and_so_is_the_next_one) {
    const Mounted mounted;
    with_signals([&](ServeSignals& signals) {
        BOOST_TEST_REQUIRE(signals.watch(mounted.file).has_value());
        mounted.swap("..1", "..2");
        BOOST_TEST((signals.wait(1h) == What::file_changed));
        mounted.swap("..2", "..3");
        BOOST_TEST((signals.wait(1h) == What::file_changed));
        mounted.write("..3");  // in its place, where it is now
        BOOST_TEST((signals.wait(1h) == What::file_changed));
    });
}

BOOST_AUTO_TEST_CASE(another_link_that_is_swapped_is_none) {
    const Mounted mounted;
    with_signals([&](ServeSignals& signals) {
        BOOST_TEST_REQUIRE(signals.watch(mounted.file).has_value());
        std::filesystem::create_directory_symlink("..1", mounted.directory.path() / "..other");
        BOOST_TEST((signals.wait(300ms) == What::nothing));
    });
}

BOOST_AUTO_TEST_CASE(a_file_behind_relative_and_absolute_links_is_watched_where_it_is) {
    const test::TemporaryDirectory directory;
    const auto root = directory.path();
    std::filesystem::create_directories(root / "real" / "deep");
    std::filesystem::create_directories(root / "links");
    std::ofstream(root / "real" / "deep" / "c.json") << "{}";
    std::filesystem::create_directory_symlink(root / "real", root / "links" / "real");
    std::filesystem::create_symlink("../links/./real/deep/c.json", root / "links" / "config.json");
    with_signals([&](ServeSignals& signals) {
        BOOST_TEST_REQUIRE(signals.watch(root / "links" / "config.json").has_value());
        std::ofstream(root / "real" / "deep" / "c.json") << "{ }";
        BOOST_TEST((signals.wait(1h) == What::file_changed));
    });
}

BOOST_AUTO_TEST_CASE(links_in_a_circle_are_no_way) {
    const test::TemporaryDirectory directory;
    std::filesystem::create_symlink("config.json", directory.path() / "config.json");
    with_signals([&](ServeSignals& signals) {
        BOOST_TEST(signals.watch(directory.path() / "config.json").has_value());
        BOOST_TEST((signals.wait(0ms) == What::nothing));
    });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::cli
