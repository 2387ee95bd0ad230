#include "cli/batch_input.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "core/stable_hash.hpp"

namespace tenon::cli {
namespace {

/// Of those that are wrong; the rest is counted.
constexpr std::size_t kMostProblems = 10;

struct IdHash {
    std::uint64_t hash;
    std::uint64_t line;
    friend auto operator<=>(const IdHash&, const IdHash&) = default;
};

/// The problems of a scan, in few words.
class Problems {
public:
    void add(std::uint64_t line, const std::string& what) {
        if (++count_ <= kMostProblems) {
            text_ += "line " + std::to_string(line) + ": " + what + '\n';
        }
    }
    [[nodiscard]] bool any() const noexcept { return count_ > 0; }
    [[nodiscard]] Error to_error(const std::filesystem::path& path) const {
        std::string message = path.string() + " is not a batch; nothing was sent\n" + text_;
        if (count_ > kMostProblems) {
            message += "and " + std::to_string(count_ - kMostProblems) + " more\n";
        }
        message.pop_back();
        return Error(Code::invalid, message);
    }

private:
    std::size_t count_ = 0;
    std::string text_;
};

Error unreadable(const std::filesystem::path& path, const std::string& why) {
    return Error(Code::invalid, "cannot read " + path.string() + ": " + why);
}

/// Adds the lines whose ids are those of earlier lines. Hashes find them, and the lines themselves,
/// read once more, prove it.
Result<void> find_duplicates(const std::filesystem::path& path, const BatchDefaults& defaults,
                             std::vector<IdHash> ids, Problems& problems) {
    std::sort(ids.begin(), ids.end());
    std::vector<std::uint64_t> suspects;
    for (std::size_t i = 1; i < ids.size(); ++i) {
        if (ids[i].hash != ids[i - 1].hash) continue;
        suspects.push_back(ids[i - 1].line);
        suspects.push_back(ids[i].line);
    }
    if (suspects.empty()) return {};
    std::sort(suspects.begin(), suspects.end());
    auto reader = BatchReader::open(path);
    if (!reader) return std::move(reader).error();
    std::vector<std::pair<std::string, std::uint64_t>> seen;
    std::string text;
    for (std::uint64_t number = 0; reader->next(text, number) && seen.size() < 1000;) {
        if (!std::binary_search(suspects.begin(), suspects.end(), number)) continue;
        const auto line = read_batch_line(text, number, defaults);
        if (!line) continue;
        const auto first = std::find_if(seen.begin(), seen.end(),
                                        [&](const auto& other) { return other.first == line->id; });
        if (first == seen.end()) {
            seen.emplace_back(line->id, number);
        } else {
            problems.add(number, "the id \"" + line->id + "\" is that of line " +
                                     std::to_string(first->second));
        }
    }
    return {};
}

}  // namespace

Result<BatchReader> BatchReader::open(const std::filesystem::path& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) return unreadable(path, "there is no such file");
    if (!std::filesystem::is_regular_file(status)) {
        return unreadable(path,
                          "it is not a regular file; a batch is read twice, and once more "
                          "when it is resumed");
    }
    BatchReader reader;
    reader.in_.open(path, std::ios::binary);
    if (!reader.in_) return unreadable(path, std::generic_category().message(errno));
    return reader;
}

bool BatchReader::next(std::string& text, std::uint64_t& number) {
    while (std::getline(in_, text)) {
        ++number_;
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        number = number_;
        return true;
    }
    return false;
}

Result<BatchSummary> scan_batch(const std::filesystem::path& path, const BatchDefaults& defaults) {
    auto reader = BatchReader::open(path);
    if (!reader) return std::move(reader).error();
    BatchSummary summary;
    Problems problems;
    std::vector<IdHash> ids;
    std::string text;
    for (std::uint64_t number = 0; reader->next(text, number);) {
        summary.identity.hash = core::mix(summary.identity.hash + core::stable_hash(text) + number);
        ++summary.jobs;
        const auto line = read_batch_line(text, number, defaults);
        if (line) {
            ids.push_back({core::stable_hash(line->id), number});
        } else {
            problems.add(number, line.error().message);
        }
    }
    if (reader->broken()) return unreadable(path, "reading it failed half-way");
    summary.identity.lines = reader->lines();
    if (auto found = find_duplicates(path, defaults, std::move(ids), problems); !found) {
        return std::move(found).error();
    }
    if (problems.any()) return problems.to_error(path);
    return summary;
}

}  // namespace tenon::cli
