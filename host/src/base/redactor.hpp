#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::base {

/// Knows the configured secrets and removes them from text that leaves the process: log lines,
/// error messages, status.
///
/// \par Thread-safety
/// Any thread.
class Redactor {
public:
    Redactor() = default;
    Redactor(const Redactor&) = delete;
    Redactor& operator=(const Redactor&) = delete;
    ~Redactor();

    /// Secrets shorter than this are not searched for: they would hide ordinary words.
    static constexpr std::size_t kShortestSecret = 6;

    void add(std::string_view secret);

    /// `text` with every known secret replaced by "***", also as JSON and addresses escape it.
    [[nodiscard]] std::string redact(std::string_view text) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::string> secrets_;
};

}  // namespace tenon::base
