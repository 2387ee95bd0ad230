#include "gateway/telemetry/access_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "wire/json_writer.hpp"

namespace tenon::gateway {
namespace {

int open_file(const std::string& path) {
    if (path == "-") return STDOUT_FILENO;
    return open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

std::int64_t microseconds(base::Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

void write_tokens(wire::JsonWriter& json, std::string_view name, std::uint64_t tokens) {
    if (tokens != TENON_TOKENS_UNKNOWN) json.member(name, tokens);
}

std::string line_of(const RequestStart& start, const RequestSummary& summary) {
    std::string line;
    wire::JsonWriter json(line);
    json.begin_object();
    json.member("time", base::format_utc(start.wall_time));
    json.member("id", start.id);
    json.member("peer", start.peer);
    if (!start.key.empty()) json.member("key", start.key);
    json.member("path", start.dialect);
    json.member("model", start.model);
    json.member("stream", start.stream);
    json.member("status", summary.status);
    json.member("provider", summary.provider);
    json.member("provider_model", summary.model);
    json.member("attempts", summary.attempts);
    json.member("duration_us", microseconds(summary.total));
    json.member("overhead_us", microseconds(summary.overhead));
    if (summary.first_delta) json.member("first_delta_us", microseconds(*summary.first_delta));
    json.member("bytes", summary.bytes);
    write_tokens(json, "input_tokens", summary.input_tokens);
    write_tokens(json, "output_tokens", summary.output_tokens);
    if (summary.error != nullptr) {
        json.member("code", to_string(summary.error->code));
        json.member("error", summary.error->message);
    }
    json.end_object();
    line += '\n';
    return line;
}

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::string& path) {
    const int fd = open_file(path);
    if (fd < 0) {
        return Error(Code::invalid, "the access log " + path + " cannot be written: " +
                                        std::strerror(errno) + "; see telemetry.access_log");
    }
    return std::unique_ptr<AccessLog>(new AccessLog(path, fd));
}

AccessLog::AccessLog(std::string path, int fd)
    : path_(std::move(path)), fd_(fd), thread_([this] { run(); }) {}

AccessLog::~AccessLog() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
    if (path_ != "-" && fd_ >= 0) close(fd_);
}

void AccessLog::write(const RequestStart& start, const RequestSummary& summary) noexcept {
    try {
        const std::string line = line_of(start, summary);
        const std::size_t room = summary.refused ? kMostWaiting / 2 : kMostWaiting;
        const std::lock_guard lock(mutex_);
        if (waiting_.size() + line.size() > room) {
            ++dropped_;
            return;
        }
        waiting_ += line;
    } catch (...) {  // no memory for a line
        const std::lock_guard lock(mutex_);
        ++dropped_;
        return;
    }
    changed_.notify_one();
}

void AccessLog::reopen() noexcept {
    {
        const std::lock_guard lock(mutex_);
        reopen_ = true;
    }
    changed_.notify_one();
}

std::uint64_t AccessLog::dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
}

void AccessLog::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || reopen_ || !waiting_.empty(); });
        if (waiting_.empty() && !reopen_) return;
        const std::string lines = std::exchange(waiting_, {});
        const bool again = std::exchange(reopen_, false);
        lock.unlock();
        std::size_t done = 0;
        while (done < lines.size()) {
            const ssize_t written = ::write(fd_, lines.data() + done, lines.size() - done);
            if (written < 0 && errno != EINTR) break;
            if (written > 0) done += static_cast<std::size_t>(written);
        }
        if (again && path_ != "-") {
            if (const int fd = open_file(path_); fd >= 0) {
                close(fd_);
                fd_ = fd;
            }
        }
        lock.lock();
        if (done < lines.size()) ++dropped_;
    }
}

}  // namespace tenon::gateway
