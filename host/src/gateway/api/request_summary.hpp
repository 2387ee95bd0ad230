#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "gateway/dialect/dialect.hpp"
#include "gateway/telemetry/metrics.hpp"
#include "router/request_observer.hpp"
#include "tenon/error.hpp"

/// What the gateway tells of its requests: to metrics, traces and the access log.
namespace tenon::gateway {

/// The status of a request whose client left before its answer was whole, or did not read it, as
/// nginx logs it.
inline constexpr int kClientGone = 499;

/// A request as far as it has been understood. What it borrows lives as long as its follower.
struct RequestStart {
    std::string_view id;       ///< x-request-id
    std::string_view dialect;  ///< its path, one of find_dialect()'s
    Operation operation = Operation::complete;
    std::string_view model;  ///< as the client names it; may be empty
    std::string_view key;    ///< name of the client's key; empty = none is needed, or known
    std::string_view peer;
    std::string_view trace_parent;  ///< as the client sent it; may be empty or wrong
    bool stream = false;
    base::TimePoint time{};  ///< when it had arrived whole
    std::chrono::system_clock::time_point wall_time;
};

/// How it ended, as its client saw it. Views are borrowed.
struct RequestSummary {
    int status = 0;  ///< kClientGone = the client left, or does not read: `error` says which
    /// Turned away by the gateway, nobody was asked: what anybody can do as often as they like.
    bool refused = false;
    const Error* error = nullptr;
    std::string_view provider;  ///< that answered, or was asked last; may be empty
    std::string_view model;     ///< as that one names it
    int attempts = 0;
    std::uint64_t deltas = 0;
    std::uint64_t bytes = 0;  ///< of the answer's body
    base::TimePoint time{};
    base::Duration total{0};
    base::Duration overhead{0};  ///< of `total`: neither in attempts nor in waits for them
    std::optional<base::Duration> first_delta;  ///< of a stream, from the start
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;
};

/// Follows one request.
///
/// \par Thread-safety
/// The request's I/O thread.
class RequestFollower {
public:
    virtual ~RequestFollower() = default;
    /// Who is told of attempts and waits; nullptr = nobody.
    [[nodiscard]] virtual router::RequestObserver* observer() noexcept { return nullptr; }
    /// The traceparent of the answer; empty = none.
    [[nodiscard]] virtual std::string_view trace_parent() const noexcept { return {}; }
    /// Deltas of a stream have come.
    virtual void delta(base::TimePoint now) noexcept = 0;
    /// So much more of the answer's body has been given to the client's connection.
    virtual void sent(std::size_t bytes, base::TimePoint now) noexcept = 0;
    /// Once and last.
    virtual void ended(const RequestSummary& summary) noexcept = 0;
};

/// Makes a follower for each request, or nullptr.
///
/// \par Thread-safety
/// Any I/O thread.
class RequestFollowers {
public:
    virtual std::unique_ptr<RequestFollower> follow(const RequestStart& start) = 0;
    /// A key, or the lack of one, let something not through. Beside what follow() tells.
    virtual void key_rejected(KeyRejection why) noexcept = 0;

protected:
    ~RequestFollowers() = default;
};

}  // namespace tenon::gateway
