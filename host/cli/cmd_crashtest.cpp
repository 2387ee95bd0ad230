#include <algorithm>
#include <iostream>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/crashtest/scorecard.hpp"
#include "cli/interrupt.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"

namespace tenon::cli {
namespace {

using crashtest::Fault;
using crashtest::Score;

/// Those that are wanted, or nothing if there is no such name, which is then reported.
std::vector<const Fault*> chosen(const std::vector<std::string>& only) {
    std::vector<const Fault*> out;
    std::vector<std::string_view> names;
    for (const Fault& fault : crashtest::faults()) names.push_back(fault.name);
    for (const std::string& wanted : only) {
        if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
        print_error("there is no fault '" + wanted + "'" + base::did_you_mean(wanted, names));
        return {};
    }
    for (const Fault& fault : crashtest::faults()) {
        const bool wanted =
            only.empty() || std::find(only.begin(), only.end(), fault.name) != only.end();
        if (wanted) out.push_back(&fault);
    }
    return out;
}

host::HostOptions quiet(const GlobalOptions& global) {
    host::HostOptions options = host_options(global);
    options.config_file.clear();  // the faults have configurations of their own
    options.log_level = global.log_level.empty() ? "off" : global.log_level;
    return options;
}

}  // namespace

int run_crashtest(const GlobalOptions& global, const CrashtestOptions& options) {
    const auto faults = chosen(options.only);
    if (faults.empty()) return kUsage;
    const crashtest::Scorecard card(faults);
    if (options.list) {
        for (const Fault* fault : faults) std::cout << card.description(*fault);
        return kSuccess;
    }
    const Interrupts::Scope interrupts;
    std::vector<Score> scores;
    if (!options.json) std::cout << card.head() << std::flush;
    for (const Fault* fault : faults) {
        const auto begin = crashtest::Clock::now();
        auto verdict = crashtest::judge_fault(*fault, quiet(global));
        if (interrupts.interrupted()) return kInterrupted;
        if (!verdict) {
            print_error(verdict.error().message);
            return kConfiguration;
        }
        const auto took = crashtest::Clock::now() - begin;
        scores.push_back({fault, *std::move(verdict),
                          std::chrono::duration_cast<std::chrono::milliseconds>(took)});
        if (!options.json) std::cout << card.line(scores.back()) << std::flush;
    }
    std::cout << (options.json ? crashtest::to_json(scores) : crashtest::total(scores) + '\n');
    const bool good = std::all_of(scores.begin(), scores.end(),
                                  [](const Score& score) { return score.verdict.passed(); });
    return good ? kSuccess : kFailed;
}

}  // namespace tenon::cli
