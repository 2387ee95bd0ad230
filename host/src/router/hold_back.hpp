#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "plugin/delta_batch.hpp"
#include "provider/cancel_signal.hpp"
#include "provider/upstream.hpp"
#include "tenon/error.hpp"

namespace tenon::router {

/// Stands before the caller's sink and keeps what a stream begins with until it brings something of
/// the answer: a stream that fails before can still be had from another provider, unseen. Providers
/// often report that they are overloaded only after the chunk that names the role.
///
/// \par Thread-safety
/// None: it belongs to its request's I/O thread.
/// \par Exception safety
/// What the sink throws ends the request: it is cancelled, and problem() tells why.
class HoldBack final : public provider::DeltaSink {
public:
    /// More than this is not kept: then the stream is handed over from its beginning.
    static constexpr std::size_t kMostDeltas = 64;
    static constexpr std::size_t kMostBytes = 64 * 1024;

    /// \par Object lifetimes
    /// Borrows both.
    HoldBack(provider::DeltaSink& sink, provider::CancelSignal& cancel) noexcept
        : sink_(sink), cancel_(cancel) {}

    void on_deltas(const plugin::DeltaBatch& batch) override;
    [[nodiscard]] bool ready(const std::shared_ptr<plugin::Waker>& waker) override;

    /// The attempt has ended well: hands over what is kept.
    void deliver();
    /// The attempt has failed: forgets what is kept.
    void drop() noexcept;

    /// The caller has seen something.
    [[nodiscard]] bool committed() const noexcept { return committed_; }
    /// Why the sink takes no more; nullopt = it does.
    [[nodiscard]] const std::optional<Error>& problem() const noexcept { return problem_; }

private:
    void pass(const plugin::DeltaBatch& batch);
    void note_problem() noexcept;

    provider::DeltaSink& sink_;
    provider::CancelSignal& cancel_;
    plugin::DeltaBatch held_;
    std::size_t deltas_ = 0;  ///< in held_
    bool committed_ = false;
    std::optional<Error> problem_;
};

}  // namespace tenon::router
