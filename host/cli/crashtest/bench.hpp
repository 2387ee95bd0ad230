#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/crashtest/client.hpp"
#include "cli/crashtest/judge.hpp"
#include "cli/crashtest/upstream.hpp"
#include "tenon/host/host.hpp"
#include "tenon/result.hpp"

namespace tenon::gateway {
class Daemon;
}

namespace tenon::cli::crashtest {

/// What is to be configured otherwise than by default, as members of JSON objects without the
/// braces around them.
struct Settings {
    std::string_view shared = {};   ///< at the top
    std::string_view primary = {};  ///< of the provider "primary"
};

/// Two upstreams and a gateway in front of them, fresh for each fault. Its models:
/// - "chat": primary, and if that cannot answer, fallback (each calls the model as itself)
/// - "solo": primary alone
/// - "roomy": primary, and for requests that are too large for it the model "large" of fallback
///
/// \par Thread-safety
/// One thread, except ask().
class Bench {
public:
    /// \param base directories of plugins, level of the log; the rest is the bench's own.
    [[nodiscard]] static Result<std::unique_ptr<Bench>> open(const host::HostOptions& base,
                                                             const Settings& settings);
    ~Bench();
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    [[nodiscard]] Upstream& primary() noexcept { return *primary_; }
    [[nodiscard]] Upstream& fallback() noexcept { return *fallback_; }

    /// As a client of the gateway, over a connection of its own.
    Seen ask(const Asked& asked);

    /// When nothing is under way any more, or after 10 s.
    [[nodiscard]] Books settled_books();
    [[nodiscard]] ProviderBooks primary_books() { return books("primary", *primary_); }
    [[nodiscard]] ProviderBooks fallback_books() { return books("fallback", *fallback_); }
    /// What the clients have done so far.
    [[nodiscard]] Dealings dealings() const noexcept;
    /// The script has let `count` requests fail in a way that the transport repairs by itself.
    void note_repeated(std::uint64_t count) noexcept { repeated_ += count; }

private:
    Bench() = default;
    Result<void> start(const host::HostOptions& base, const Settings& settings);
    [[nodiscard]] ProviderBooks books(std::string_view provider, const Upstream& upstream);

    std::filesystem::path directory_;
    std::unique_ptr<Upstream> primary_;
    std::unique_ptr<Upstream> fallback_;
    std::unique_ptr<gateway::Daemon> daemon_;  // goes before the upstreams
    std::uint16_t port_ = 0;
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> given_up_{0};
    std::uint64_t repeated_ = 0;
};

}  // namespace tenon::cli::crashtest
