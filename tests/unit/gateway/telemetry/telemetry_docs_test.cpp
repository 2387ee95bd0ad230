#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "exposition.hpp"
#include "gateway/telemetry/metrics.hpp"
#include "metrics_support.hpp"
#include "trace_support.hpp"
#include "wire/json.hpp"

namespace tenon::gateway {
namespace {

using namespace test;

std::string read_doc(const std::string& name) {
    std::ifstream file(std::string(TENON_DOCS_DIR) + '/' + name);
    BOOST_TEST_REQUIRE(file.is_open(), name);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What a daemon in which everything is in use shows.
Exposition shown() {
    Metrics metrics(all_sources());
    RequestMetrics request(metrics.route("/v1/chat/completions", "complete"), kStart);
    request.finish({.status = 200}, kStart + 3ms);
    return read_exposition(metrics.render());
}

/// "provider, state"; without what histograms bring by themselves.
std::string labels_of(const Exposition::Family& family) {
    std::set<std::string> names;
    for (const auto& sample : family.samples) {
        for (const auto& [name, text] : sample.labels) names.insert(name);
    }
    names.erase("le");
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

/// The rows of docs/telemetry.md, as they must be.
std::map<std::string, std::string> rows() {
    std::map<std::string, std::string> out;
    for (const auto& [name, family] : shown().families) {
        out[name] = "| `" + name + "` | " + family.type + " | " + labels_of(family) + " | " +
                    family.help + " |";
    }
    return out;
}

/// Names of metrics in a query: words that begin as ours do.
std::set<std::string> metrics_in(std::string_view query) {
    std::set<std::string> out;
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    for (std::size_t at = 0; at < query.size();) {
        std::size_t end = at;
        while (end < query.size() && is_word(query[end])) ++end;
        const std::string_view word = query.substr(at, end - at);
        if (word.starts_with("tenon_") || word.starts_with("process_")) out.emplace(word);
        at = end + 1;
    }
    return out;
}

/// Calls `use` with every PromQL expression below `value`.
template <class Use>
void for_each_query(wire::JsonView value, const Use& use) {
    for (const auto& [key, member] : value.members()) {
        const bool query = key == "expr" || key == "definition";
        if (query && member.is_string()) use(*member.as_string());
        for_each_query(member, use);
    }
    for (const wire::JsonView element : value.elements()) for_each_query(element, use);
}

BOOST_AUTO_TEST_SUITE(telemetry_docs)

BOOST_AUTO_TEST_CASE(the_page_has_a_row_for_each_metric_and_none_besides) {
    const std::string page = read_doc("telemetry.md");
    const auto wanted = rows();
    for (const auto& [name, row] : wanted) {
        BOOST_TEST(page.find(row + '\n') != std::string::npos, "docs/telemetry.md lacks this row:\n"
                                                                   << row);
    }
    std::size_t found = 0;
    for (std::size_t at = page.find("\n| `"); at != std::string::npos;
         at = page.find("\n| `", at + 1)) {
        const std::size_t begin = at + 4;
        const std::string name = page.substr(begin, page.find('`', begin) - begin);
        if (!name.starts_with("tenon_") && !name.starts_with("process_")) continue;
        ++found;
        BOOST_TEST(wanted.contains(name), name << " is in docs/telemetry.md only");
    }
    BOOST_TEST(found == wanted.size());
}

BOOST_AUTO_TEST_CASE(the_dashboard_asks_for_metrics_that_there_are) {
    const std::string text = read_doc("grafana_dashboard.json");
    const auto dashboard = wire::JsonDocument::parse(text);
    BOOST_TEST_REQUIRE(dashboard.has_value());
    std::set<std::string> there;
    for (const auto& [name, family] : shown().families) {
        there.insert(name);
        for (const auto& sample : family.samples) there.insert(sample.name);
    }
    std::size_t queries = 0;
    for_each_query(dashboard->root(), [&](std::string_view query) {
        ++queries;
        const auto names = metrics_in(query);
        BOOST_TEST(!names.empty(), query);
        for (const auto& name : names) BOOST_TEST(there.contains(name), query);
    });
    BOOST_TEST(queries >= 20U);
}

BOOST_AUTO_TEST_CASE(the_dashboards_panels_have_titles_and_do_not_overlap) {
    const auto dashboard = wire::JsonDocument::parse(read_doc("grafana_dashboard.json"));
    BOOST_TEST_REQUIRE(dashboard.has_value());
    std::set<std::pair<std::int64_t, std::int64_t>> taken;
    std::set<std::int64_t> ids;
    for (const wire::JsonView panel : dashboard->root()["panels"].elements()) {
        BOOST_TEST(!panel["title"].as_string().value_or("").empty());
        BOOST_TEST(ids.insert(panel["id"].as_int64().value_or(0)).second);
        const wire::JsonView place = panel["gridPos"];
        const auto at = [&](const char* key) { return place[key].as_int64().value_or(-1); };
        BOOST_TEST(at("x") + at("w") <= 24);
        for (std::int64_t x = at("x"); x < at("x") + at("w"); ++x) {
            for (std::int64_t y = at("y"); y < at("y") + at("h"); ++y) {
                BOOST_TEST(taken.insert({x, y}).second, x << ',' << y << " is taken twice");
            }
        }
    }
    BOOST_TEST(ids.size() >= 10U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::gateway
