#include <atomic>
#include <iostream>
#include <optional>
#include <system_error>

#include "base/duration.hpp"
#include "cli/batch_input.hpp"
#include "cli/batch_keeper.hpp"
#include "cli/batch_output.hpp"
#include "cli/batch_record.hpp"
#include "cli/commands.hpp"
#include "cli/interrupt.hpp"
#include "cli/open_host.hpp"
#include "cli/terminal.hpp"
#include "tenon/host/background.hpp"

namespace tenon::cli {
namespace {

/// Lines that are read ahead of those that run: among these, priority decides.
constexpr std::size_t kReadAhead = 256;

BatchDefaults defaults_of(const BatchOptions& options) {
    BatchDefaults defaults{options.provider, options.model};
    defaults.options.timeout = options.timeout;
    return defaults;
}

Result<void> check_paths(const BatchOptions& options) {
    std::error_code ignored;
    for (const std::string& written : {options.output, options.failures}) {
        if (written.empty() || !std::filesystem::equivalent(options.input, written, ignored)) {
            continue;
        }
        return Error(Code::invalid, "the input " + options.input + " cannot be the output too");
    }
    return {};
}

/// One run of a batch, from the first line that is not done to the end or Ctrl-C.
class BatchRun {
public:
    BatchRun(const BatchOptions& options, const BatchSummary& summary, BatchOutput& output,
             host::BackgroundProcessor& processor)
        : options_(options),
          summary_(summary),
          output_(output),
          before_(output.written()),
          processor_(processor),
          keeper_(
              output, [this] { return progress(); }, !options.no_progress) {}

    int run() {
        const Interrupts::Scope interrupt;
        const std::stop_callback on_interrupt(interrupt.token(), [this] {
            keeper_.say("finishing what is in flight; Ctrl-C again ends at once");
            halt();
        });
        auto fed = feed();
        if (!fed) halt();
        processor_.drain();
        auto kept = keeper_.finish();
        if (kept) kept = std::move(fed);
        return report(kept, interrupt.interrupted());
    }

private:
    /// At any moment: also when all lines have been handed over and some wait.
    void halt() {
        halt_.request_stop();
        processor_.wind_down();
    }

    Result<void> feed() {
        auto reader = BatchReader::open(options_.input);
        if (!reader) return std::move(reader).error();
        const BatchDefaults defaults = defaults_of(options_);
        std::string text;
        for (std::uint64_t number = 0; reader->next(text, number);) {
            if (halt_.stop_requested()) return {};
            if (number > summary_.identity.lines) return changed(number);
            if (output_.is_done(number)) continue;
            auto line = read_batch_line(text, number, defaults);
            if (!line) return changed(number);
            if (!submit(*std::move(line))) return {};
        }
        if (reader->broken()) return Error(Code::internal, "cannot read on in " + options_.input);
        return {};
    }

    [[nodiscard]] Error changed(std::uint64_t number) const {
        return Error(Code::invalid,
                     options_.input + " has changed meanwhile, at line " + std::to_string(number));
    }

    /// \return false if the run is halted.
    bool submit(BatchLine line) {
        BatchLabel label{line.number, std::move(line.id), line.form};
        // The line's number, because ids are only known to be unique by their hashes.
        host::BackgroundJob job{std::to_string(line.number), std::move(line.request),
                                line.priority};
        return processor_
            .submit(
                std::move(job),
                [this, label = std::move(label)](const host::BackgroundResult& result) {
                    take(label, result);
                },
                host::BackgroundProcessor::WhenFull::wait, halt_.get_token())
            .has_value();
    }

    /// On the processor's thread.
    void take(const BatchLabel& label, const host::BackgroundResult& result) {
        if (!result.answer && result.answer.error().code == Code::cancelled) return;
        const auto written = output_.write(result.answer.has_value(), batch_record(label, result));
        if (!written) halt();
        if (result.answer) {
            const auto usage =
                std::visit([](const auto& answer) { return answer.usage; }, *result.answer);
            input_tokens_ += usage.input_tokens.value_or(0);
            output_tokens_ += usage.output_tokens.value_or(0);
        }
        keeper_.written();
    }

