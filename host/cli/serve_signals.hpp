#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tenon/result.hpp"

namespace tenon::cli {

/// What happens to a daemon from outside: signals, and its configuration file.
///
/// The signals are blocked in the whole process; make it before there are threads.
///
/// \par Thread-safety
/// One thread.
class ServeSignals {
public:
    enum class What : std::uint8_t { stop, reload, file_changed, nothing };

    ServeSignals();
    ~ServeSignals();
    ServeSignals(const ServeSignals&) = delete;
    ServeSignals& operator=(const ServeSignals&) = delete;

    /// From now on changes of the file are told, also when an editor or a tool puts another file in
    /// its place, or another link among those that lead to it, as Kubernetes does with "..data".
    /// Its directory must exist.
    Result<void> watch(const std::filesystem::path& file);

    /// Waits for the next event, at most for `patience`.
    [[nodiscard]] What wait(std::chrono::milliseconds patience);

    /// From now on another signal ends the process at once.
    static void let_them_end_the_process() noexcept;

private:
    Result<void> watch_entries();
    [[nodiscard]] bool file_was_touched();

    int signals_ = -1;
    int watch_ = -1;
    std::filesystem::path file_;
    /// The entries on the way to the file, by the watches of their directories.
    std::multimap<int, std::string> entries_;
    /// When it was last, if that is not told yet: more may follow at once.
    std::optional<std::chrono::steady_clock::time_point> touched_;
};

/// Tells systemd how the daemon stands ("READY=1"), if it asked to be told.
///
/// The protocol of sd_notify(3): a datagram to $NOTIFY_SOCKET. Does nothing without that.
void notify_service_manager(std::string_view state) noexcept;

}  // namespace tenon::cli
