#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "base/duration.hpp"
#include "base/text.hpp"
#include "cli/child.hpp"
#include "cli/commands.hpp"
#include "cli/plugin_cases.hpp"
#include "cli/terminal.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

/// How one case ended, as it is reported: a case may also crash or hang.
struct Report {
    std::string_view name;
    std::string_view title;
    std::string status;
    std::string message;
    std::string log;  ///< what the child wrote to standard error
};

/// What a child prints: its status and message, one line each.
int run_here(const PluginCase& one, const PluginsCheckOptions& options) {
    const CaseResult result = one.run(options);
    std::cout << to_string(result.status) << '\n' << result.message << std::flush;
    return kSuccess;
}

Report run_in_child(const PluginCase& one, const PluginsCheckOptions& options) {
    const ChildEnd end = run_child(
        {"tenon", "plugins", "check", options.file, "--in-process", "--case", std::string(one.name),
         "--config", options.config_json, "--model", options.model},
        options.timeout);
    Report report{one.name, one.title, "failed", {}, end.diagnostics};
    switch (end.how) {
        case ChildEnd::How::exited: {
            const std::size_t line = end.output.find('\n');
            if (end.code == kSuccess && line != std::string::npos) {
                report.status = end.output.substr(0, line);
                report.message = end.output.substr(line + 1);
            } else {
                report.message =
                    "the plugin ended the process with status " + std::to_string(end.code);
            }
            break;
        }
        case ChildEnd::How::killed_by_signal:
            report.status = "crashed";
            report.message = std::string("the process died of ") + strsignal(end.code);
            break;
        case ChildEnd::How::timed_out:
            report.status = "timed out";
            report.message = "it did not end within " + base::format_duration(options.timeout);
            break;
        case ChildEnd::How::not_started:
            report.message = std::string("cannot start a process: ") + strerror(end.code);
            break;
    }
    return report;
}

void print_json(const std::string& file, const std::vector<Report>& reports, bool good) {
    std::string out;
    wire::JsonWriter json(out, wire::JsonWriter::Style::pretty);
    json.begin_object();
    json.member("file", file);
    json.member("passed", good);
    json.key("cases");
    json.begin_array();
    for (const Report& report : reports) {
        json.begin_object();
        json.member("name", report.name);
        json.member("title", report.title);
        json.member("status", report.status);
        json.member("message", report.message);
        json.member("log", report.log);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    std::cout << out << '\n';
}

void print_text(const std::vector<Report>& reports, bool good) {
    std::vector<std::vector<std::string>> rows = {{"CASE", "STATUS", "WHAT WAS SEEN"}};
    for (const Report& report : reports) {
        rows.push_back({std::string(report.name), report.status, report.message});
    }
    print_table(rows);
    for (const Report& report : reports) {
        if (report.status == "passed" || report.status == "skipped" || report.log.empty()) continue;
        std::cout << "\nlog of " << report.name << ":\n" << report.log;
    }
    std::cout << (good ? "\nthe plugin is good\n" : "\nthe plugin has faults\n");
}

}  // namespace

int run_plugins_check(const PluginsCheckOptions& given) {
    PluginsCheckOptions options = given;
    std::error_code ignored;
    if (const auto path = std::filesystem::absolute(given.file, ignored); !ignored) {
        options.file = path.lexically_normal();
    }
    std::vector<std::string_view> names;
    for (const PluginCase& one : plugin_cases()) names.push_back(one.name);
    for (const std::string& wanted : options.only_cases) {
        if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
        print_error("there is no case '" + wanted + "'" + base::did_you_mean(wanted, names));
        return kUsage;
    }
    std::vector<Report> reports;
    bool good = true;
    for (const PluginCase& one : plugin_cases()) {
        const auto& only = options.only_cases;
        if (!only.empty() && std::find(only.begin(), only.end(), one.name) == only.end()) continue;
        if (options.in_process) {
            run_here(one, options);
            continue;
        }
        reports.push_back(run_in_child(one, options));
        const std::string& status = reports.back().status;
        if (status != "passed" && status != "skipped") good = false;
        // Nothing else can be tried with a file that does not load.
        if (!good && one.name == "load") break;
    }
    if (options.in_process) return kSuccess;
    if (options.json) {
        print_json(options.file, reports, good);
    } else {
        print_text(reports, good);
    }
    return good ? kSuccess : kFailed;
}

}  // namespace tenon::cli
