// An outage in virtual time: docs/simulation.md.

#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "chart.hpp"
#include "report.hpp"
#include "requirements.hpp"
#include "world.hpp"

namespace tenon::simulation {
namespace {

constexpr const char* kUsage =
    "usage: simulate_outage [OPTIONS]\n"
    "  --seed N          of everything that is left to chance (1)\n"
    "  --clients N       the providers have room for 1000 (1000)\n"
    "  --checks          the providers have health checks\n"
    "  --no-try-limit    no time limit for one try, as is the default of requests that are not\n"
    "                    streamed: the first that hangs uses up the time of the whole request\n"
    "  --quiet           no table\n"
    "  --svg FILE        draw the run\n";

struct Options {
    Scenario scenario;
    std::string svg;
    bool quiet = false;
};

template <class Number>
bool read(const char* text, Number least, Number most, Number& value) {
    const char* const end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, value);
    return error == std::errc() && rest == end && value >= least && value <= most;
}

std::optional<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const char* const value = i + 1 < argc ? argv[i + 1] : "";
        bool takes_value = false;
        bool good = true;
        if (name == "--checks") {
            options.scenario.checks = true;
        } else if (name == "--no-try-limit") {
            options.scenario.limits = {};
        } else if (name == "--quiet") {
            options.quiet = true;
        } else {
            takes_value = true;
            if (name == "--seed") {
                good = read<std::uint64_t>(value, 0, UINT64_MAX, options.scenario.seed);
            } else if (name == "--clients") {
                good = read<std::uint32_t>(value, 1, 100'000, options.scenario.clients);
            } else if (name == "--svg") {
                options.svg = value;
                good = !options.svg.empty();
            } else {
                good = false;
            }
        }
        if (!good) return std::nullopt;
        if (takes_value) ++i;
    }
    return options;
}

int run(const Options& options) {
    const auto world = std::make_unique<World>(options.scenario);
    world->run();
    const Scenario& scenario = options.scenario;
    const Records& records = world->records();
    std::printf(
        "%u clients, seed %llu, %s health checks; the primary is lost from %lld s to %lld s.\n",
        scenario.clients, static_cast<unsigned long long>(scenario.seed),
        scenario.checks ? "with" : "without",
        static_cast<long long>(scenario.outage_begins.count()),
        static_cast<long long>(scenario.outage_ends.count()));
    if (!options.quiet) print_table(scenario, records);
    if (!options.svg.empty()) {
        std::ofstream file(options.svg);
        draw(scenario, records, file);
        if (!file.flush()) {
            std::fprintf(stderr, "%s cannot be written.\n", options.svg.c_str());
            return 2;
        }
    }
    bool kept = true;
    std::printf("\n");
    for (const Requirement& requirement : check(scenario, records)) {
        std::printf("%s  %s\n", requirement.kept ? "kept  " : "BROKEN",
                    requirement.sentence.c_str());
        kept = kept && requirement.kept;
    }
    return kept ? 0 : 1;
}

}  // namespace
}  // namespace tenon::simulation

int main(int argc, char** argv) {
    const auto options = tenon::simulation::parse(argc, argv);
    if (!options) {
        std::fputs(tenon::simulation::kUsage, stderr);
        return 2;
    }
    return tenon::simulation::run(*options);
}
