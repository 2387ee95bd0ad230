#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "net/blocking_pool.hpp"
#include "net/io_threads.hpp"
#include "plugin/proxy.hpp"
#include "plugin/registry.hpp"
#include "support/gate.hpp"
#include "transport/http_client.hpp"

namespace tenon::test {

/// What is written to a log, for threads that wait for a line.
///
/// \par Thread-safety
/// Any thread.
class Lines {
public:
    void add(std::string_view line) {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(line);
        changed_.notify_all();
    }
    [[nodiscard]] std::size_t count(std::string_view part) const {
        const std::lock_guard lock(mutex_);
        return count_here(part);
    }
    /// False after kPatience.
    [[nodiscard]] bool wait_for(std::string_view part, std::size_t times = 1) const {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, kPatience, [&] { return count_here(part) >= times; });
    }

private:
    [[nodiscard]] std::size_t count_here(std::string_view part) const {
        std::size_t found = 0;
        for (const std::string& line : lines_) found += line.find(part) != std::string::npos;
        return found;
    }

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::vector<std::string> lines_;
};

/// All that a proxy or a provider needs, and the plugins for tests. A provider that is left alive
/// keeps what it uses.
class Machine {
public:
    explicit Machine(std::size_t io_threads = 2, std::size_t blocking_threads = 2)
        : core_(std::make_shared<Core>(lines_, io_threads, blocking_threads)) {}

    [[nodiscard]] plugin::ProxyEnvironment environment() const {
        return {core_->log, base::steady_clock(), core_->io, core_->blocking, core_};
    }
    [[nodiscard]] net::IoThreads& io() const noexcept { return core_->io; }
    [[nodiscard]] const Lines& log() const noexcept { return *lines_; }

    /// A kind of tests/plugins/bad/NAME or tests/plugins/good/probe.
    [[nodiscard]] static std::shared_ptr<const plugin::Kind> kind(const std::string& id) {
        const bool probe = id.starts_with("probe");
        plugin::Registry registry;
        registry.load_file(probe ? std::filesystem::path(TENON_TEST_PLUGINS) / "probe.so"
                                 : std::filesystem::path(TENON_TEST_BAD_PLUGINS) / (id + ".so"));
        auto found = registry.find(id);
        if (!found) {
            throw std::runtime_error(registry.errors().empty()
                                         ? "no kind " + id
                                         : registry.errors().front().to_error().message);
        }
        return found;
    }

    [[nodiscard]] plugin::ProxyOptions options(const std::string& config = "{}") const {
        plugin::ProxyOptions out;
        out.name = "tested";
        out.config_json = config;
        out.secrets = {{"api_key", "sk-sesame"}};
        out.make_http_client = [core = core_.get()](std::size_t io_index) {
            return std::make_unique<transport::HttpClient>(core->io.context(io_index),
                                                           transport::HttpOptions());
        };
        return out;
    }

private:
    struct Core {
        Core(std::shared_ptr<Lines> lines, std::size_t io_threads, std::size_t blocking_threads)
            : log(log_options(std::move(lines))), io(io_threads), blocking(blocking_threads) {}
        static base::LogOptions log_options(std::shared_ptr<Lines> lines) {
            base::LogOptions out;
            out.level = base::LogLevel::info;
            out.sink = [lines = std::move(lines)](base::LogLevel, std::string_view line) {
                lines->add(line);
            };
            return out;
        }

        base::Log log;
        net::IoThreads io;
        net::BlockingPool blocking;
    };

    std::shared_ptr<Lines> lines_ = std::make_shared<Lines>();
    std::shared_ptr<Core> core_;
};

/// Lets a test's thread wait for what a call does.
class TestWaker final : public plugin::Waker {
public:
    void wake() noexcept override {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        changed_.notify_all();
    }
    /// False after kPatience.
    [[nodiscard]] bool wait() {
        std::unique_lock lock(mutex_);
        const bool woken = changed_.wait_for(lock, kPatience, [this] { return woken_; });
        woken_ = false;
        return woken;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
};

}  // namespace tenon::test
