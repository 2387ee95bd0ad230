#include "ratio_reporter.hpp"

#include <algorithm>
#include <cstdio>

namespace tenon::bench {

double RatioReporter::Line::least() const {
    return *std::min_element(nanoseconds.begin(), nanoseconds.end());
}

double RatioReporter::Line::median() const {
    auto sorted = nanoseconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
}

bool RatioReporter::ReportContext(const Context& context) {
    PrintBasicContext(&GetErrorStream(), context);
    return true;
}

RatioReporter::Line& RatioReporter::line(const Run& run) {
    const std::string name = run.run_name.str();
    for (Line& known : lines_) {
        if (known.name == name) return known;
    }
    Line& added = lines_.emplace_back();
    added.name = name;
    added.order = run.family_index * 1000 + run.per_family_instance_index;
    added.baseline = run.report_label == kBaseline;
    return added;
}

void RatioReporter::ReportRuns(const std::vector<Run>& runs) {
    for (const Run& run : runs) {
        if (run.error_occurred) {
            failed_ = true;
            std::fprintf(stderr, "%s: %s\n", run.benchmark_name().c_str(),
                         run.error_message.c_str());
            continue;
        }
        if (run.run_type != Run::RT_Iteration) continue;
        Line& known = line(run);
        const double iterations = static_cast<double>(run.iterations);
        known.nanoseconds.push_back(run.cpu_accumulated_time / iterations * 1e9);
        if (const auto found = run.counters.find("allocs"); found != run.counters.end()) {
            known.allocations = std::max(known.allocations, found->second.value);
        }
        if (const auto found = run.counters.find("bytes_per_second"); found != run.counters.end()) {
            known.bytes_per_second = std::max(known.bytes_per_second, found->second.value);
        }
    }
}

void RatioReporter::print(const Line& line, double baseline) {
    std::string speed;
    if (line.bytes_per_second > 0) {
        speed = "    " + std::to_string(static_cast<long>(line.bytes_per_second / 1e6)) + " MB/s";
    }
    std::string ratio = "-";
    if (baseline > 0) {
        char text[32];
        std::snprintf(text, sizeof text, "%.2f", line.least() / baseline);
        ratio = text;
    }
    std::printf("%-38s %11.1f %11.1f %8s %8.2f%s\n", line.name.c_str(), line.least(), line.median(),
                ratio.c_str(), line.allocations, speed.c_str());
}

void RatioReporter::Finalize() {
    std::sort(lines_.begin(), lines_.end(),
              [](const Line& a, const Line& b) { return a.order < b.order; });
    std::string group;
    for (const Line& line : lines_) {
        if (line.group() != group) {
            group = line.group();
            std::printf("\n%-38s %11s %11s %8s %8s\n", group.c_str(), "least ns", "median ns",
                        "ratio", "allocs");
        }
        const auto baseline = std::find_if(lines_.begin(), lines_.end(), [&](const Line& other) {
            return other.baseline && other.group() == group;
        });
        print(line, baseline == lines_.end() ? 0 : baseline->least());
    }
}

}  // namespace tenon::bench
