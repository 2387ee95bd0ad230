#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace tenon::bench {

/// The label of the line that the others of its group are divided by.
inline constexpr const char* kBaseline = "baseline";

/// Prints a table for each group (the name up to its first slash): CPU time of one iteration, the
/// ratio to the group's baseline, allocations.
///
/// Time is the least of all repetitions, since what else runs on a machine can only add to it; the
/// median beside it shows how quiet the machine was.
class RatioReporter final : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context& context) override;
    void ReportRuns(const std::vector<Run>& runs) override;
    void Finalize() override;

    /// Did every benchmark run to its end, and was there one?
    [[nodiscard]] bool succeeded() const noexcept { return !failed_ && !lines_.empty(); }

private:
    struct Line {
        std::int64_t order = 0;
        std::string name;
        bool baseline = false;
        std::vector<double> nanoseconds;
        double allocations = 0;
        double bytes_per_second = 0;

        [[nodiscard]] std::string group() const { return name.substr(0, name.find('/')); }
        [[nodiscard]] double least() const;
        [[nodiscard]] double median() const;
    };

    Line& line(const Run& run);
    void print(const Line& line, double baseline);

    std::vector<Line> lines_;
    bool failed_ = false;
};

}  // namespace tenon::bench
