#include "cli/batch_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVersion = "tenon_batch";
constexpr std::int64_t kNewestVersion = 1;

fs::path state_path(const fs::path& answers) {
    return answers.string() + ".state";
}

Error refuse(const std::string& message) {
    return Error(Code::invalid, message);
}

std::string describe(const BatchIdentity& identity) {
    std::string text;
    wire::JsonWriter json(text);
    json.begin_object();
    json.member(kVersion, kNewestVersion);
    json.member("input_hash", std::to_string(identity.hash));  // 64 bits, too many for a number
    json.member("input_lines", identity.lines);
    json.end_object();
    return text + '\n';
}

/// What the state file says, nothing if there is none.
Result<std::optional<BatchIdentity>> read_identity(const fs::path& path) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return std::optional<BatchIdentity>();
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto broken = [&] {
        return refuse(path.string() +
                      " is not the state of a batch; move it away together with the output");
    };
    const auto document = wire::JsonDocument::parse(text);
    if (!document) return broken();
    const auto root = document->root();
    const auto version = root[kVersion].as_int64();
    if (version && *version > kNewestVersion) {
        return refuse(path.string() + " was written by a newer Tenon; use that one");
    }
    const auto hash = root["input_hash"].as_string();
    const auto lines = root["input_lines"].as_int64();
    if (!version || !hash || !lines) return broken();
    BatchIdentity identity;
    try {
        identity.hash = std::stoull(std::string(*hash));
    } catch (const std::exception&) {
        return broken();
    }
    identity.lines = static_cast<std::uint64_t>(*lines);
    return std::optional(identity);
}

/// Makes sure that the names in the file's directory survive a power cut.
void sync_directory(const fs::path& file) {
    const fs::path directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
    const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    static_cast<void>(::fsync(fd));  // some file systems cannot, and need not
    ::close(fd);
}

/// Writes the file whole or not at all.
Result<void> write_whole(const fs::path& path, const std::string& text) {
    const std::string temporary = path.string() + ".new";
    const auto fail = [&](const char* what) {
        return Error(Code::internal, std::string(what) + ' ' + temporary + ": " +
                                         std::generic_category().message(errno));
    };
    const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return fail("cannot make");
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const bool synced = written && ::fdatasync(fd) == 0;
    ::close(fd);
    if (!synced) return fail("cannot write to");
    if (::rename(temporary.c_str(), path.c_str()) != 0) return fail("cannot rename");
    sync_directory(path);
    return {};
}

fs::path usual_failures_path(const fs::path& answers) {
    fs::path path = answers;
    return path.extension() == ".jsonl" ? path.replace_extension(".errors.jsonl")
                                        : fs::path(path.string() + ".errors.jsonl");
}

}  // namespace

Result<std::unique_ptr<BatchOutput>> BatchOutput::open(const BatchPaths& paths,
                                                       const BatchIdentity& identity,
                                                       bool retry_failed) {
    auto output = std::unique_ptr<BatchOutput>(new BatchOutput);
    const auto failures =
        paths.failures.empty() ? usual_failures_path(paths.answers) : paths.failures;
    auto& files = output->files_;
    for (std::size_t i = 0; i < files.size(); ++i) {
        auto file = LineFile::open(i == 0 ? paths.answers : failures);
        if (!file) return std::move(file).error();
        files[i] = *std::move(file);
        std::error_code ignored;
        if (i == 0 && fs::equivalent(paths.answers, failures, ignored)) {
            return refuse("answers and failures cannot both go to " + failures.string());
        }
    }
    if (auto settled = output->settle_identity(identity); !settled) {
        return std::move(settled).error();
    }
    output->done_.resize(identity.lines + 1);
    if (auto read = output->read_done(0); !read) return std::move(read).error();
    auto answered = output->done_;
    if (auto read = output->read_done(1); !read) return std::move(read).error();
    if (retry_failed && output->written_.failures > 0) {
        output->forget_failures_ = true;
        output->done_ = std::move(answered);
        output->written_.failures = 0;
    }
    output->on_disk_ = output->written_;
    return output;
}

Result<void> BatchOutput::begin() {
    if (!std::exchange(forget_failures_, false)) return {};
    return files_[1]->clear();
}

/// Compares the input with that of the run before, or notes it if there was none.
Result<void> BatchOutput::settle_identity(const BatchIdentity& identity) {
    const fs::path& answers = files_[0]->path();
    const fs::path state = state_path(answers);
    const auto before = read_identity(state);
    if (!before) return before.error();
    if (*before == identity) return {};
    const bool is_new = files_[0]->size() == 0 && files_[1]->size() == 0;
    if (!is_new) {
        const std::string begun =
            files_[0]->size() > 0 ? answers.string() : files_[1]->path().string();
        return refuse(before->has_value()
                          ? begun +
                                " belongs to another input, or the input has changed since; "
                                "choose another output, or remove this one and " +
                                state.string()
                          : begun +
                                " exists and was not written by 'tenon batch'; choose another "
                                "file (a batch needs " +
                                state.string() + " to be resumed)");
    }
    return write_whole(state, describe(identity));
}

/// Marks the jobs whose lines are there.
Result<void> BatchOutput::read_done(std::size_t file) {
    LineFile& lines = *files_[file];
    const auto torn = lines.cut_torn_line();
    if (!torn) return torn.error();
    cut_off_ += *torn;
    auto reader = BatchReader::open(lines.path());
    if (!reader) return std::move(reader).error();
    std::string text;
    for (std::uint64_t at = 0; reader->next(text, at);) {
        const auto document = wire::JsonDocument::parse(text);
        const std::int64_t number =  // no optional: GCC 12 warns of it in optimised builds
            document ? document->root()["line"].as_int64().value_or(0) : 0;
        const std::string where = lines.path().string() + ", line " + std::to_string(at);
        if (number < 1 || static_cast<std::size_t>(number) >= done_.size()) {
            return refuse(where +
                          ": this is no result of this batch; remove the line, or choose "
                          "another output");
        }
        const auto index = static_cast<std::size_t>(number);
        if (done_[index]) {
            return refuse(where + ": there is a result of line " + std::to_string(index) +
                          " of the input before; remove one of the two");
        }
        done_[index] = true;
        ++(file == 0 ? written_.answers : written_.failures);
    }
    if (reader->broken()) return refuse("cannot read " + lines.path().string());
    return {};
}

Result<void> BatchOutput::write(bool is_answer, std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (!state_) return state_;
    state_ = files_[is_answer ? 0 : 1]->append(line);
    if (state_) ++(is_answer ? written_.answers : written_.failures);
    return state_;
}

Result<void> BatchOutput::sync() {
    Counts now;
    {
        const std::lock_guard lock(mutex_);
        if (!state_) return state_;
        now = written_;
    }
    Result<void> synced;
    if (now.answers != on_disk_.answers) synced = files_[0]->sync();
    if (synced && now.failures != on_disk_.failures) synced = files_[1]->sync();
    const std::lock_guard lock(mutex_);
    if (synced) {
        on_disk_ = now;
    } else {
        state_ = synced;
    }
    return synced;
}

BatchOutput::Counts BatchOutput::written() const {
    const std::lock_guard lock(mutex_);
    return written_;
}

BatchOutput::Counts BatchOutput::on_disk() const {
    const std::lock_guard lock(mutex_);
    return on_disk_;
}

std::uint64_t BatchOutput::not_synced() const {
    const std::lock_guard lock(mutex_);
    return written_.all() - on_disk_.all();
}

}  // namespace tenon::cli
