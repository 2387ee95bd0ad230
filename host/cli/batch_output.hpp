#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cli/batch_input.hpp"
#include "tenon/result.hpp"

namespace tenon::cli {

/// Where a batch writes.
struct BatchPaths {
    std::filesystem::path answers;   ///< OUT
    std::filesystem::path failures;  ///< empty = OUT with ".errors.jsonl" for its extension
};

/// A file that only grows, by whole lines, and that nobody else writes at the same time.
///
/// \par Thread-safety
/// None, except that sync() may run beside append().
class LineFile {
public:
    /// Opens the file, made if there is none, and locks it until this object or the process ends.
    /// Errors: it is not a regular file, or another process has locked it.
    [[nodiscard]] static Result<std::unique_ptr<LineFile>> open(const std::filesystem::path& path);
    ~LineFile();
    LineFile(const LineFile&) = delete;
    LineFile& operator=(const LineFile&) = delete;

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    /// Cuts off what stands behind the last line's end. \return how many bytes.
    [[nodiscard]] Result<std::uint64_t> cut_torn_line();
    Result<void> clear();
    /// Adds `line`, which ends with a line feed, in one write. What could not be written whole is
    /// taken back.
    Result<void> append(std::string_view line);
    /// Brings what was appended to the disk.
    Result<void> sync();

private:
    LineFile(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
    [[nodiscard]] Error failure(const std::string& what, int error) const;

    const int fd_;
    const std::filesystem::path path_;
    std::uint64_t size_ = 0;
};

/// The files of a batch: what is done already, and what is being done.
///
/// A job is done once its line stands in one of the two files: OUT for answers, the other one for
/// failures. Lines are appended by single writes, so a process that is killed leaves at most one
/// torn line at the end, which the next one cuts off before it looks at what is there: a job then
/// is either done and never asked for again, or not done and asked for again. OUT.state says for
/// which input all this holds, and is on the disk before the first line.
///
/// \par Thread-safety
/// Any thread, once opened.
class BatchOutput {
public:
    struct Counts {
        std::uint64_t answers = 0;
        std::uint64_t failures = 0;
        [[nodiscard]] std::uint64_t all() const noexcept { return answers + failures; }
    };

    /// \param retry_failed the failures so far count as not done; begin() forgets them.
    /// Errors: a file cannot be used, another batch writes to it, it is of another input or not of
    /// a batch, it is damaged.
    [[nodiscard]] static Result<std::unique_ptr<BatchOutput>> open(const BatchPaths& paths,
                                                                   const BatchIdentity& identity,
                                                                   bool retry_failed);

    /// Before the first write(), once nothing else can keep the batch from running.
    Result<void> begin();

    /// \par Preconditions
    /// `number` is that of a line of the input.
    [[nodiscard]] bool is_done(std::uint64_t number) const { return done_[number]; }
    /// Bytes of torn lines that were cut off.
    [[nodiscard]] std::uint64_t cut_off() const noexcept { return cut_off_; }
    [[nodiscard]] const std::filesystem::path& failures_path() const { return files_[1]->path(); }

    /// Appends a line (with its line feed). After the first error every call fails.
    Result<void> write(bool is_answer, std::string_view line);
    /// Brings to the disk what was written before.
    Result<void> sync();

    [[nodiscard]] Counts written() const;  ///< with those of earlier runs
    [[nodiscard]] Counts on_disk() const;  ///< likewise
    [[nodiscard]] std::uint64_t not_synced() const;

private:
    BatchOutput() = default;
    Result<void> settle_identity(const BatchIdentity& identity);
    Result<void> read_done(std::size_t file);

    std::array<std::unique_ptr<LineFile>, 2> files_;  ///< answers, failures
    std::vector<bool> done_;                          ///< by line number, from 1
    std::uint64_t cut_off_ = 0;
    bool forget_failures_ = false;

    mutable std::mutex mutex_;
    Counts written_;
    Counts on_disk_;
    Result<void> state_;
};

}  // namespace tenon::cli
