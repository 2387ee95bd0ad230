#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "balance.hpp"
#include "operations.hpp"

/// 64 threads do everything that a host can at once: requests with random deadlines and cancels to
/// providers that fail, hang and break off, connects and disconnects, breakers and pins by hand.
/// Afterwards every gauge has to be zero and every sum has to match.
namespace tenon::stress {
namespace {

struct Options {
    std::uint64_t operations = 100'000;
    std::uint64_t seed = 1;
    std::size_t threads = 64;
};

bool read(Options& options, int count, char** words) {
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view name = words[i];
        const std::uint64_t value = std::strtoull(words[i + 1], nullptr, 10);
        if (value == 0) return false;
        if (name == "--operations") {
            options.operations = value;
        } else if (name == "--seed") {
            options.seed = value;
        } else if (name == "--threads") {
            options.threads = static_cast<std::size_t>(value);
        } else {
            return false;
        }
    }
    return count % 2 == 1;
}

/// configuration() in a file, until the end.
class ConfigurationFile {
public:
    ConfigurationFile() {
        const int file = mkstemp(path_.data());
        if (file < 0) throw std::runtime_error("there is no place for a temporary file");
        close(file);
        std::ofstream(path_) << configuration();
    }
    ~ConfigurationFile() { unlink(path_.c_str()); }
    ConfigurationFile(const ConfigurationFile&) = delete;
    ConfigurationFile& operator=(const ConfigurationFile&) = delete;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_ = "/tmp/tenon_stress_XXXXXX";
};

int run(const Options& options) {
    host::HostOptions host_options;
    host_options.plugin_directories.emplace_back(TENON_TEST_PLUGIN_DIR);
    const ConfigurationFile file;
    host_options.config_file = file.path();
    host_options.load_installed_plugins = false;
    host_options.log_level = "off";
    auto opened = host::Host::open(host_options);
    if (!opened) throw std::runtime_error(opened.error().message);
    host::Host& host = **opened;

    Tally tally;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < options.threads; ++i) {
        const std::uint64_t share = options.operations / options.threads +
                                    (i < options.operations % options.threads ? 1 : 0);
        threads.emplace_back([&, share, i] {
            Worker worker(host, tally, options.seed * 1'000 + i);
            for (std::uint64_t step = 0; step < share; ++step) worker.step();
        });
    }
    for (auto& thread : threads) thread.join();

    print_statistics(host);
    const auto number = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
    std::printf(
        "requests: %llu succeeded, %llu failed, %llu cancelled; %llu commands, %llu looks\n",
        number(tally.succeeded), number(tally.failed), number(tally.cancelled),
        number(tally.commands), number(tally.looks));
    const auto problems = find_imbalance(host);
    for (const std::string& problem : problems) std::printf("%s\n", problem.c_str());
    if (tally.wrong > 0) std::printf("%llu answers were wrong\n", number(tally.wrong));
    if (tally.succeeded == 0) std::printf("nothing succeeded: this proves nothing\n");
    const bool good = problems.empty() && tally.wrong == 0 && tally.succeeded > 0;
    std::printf("seed %llu: %s\n", number(options.seed), good ? "balanced" : "NOT BALANCED");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace tenon::stress

int main(int count, char** words) {
    tenon::stress::Options options;
    if (!tenon::stress::read(options, count, words)) {
        std::fprintf(stderr, "usage: stress_host [--operations N] [--seed N] [--threads N]\n");
        return 2;
    }
    try {
        return tenon::stress::run(options);
    } catch (const std::exception& problem) {
        std::fprintf(stderr, "stress_host: %s\n", problem.what());
        return EXIT_FAILURE;
    }
}
