#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// A strict reader of Prometheus' text format 0.0.4, for tests.
namespace tenon::test {

struct Sample {
    std::string name;
    std::map<std::string, std::string> labels;
    double value = 0;
};

struct Exposition {
    struct Family {
        std::string help;
        std::string type;
        std::vector<Sample> samples;
    };
    std::map<std::string, Family> families;

    /// The sample with that name and at least these labels. Throws unless there is exactly one.
    [[nodiscard]] double value(const std::string& name,
                               const std::map<std::string, std::string>& labels = {}) const;
};

/// Throws std::runtime_error, with the line, for whatever the format does not allow: bad names and
/// values, samples without TYPE or outside of their family, HELP or TYPE twice, series twice,
/// histograms that are not cumulative or whose +Inf is not their count.
[[nodiscard]] Exposition read_exposition(std::string_view text);

}  // namespace tenon::test
