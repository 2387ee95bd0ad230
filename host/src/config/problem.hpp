#pragma once

#include <string>
#include <vector>

namespace tenon::config {

enum class Severity { error, warning };

/// Something that is wrong with a file, for the person who wrote it.
struct Problem {
    Severity severity = Severity::error;
    std::string message;  ///< plain words; never a value that may be secret
    std::string file;     ///< as it was named; empty = no file
    int line = 0;         ///< 1-based; 0 = unknown
    int column = 0;       ///< 1-based, in characters
    std::string path;     ///< "providers.openai.kind"; empty = the whole file
};

/// One line for a terminal: "config.json:12:5: providers.openai.tiemouts: unknown key; ...". A
/// warning says so before its path; parts that are unknown are left out.
[[nodiscard]] std::string format(const Problem& problem);

/// The lines of all problems, each with a line end.
[[nodiscard]] std::string format(const std::vector<Problem>& problems);

/// Whether one of them is an error.
[[nodiscard]] bool has_errors(const std::vector<Problem>& problems) noexcept;

/// By line, then column; those without a line first, equals in the order found.
void sort_by_place(std::vector<Problem>& problems);

}  // namespace tenon::config
