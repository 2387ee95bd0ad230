#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "gateway/api/request_registry.hpp"
#include "gateway/api/request_summary.hpp"
#include "gateway/dialect/dialect.hpp"
#include "provider/io_waker.hpp"
#include "provider/upstream.hpp"

namespace tenon::gateway {

/// Between a stream of deltas and a client: what comes in is put into the client's words and waits
/// until the connection takes it. When too much waits, the provider is slowed down.
///
/// \par Thread-safety
/// The request's I/O thread.
class StreamPipe final : public provider::DeltaSink {
public:
    /// More than this waits for nobody.
    static constexpr std::size_t kMostWaiting = std::size_t{64} << 10;

    /// \param waker is woken when there is something to send. \param follower may be nullptr.
    StreamPipe(AnswerWriter& writer, std::shared_ptr<provider::IoWaker> waker,
               const base::Clock& clock, RequestRegistry::Entry& entry, RequestFollower* follower)
        : writer_(writer),
          waker_(std::move(waker)),
          clock_(clock),
          entry_(entry),
          follower_(follower) {}

    void on_deltas(const plugin::DeltaBatch& batch) override;
    [[nodiscard]] bool ready(const std::shared_ptr<plugin::Waker>& waker) override;

    [[nodiscard]] bool has_output() const noexcept { return !waiting_.empty(); }
    /// What is to be sent now, until the next call. The provider may go on.
    [[nodiscard]] const std::string& take();

    /// \name The client's side of the stream, beside deltas
    /// @{
    void keep_alive(bool event_stream);
    void end(const AnswerEnd& end);
    void error(const Error& error);
    /// @}

    [[nodiscard]] std::optional<base::TimePoint> first_delta() const noexcept {
        return first_delta_;
    }
    [[nodiscard]] base::TimePoint last_delta() const noexcept { return last_delta_; }

private:
    void begin();

    AnswerWriter& writer_;
    const std::shared_ptr<provider::IoWaker> waker_;
    const base::Clock& clock_;
    RequestRegistry::Entry& entry_;
    RequestFollower* const follower_;
    std::string waiting_;
    std::string sending_;
    std::shared_ptr<plugin::Waker> provider_;  ///< waits for room
    std::optional<base::TimePoint> first_delta_;
    base::TimePoint last_delta_{};
    bool begun_ = false;
};

}  // namespace tenon::gateway
