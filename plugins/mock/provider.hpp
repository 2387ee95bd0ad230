#pragma once

#include <atomic>
#include <memory>
#include <utility>

#include "pause.hpp"
#include "settings.hpp"
#include "tenon/plugin.hpp"

namespace tenon::mock {

/// A provider that answers by itself, always the same to the same configuration and requests
/// (schema.cpp says what can be configured). Requests are numbered in the order of their arrival;
/// the numbers choose jitter and failures.
class Mock : public Provider {
public:
    [[nodiscard]] static Result<std::unique_ptr<Mock>> create(const ProviderContext& context);

    Mock(const ProviderContext& context, Settings settings, Blocker* blocker = nullptr)
        : Provider(context), settings_(std::move(settings)), blocker_(blocker) {}

    Task complete(Call call, Request request) override;
    Task embed(Call call, Request request) override;
    Task rerank(Call call, Request request) override;
    Task list_models(Call call) override;
    Task health_check(Call call) override;

protected:
    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] Pause pause(const Call& call, std::chrono::nanoseconds delay) const noexcept {
        return {blocker_, call, delay};
    }

private:
    /// What is in store for one request.
    struct Ticket {
        Fault fault;
        std::chrono::nanoseconds delay{0};  ///< before its first token
    };
    [[nodiscard]] Ticket take_ticket(std::string_view model, bool has_deltas) noexcept;

    const Settings settings_;
    Blocker* const blocker_;
    std::atomic<std::uint64_t> requests_{0};
    std::atomic<std::uint64_t> health_checks_{0};
};

/// The mock with connections.
class MockSession final : public Mock {
public:
    [[nodiscard]] static Result<std::unique_ptr<MockSession>> create(
        const ProviderContext& context);
    using Mock::Mock;

    Task connect(Call call) override;

private:
    std::atomic<std::uint64_t> connects_{0};
};

/// The mock that blocks the threads on which it is called.
class MockBlocking final : public Mock {
public:
    [[nodiscard]] static Result<std::unique_ptr<MockBlocking>> create(
        const ProviderContext& context);
    MockBlocking(const ProviderContext& context, Settings settings)
        : Mock(context, std::move(settings), &blocker_) {}

    void on_cancel(tenon_call) noexcept override { blocker_.wake(); }

private:
    Blocker blocker_;
};

}  // namespace tenon::mock
