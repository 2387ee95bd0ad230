#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tenon/host/types.hpp"
#include "tenon/result.hpp"

// The lines of a batch: what they may be, and what is found out about all of them beforehand.
namespace tenon::cli {

/// How a line was written, which decides how its answer is.
enum class BatchForm : std::uint8_t {
    prompt,     ///< "text" or {"prompt": "text", ...}
    body,       ///< a request in the OpenAI dialect: chat completions or embeddings
    batch_api,  ///< {"custom_id", "method", "url", "body"}
};

/// One line as a job.
struct BatchLine {
    std::uint64_t number = 0;  ///< from 1
    std::string id;            ///< "custom_id" or "id", else the number
    BatchForm form = BatchForm::prompt;
    int priority = 0;
    std::variant<host::ChatRequest, host::EmbeddingRequest> request;
};

/// What holds for lines that do not say.
struct BatchDefaults {
    std::string provider = {};
    std::string model = {};
    host::RequestOptions options = {};
};

/// Errors: Code::invalid with what is wrong, without the line's number.
[[nodiscard]] Result<BatchLine> read_batch_line(std::string_view text, std::uint64_t number,
                                                const BatchDefaults& defaults);

/// Reads a file line by line; empty lines are counted and skipped.
class BatchReader {
public:
    /// Errors: the file cannot be read, or is none.
    [[nodiscard]] static Result<BatchReader> open(const std::filesystem::path& path);

    /// The next line that is not empty. \return false at the end.
    bool next(std::string& text, std::uint64_t& number);
    /// Whether reading has ended before the end of the file.
    [[nodiscard]] bool broken() const { return in_.bad(); }
    /// Lines so far, the empty ones too.
    [[nodiscard]] std::uint64_t lines() const noexcept { return number_; }

private:
    BatchReader() = default;

    std::ifstream in_;
    std::uint64_t number_ = 0;
};

/// Tells one input from another.
struct BatchIdentity {
    std::uint64_t hash = 0;   ///< of all lines
    std::uint64_t lines = 0;  ///< the last one's number
    friend bool operator==(const BatchIdentity&, const BatchIdentity&) = default;
};

struct BatchSummary {
    BatchIdentity identity;
    std::uint64_t jobs = 0;
};

/// Reads the whole file once, keeping 16 bytes of each line.
/// Errors: the file cannot be read; Code::invalid with every line that is no job, a few of them at
/// most, and ids that two lines have.
[[nodiscard]] Result<BatchSummary> scan_batch(const std::filesystem::path& path,
                                              const BatchDefaults& defaults);

}  // namespace tenon::cli
