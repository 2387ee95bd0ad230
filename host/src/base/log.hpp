#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/redactor.hpp"

namespace tenon::base {

enum class LogLevel { trace, debug, info, warn, error, off };

enum class LogFormat { text, json };

/// What a log looks like and where it goes.
struct LogOptions {
    LogLevel level = LogLevel::warn;
    /// Levels of single components ("transport", "plugin.openai"); the longest prefix that ends at
    /// a dot wins over `level`.
    std::map<std::string, LogLevel, std::less<>> components;
    LogFormat format = LogFormat::text;
    /// Receives whole lines without the line end, one at a time; empty = standard error.
    std::function<void(LogLevel, std::string_view)> sink;
};

/// One name and value of a structured line.
struct LogField {
    std::string_view name;
    std::string_view value;
};

/// The log of one host: structured, one line for each event, secrets removed. spdlog is behind it,
/// in one file, because its headers are expensive.
///
/// \par Thread-safety
/// Any thread; lines of different threads do not mix.
/// \par Exception safety
/// write() does not throw; a line that cannot be written is dropped.
class Log {
public:
    explicit Log(const LogOptions& options = {});
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;
    ~Log();

    [[nodiscard]] bool enabled(LogLevel level, std::string_view component) const noexcept;

    /// What is written from now on; as LogOptions::level and components.
    void set_levels(LogLevel level, const std::map<std::string, LogLevel, std::less<>>& components);

    void write(LogLevel level, std::string_view component, std::string_view message,
               std::initializer_list<LogField> fields = {}) noexcept;

    /// Secrets that must never be written.
    [[nodiscard]] Redactor& redactor() noexcept { return redactor_; }

private:
    struct Backend;
    struct Levels {
        LogLevel level;
        LogLevel lowest;
        std::map<std::string, LogLevel, std::less<>> components;
    };

    const LogFormat format_;
    std::mutex mutex_;  ///< of set_levels()
    /// All that there ever were, because somebody may be reading any: they seldom change.
    std::vector<std::unique_ptr<const Levels>> all_levels_;
    std::atomic<const Levels*> levels_ = nullptr;
    Redactor redactor_;
    std::unique_ptr<Backend> backend_;
};

[[nodiscard]] std::string_view to_string(LogLevel level) noexcept;
/// The level of that name, as to_string() writes it.
[[nodiscard]] std::optional<LogLevel> log_level(std::string_view name) noexcept;

}  // namespace tenon::base
