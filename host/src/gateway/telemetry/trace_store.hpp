#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "gateway/telemetry/trace_data.hpp"
#include "tenon/result.hpp"

namespace tenon::gateway {

/// The traces of the requests that have ended last. Refused ones have a shelf of their own, a
/// quarter as large: whoever may not ask pushes out nothing that was answered.
///
/// \par Thread-safety
/// Any thread.
class TraceStore {
public:
    using Shared = std::shared_ptr<const Trace>;

    static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

    /// \param most that were not refused; 0 = none are kept at all.
    /// \param most_bytes about what all of these take.
    explicit TraceStore(std::size_t most, std::size_t most_bytes = kMostBytes)
        : answered_{most, most_bytes}, refused_{(most + 3) / 4, most_bytes / 4} {}

    /// \return the trace as it is shared with those who ask for it, also if it is not kept.
    Shared add(Trace trace);

    /// By trace id, request id or the start of either, in small letters. Of several requests with
    /// the same id the newest, but a refused one only if there is no other.
    /// Errors: Code::not_found; Code::invalid if the start fits several ids.
    [[nodiscard]] Result<Shared> find(std::string_view id) const;

    /// The newest first.
    [[nodiscard]] std::vector<Shared> list(std::size_t limit) const;

    [[nodiscard]] std::size_t size() const;

private:
    struct Kept {
        std::uint64_t number;
        Shared trace;
    };
    struct Shelf {
        std::size_t most;
        std::size_t most_bytes;
        std::deque<Kept> traces = {};  ///< the newest last
        std::size_t bytes = 0;
    };

    mutable std::mutex mutex_;
    Shelf answered_;
    Shelf refused_;
    std::uint64_t added_ = 0;
};

}  // namespace tenon::gateway
