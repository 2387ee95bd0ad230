#include "config/problem.hpp"

#include <algorithm>
#include <tuple>

namespace tenon::config {

std::string format(const Problem& problem) {
    std::string out = problem.file;
    if (problem.line > 0) {
        if (!out.empty()) out += ':';
        out += std::to_string(problem.line) + ":" + std::to_string(problem.column);
    }
    if (!out.empty()) out += ": ";
    if (problem.severity == Severity::warning) out += "warning: ";
    if (!problem.path.empty()) out += problem.path + ": ";
    return out + problem.message;
}

std::string format(const std::vector<Problem>& problems) {
    std::string out;
    for (const Problem& problem : problems) out += format(problem) + "\n";
    return out;
}

bool has_errors(const std::vector<Problem>& problems) noexcept {
    return std::any_of(problems.begin(), problems.end(),
                       [](const Problem& p) { return p.severity == Severity::error; });
}

void sort_by_place(std::vector<Problem>& problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.line, a.column) < std::tie(b.line, b.column);
    });
}

}  // namespace tenon::config
