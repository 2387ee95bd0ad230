#include "base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <algorithm>
#include <mutex>

#include "tenon/json_text.hpp"

namespace tenon::base {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::trace: return spdlog::level::trace;
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warn: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
        case LogLevel::off: break;
    }
    return spdlog::level::off;
}

/// Hands finished lines to the host application.
class CallbackSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit CallbackSink(std::function<void(LogLevel, std::string_view)> write)
        : sink_(std::move(write)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        std::string_view text(line.data(), line.size());
        while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
        sink_(static_cast<LogLevel>(message.level), text);
    }
    void flush_() override {}

    std::function<void(LogLevel, std::string_view)> sink_;
};

static_assert(static_cast<int>(LogLevel::trace) == SPDLOG_LEVEL_TRACE);
static_assert(static_cast<int>(LogLevel::error) == SPDLOG_LEVEL_ERROR);

bool needs_quotes(std::string_view value) noexcept {
    return value.empty() || std::any_of(value.begin(), value.end(), [](char c) {
               return c == ' ' || c == '"' || c == '=' || static_cast<unsigned char>(c) < 0x20;
           });
}

std::string text_line(std::string_view component, std::string_view message,
                      std::initializer_list<LogField> fields) {
    std::string line(component);
    line += ": ";
    // A line stays one line, whatever a provider sent.
    for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    for (const LogField& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        if (needs_quotes(field.value)) {
            append_json_string(line, field.value);
        } else {
            line += field.value;
        }
    }
    return line;
}

std::string json_members(std::string_view component, std::string_view message,
                         std::initializer_list<LogField> fields) {
    std::string line = "\"component\":";
    append_json_string(line, component);
    line += ",\"message\":";
    append_json_string(line, message);
    for (const LogField& field : fields) {
        line += ',';
        append_json_string(line, field.name);
        line += ':';
        append_json_string(line, field.value);
    }
    return line;
}

}  // namespace

struct Log::Backend {
    explicit Backend(spdlog::sink_ptr sink) : logger("tenon", std::move(sink)) {}
    spdlog::logger logger;
};

Log::Log(const LogOptions& options) : format_(options.format) {
    set_levels(options.level, options.components);
    spdlog::sink_ptr sink;
    if (options.sink) {
        sink = std::make_shared<CallbackSink>(options.sink);
    } else {
        sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    }
    // UTC, so that lines of different machines can be laid side by side.
    sink->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        format_ == LogFormat::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})"
                                   : "%Y-%m-%dT%H:%M:%S.%eZ %^%-7l%$ %v",
        spdlog::pattern_time_type::utc));
    backend_ = std::make_unique<Backend>(std::move(sink));
    backend_->logger.set_level(spdlog::level::trace);
    backend_->logger.flush_on(spdlog::level::trace);
}

Log::~Log() = default;

void Log::set_levels(LogLevel level,
                     const std::map<std::string, LogLevel, std::less<>>& components) {
    Levels levels{level, level, components};
    for (const auto& [name, own] : components) levels.lowest = std::min(levels.lowest, own);
    const std::lock_guard lock(mutex_);
    all_levels_.push_back(std::make_unique<const Levels>(std::move(levels)));
    levels_.store(all_levels_.back().get(), std::memory_order_release);
}

bool Log::enabled(LogLevel level, std::string_view component) const noexcept {
    const Levels& levels = *levels_.load(std::memory_order_acquire);
    if (level < levels.lowest || level == LogLevel::off) return false;
    while (!component.empty()) {
        const auto found = levels.components.find(component);
        if (found != levels.components.end()) return level >= found->second;
        const auto dot = component.rfind('.');
        component = dot == std::string_view::npos ? std::string_view() : component.substr(0, dot);
    }
    return level >= levels.level;
}

void Log::write(LogLevel level, std::string_view component, std::string_view message,
                std::initializer_list<LogField> fields) noexcept {
    if (!enabled(level, component)) return;
    try {
        const std::string line = format_ == LogFormat::json
                                     ? json_members(component, message, fields)
                                     : text_line(component, message, fields);
        const std::string safe = redactor_.redact(line);
        backend_->logger.log(to_spdlog(level), spdlog::string_view_t(safe.data(), safe.size()));
    } catch (...) {
        // A log that cannot be written must not take the request down with it.
    }
}

std::string_view to_string(LogLevel level) noexcept {
    switch (level) {
        case LogLevel::trace: return "trace";
        case LogLevel::debug: return "debug";
        case LogLevel::info: return "info";
        case LogLevel::warn: return "warn";
        case LogLevel::error: return "error";
        case LogLevel::off: return "off";
    }
    return "off";
}

std::optional<LogLevel> log_level(std::string_view name) noexcept {
    for (const LogLevel level : {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warn,
                                 LogLevel::error, LogLevel::off}) {
        if (to_string(level) == name) return level;
    }
    return std::nullopt;
}

}  // namespace tenon::base
