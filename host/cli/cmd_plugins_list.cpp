#include <iostream>

#include "cli/commands.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

std::string join(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += out.empty() ? word : " " + word;
    return out.empty() ? "-" : out;
}

void write_strings(wire::JsonWriter& json, std::string_view name,
                   const std::vector<std::string>& words) {
    json.key(name);
    json.begin_array();
    for (const std::string& word : words) json.value(word);
    json.end_array();
}

void print_kinds_json(const host::Host& host) {
    std::string out;
    wire::JsonWriter json(out, wire::JsonWriter::Style::pretty);
    json.begin_object();
    json.key("kinds");
    json.begin_array();
    for (const host::KindInfo& kind : host.kinds()) {
        json.begin_object();
        json.member("id", kind.id);
        json.member("name", kind.name);
        json.member("version", kind.version);
        json.member("description", kind.description);
        json.member("license", kind.license);
        json.member("library", kind.library);
        json.member("abi_built", kind.abi_built);
        json.member("connection", kind.connection);
        write_strings(json, "operations", kind.operations);
        write_strings(json, "features", kind.features);
        json.end_object();
    }
    json.end_array();
    json.key("problems");
    json.begin_array();
    for (const host::PluginProblem& problem : host.plugin_problems()) {
        json.begin_object();
        json.member("library", problem.library);
        json.member("stage", problem.stage);
        json.member("message", problem.message);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    std::cout << out << '\n';
}

}  // namespace

int run_plugins_list(const GlobalOptions& global, const PluginsListOptions& options) {
    const auto opened = open_host(global);
    if (!opened.host) return opened.status;
    const auto problems = opened.host->plugin_problems();
    if (options.json) {
        print_kinds_json(*opened.host);
        return problems.empty() ? kSuccess : kFailed;
    }
    std::vector<std::vector<std::string>> rows = {
        {"KIND", "VERSION", "CONNECTION", "OPERATIONS", "FEATURES", "LIBRARY"}};
    for (const host::KindInfo& kind : opened.host->kinds()) {
        rows.push_back({kind.id, kind.version, kind.connection, join(kind.operations),
                        join(kind.features), kind.library});
    }
    if (rows.size() > 1) {
        print_table(rows);
    } else {
        std::cerr << "no plugin is loaded; name a directory with --plugin-dir\n";
    }
    for (const host::PluginProblem& problem : problems) {
        print_error(problem.library + " (" + problem.stage + "): " + problem.message);
    }
    return problems.empty() ? kSuccess : kFailed;
}

}  // namespace tenon::cli
