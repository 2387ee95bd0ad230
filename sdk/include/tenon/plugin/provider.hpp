#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "tenon/plugin/call.hpp"
#include "tenon/plugin/host.hpp"
#include "tenon/plugin/request.hpp"
#include "tenon/plugin/task.hpp"

namespace tenon {

/// What a provider is made from.
struct ProviderContext {
    HostRef host;
    std::string_view config;  ///< JSON object, checked against the kind's schema; borrowed
};

/// Base class of every provider that is written with this SDK. Override what you have; an
/// operation that is not overridden stays NULL in the ABI's table, and the host's default for it
/// applies (see tenon/abi/provider.h).
///
/// A derived class is constructible from `const ProviderContext&` (exceptions become the load
/// error), or has `static Result<std::unique_ptr<Derived>> create(const ProviderContext&)`.
///
/// \par Thread-safety
/// The host calls operations from any thread, several at once unless the kind's mode is exclusive.
class Provider {
public:
    explicit Provider(const ProviderContext& context) noexcept : host_(context.host) {}
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;
    virtual ~Provider() = default;

    /// Answers one chat request: emit deltas and finish, or finish with the whole body.
    virtual Task complete(Call call, Request request);
    /// Answers one embeddings request.
    virtual Task embed(Call call, Request request);
    /// Answers one rerank request.
    virtual Task rerank(Call call, Request request);
    /// Finishes with {"data":[{"id":...},...]}.
    virtual Task list_models(Call call);
    /// Finishes when the provider can serve, without spending tokens; the answer's body may be
    /// {"version":"..."}.
    virtual Task health_check(Call call);
    /// Opens one logical connection: `call.finish_connected(...)`. The host destroys the connection
    /// when it disconnects.
    virtual Task connect(Call call);
    /// Hint that nobody wants this call any more; its HTTP exchanges and timers have been cancelled
    /// already, so most providers need not override it. May race the call's end.
    virtual void on_cancel(tenon_call call) noexcept;
    /// An interface beyond the ABI's table, or nullptr.
    virtual const void* get_extension(std::string_view id) noexcept;

    [[nodiscard]] HostRef host() const noexcept { return host_; }

private:
    friend void detail::task_started(Provider&) noexcept;
    friend void detail::task_ended(Provider&) noexcept;
    friend void wait_for_tasks(Provider&) noexcept;

    HostRef host_;
    std::atomic<std::uint32_t> running_tasks_{0};
};

/// Blocks until the last coroutine of the provider has left its frame. Called by the SDK before it
/// destroys a provider; all calls are finished by then, so the wait is a few instructions long.
void wait_for_tasks(Provider& provider) noexcept;

}  // namespace tenon
