#include <algorithm>
#include <condition_variable>
#include <iostream>
#include <mutex>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/json_text.hpp"
#include "cli/status_source.hpp"
#include "cli/status_table.hpp"
#include "cli/terminal.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

/// Clears the terminal, for a table in the place of the one before.
constexpr const char* kHome = "\x1b[H\x1b[J";

/// Those that were asked for, in that order; nothing, and printed, if one is not there.
std::optional<std::vector<wire::JsonView>> chosen(std::vector<wire::JsonView> all,
                                                  const std::vector<std::string>& names) {
    if (names.empty()) return all;
    std::vector<wire::JsonView> out;
    for (const std::string& name : names) {
        const auto at = std::find_if(all.begin(), all.end(), [&](wire::JsonView provider) {
            return provider["name"].as_string() == name;
        });
        if (at == all.end()) {
            std::vector<std::string_view> known;
            for (const auto& one : all) known.push_back(one["name"].as_string().value_or(""));
            print_error("there is no provider '" + name + "'" + base::did_you_mean(name, known));
            return std::nullopt;
        }
        out.push_back(*at);
    }
    return out;
}

void print_status(const std::vector<wire::JsonView>& providers, const StatusOptions& options) {
    if (options.json) {
        std::string out;
        wire::JsonWriter json(out, options.watch ? wire::JsonWriter::Style::compact
                                                 : wire::JsonWriter::Style::pretty);
        json.begin_array();
        for (const wire::JsonView provider : providers) provider.write(json);
        json.end_array();
        std::cout << out << '\n' << std::flush;
    } else if (providers.empty()) {
        std::cerr << "no provider is configured; see 'tenon plugins list' for the kinds that are "
                     "loaded and 'tenon config --help'\n";
    } else {
        print_lines(table_lines(status_rows(providers), output_style()));
    }
}

void wait(std::chrono::milliseconds time, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

int run_status(const GlobalOptions& global, const StatusOptions& options) {
    StatusSource source(global, !options.no_probe);
    const Interrupts::Scope interrupt;
    const bool redraws = options.watch && !options.json && output_is_terminal();
    std::string said;
    for (bool first = true;; first = false) {
        const StatusAnswer answer = source.fetch(interrupt.token());
        if (!answer.document) return answer.status;
        const auto providers = chosen(answer.providers(), options.providers);
        if (!providers) return kFailed;
        if (redraws) std::cout << kHome;
        if (!redraws && !first && !options.json) std::cout << '\n';
        print_status(*providers, options);
        if (!answer.remark.empty() && (redraws || answer.remark != said)) {
            print_error(answer.remark);
        }
        said = answer.remark;
        if (!options.watch) {
            return std::any_of(providers->begin(), providers->end(), is_broken) ? kFailed
                                                                                : kSuccess;
        }
        wait(options.interval, interrupt.token());
        if (interrupt.interrupted()) return kInterrupted;
    }
}

}  // namespace tenon::cli
