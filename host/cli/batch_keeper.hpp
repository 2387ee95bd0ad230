#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string_view>
#include <thread>

#include "cli/batch_output.hpp"
#include "cli/batch_progress.hpp"

namespace tenon::cli {

/// Brings a batch's results to the disk, a hundred at a time or what a second has brought, and says
/// on standard error how far it is: a bar on a terminal, else a line every ten seconds. What it
/// counts as done is on the disk.
///
/// \par Thread-safety
/// Any thread.
class BatchKeeper {
public:
    /// \param look called on the keeper's thread; `elapsed` is filled in here.
    BatchKeeper(BatchOutput& output, std::function<BatchProgress()> look, bool tell);
    ~BatchKeeper();
    BatchKeeper(const BatchKeeper&) = delete;
    BatchKeeper& operator=(const BatchKeeper&) = delete;

    /// A line was written.
    void written();
    /// Says a sentence, in a line of its own.
    void say(std::string_view sentence);
    /// Brings the rest to the disk and says how far it got. \return the first error of the output.
    Result<void> finish();

private:
    void keep();
    void tell(bool last);

    BatchOutput& output_;
    const std::function<BatchProgress()> look_;
    const bool tell_;
    const bool terminal_;
    const std::chrono::steady_clock::time_point begin_;
    std::chrono::steady_clock::time_point told_;

    std::mutex speaking_;
    bool line_is_open_ = false;  ///< guarded by speaking_

    std::mutex mutex_;
    std::condition_variable changed_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace tenon::cli
