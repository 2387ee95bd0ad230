#include "cli/crashtest/scorecard.hpp"

#include <algorithm>

#include "wire/json_writer.hpp"

namespace tenon::cli::crashtest {
namespace {

constexpr std::string_view kName = "FAULT";
constexpr std::string_view kUpstream = "THE UPSTREAM";
constexpr std::string_view kMust = "THE CLIENT MUST SEE";

std::string padded(std::string_view text, std::size_t width) {
    std::string out(text);
    out.resize(std::max(width, text.size()), ' ');
    return out + "  ";
}

std::string seconds(std::chrono::milliseconds time) {
    const auto tenths = (time.count() + 50) / 100;
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + " s";
}

std::ptrdiff_t passed(const std::vector<Score>& scores) {
    return std::count_if(scores.begin(), scores.end(),
                         [](const Score& score) { return score.verdict.passed(); });
}

}  // namespace

Scorecard::Scorecard(const std::vector<const Fault*>& faults)
    : name_width_(kName.size()), upstream_width_(kUpstream.size()), must_width_(kMust.size()) {
    for (const Fault* fault : faults) {
        name_width_ = std::max(name_width_, fault->name.size());
        upstream_width_ = std::max(upstream_width_, fault->upstream.size());
        must_width_ = std::max(must_width_, fault->must.size());
    }
}

std::string Scorecard::row(std::string_view name, std::string_view upstream,
                           std::string_view must) const {
    return padded(name, name_width_) + padded(upstream, upstream_width_) +
           padded(must, must_width_);
}

std::string Scorecard::head() const {
    return padded("", 4) + padded("TIME", 6) + row(kName, kUpstream, kMust) + "WHAT IT SAW\n";
}

std::string Scorecard::line(const Score& score) const {
    const Fault& fault = *score.fault;
    const bool good = score.verdict.passed();
    std::string out = padded(good ? "pass" : "FAIL", 4) + padded(seconds(score.took), 6) +
                      row(fault.name, fault.upstream, fault.must) +
                      (good ? score.verdict.seen() : score.verdict.faults().front()) + '\n';
    if (good) return out;
    for (const std::string& fault_seen : score.verdict.faults()) {
        out += "      - " + fault_seen + '\n';
    }
    return out;
}

std::string Scorecard::description(const Fault& fault) const {
    std::string out = row(fault.name, fault.upstream, fault.must);
    out.erase(out.find_last_not_of(' ') + 1);
    return out + '\n';
}

std::string total(const std::vector<Score>& scores) {
    return std::to_string(passed(scores)) + " of " + std::to_string(scores.size());
}

std::string to_json(const std::vector<Score>& scores) {
    std::string out;
    wire::JsonWriter json(out, wire::JsonWriter::Style::pretty);
    json.begin_object();
    json.member("passed", passed(scores));
    json.member("of", scores.size());
    json.key("faults");
    json.begin_array();
    for (const Score& score : scores) {
        json.begin_object();
        json.member("name", score.fault->name);
        json.member("upstream", score.fault->upstream);
        json.member("must", score.fault->must);
        json.member("passed", score.verdict.passed());
        json.member("saw", score.verdict.seen());
        json.key("wrong");
        json.begin_array();
        for (const std::string& wrong : score.verdict.faults()) json.value(wrong);
        json.end_array();
        json.member("took_ms", score.took.count());
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return out + '\n';
}

}  // namespace tenon::cli::crashtest