    /// On the keeper's thread.
    [[nodiscard]] BatchProgress progress() const {
        const BatchOutput::Counts on_disk = output_.on_disk();
        auto counts = processor_.counts();
        BatchProgress progress;
        progress.total = summary_.jobs;
        progress.done = on_disk.all();
        progress.failed = on_disk.failures;
        progress.done_before = before_.all();
        progress.in_flight = counts.running;
        progress.input_tokens = input_tokens_;
        progress.output_tokens = output_tokens_;
        progress.held_because = std::move(counts.held_because);
        return progress;
    }

    int report(const Result<void>& kept, bool interrupted) const {
        const BatchOutput::Counts now = output_.on_disk();
        if (!kept) {
            print_error(kept.error());
            return kFailed;
        }
        if (interrupted && now.all() < summary_.jobs) {
            print_error("interrupted; " + std::to_string(now.all()) + " of " +
                        std::to_string(summary_.jobs) +
                        " are done, and the same command goes on from there");
            return kInterrupted;
        }
        return report_failures(now.failures, output_);
    }

public:
    static int report_failures(std::uint64_t failures, const BatchOutput& output) {
        if (failures == 0) return kSuccess;
        print_error(std::to_string(failures) + " failed, see " + output.failures_path().string() +
                    "; --retry-failed asks for them once more");
        return kFailed;
    }

private:
    const BatchOptions& options_;
    const BatchSummary& summary_;
    BatchOutput& output_;
    const BatchOutput::Counts before_;
    host::BackgroundProcessor& processor_;
    std::atomic<std::uint64_t> input_tokens_ = 0;
    std::atomic<std::uint64_t> output_tokens_ = 0;
    std::stop_source halt_;
    BatchKeeper keeper_;  // last: its thread uses the others
};

void say_what_was_found(const BatchOptions& options, const BatchSummary& summary,
                        const BatchOutput& output) {
    if (output.cut_off() > 0) {
        print_error("an unfinished line at the end was cut off (" +
                    std::to_string(output.cut_off()) + " bytes)");
    }
    const auto before = output.written();
    if (before.all() == 0 || options.no_progress) return;
    print_error("resuming: " + std::to_string(before.all()) + " of " +
                std::to_string(summary.jobs) + " are done already");
}

host::BackgroundOptions processor_options(const BatchOptions& options) {
    host::BackgroundOptions out;
    out.concurrency = options.concurrency;
    out.capacity = kReadAhead;
    out.max_tries = options.retries + 1;
    out.patience = options.patience;
    return out;
}

}  // namespace

int run_batch(const GlobalOptions& global, const BatchOptions& options) {
    const auto wrong = [](const Error& error) {
        print_error(error.message);
        return error.code == Code::invalid ? kUsage : kFailed;
    };
    Interrupts::instance();  // Ctrl-C ends the program while files are read
    if (const auto paths = check_paths(options); !paths) return wrong(paths.error());
    const auto summary = scan_batch(options.input, defaults_of(options));
    if (!summary) return wrong(summary.error());
    const auto output = BatchOutput::open({options.output, options.failures}, summary->identity,
                                          options.retry_failed);
    if (!output) return wrong(output.error());
    say_what_was_found(options, *summary, **output);
    if ((*output)->written().all() == summary->jobs) {
        if (!options.no_progress) print_error("nothing is left to do");
        return BatchRun::report_failures((*output)->written().failures, **output);
    }
    const auto opened = open_host(global, HostUse::long_run);
    if (!opened.host) return opened.status;
    const auto processor =
        host::BackgroundProcessor::create(*opened.host, processor_options(options));
    if (!processor) return wrong(processor.error());
    if (auto begun = (*output)->begin(); !begun) return wrong(begun.error());
    return BatchRun(options, *summary, **output, **processor).run();
}

}  // namespace tenon::cli
