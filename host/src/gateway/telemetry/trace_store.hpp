#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "gateway/telemetry/trace_data.hpp"
#include "tenon/result.hpp"

namespace tenon::gateway {

/// The traces of the requests that have ended last.
///
/// \par Thread-safety
/// Any thread.
class TraceStore {
public:
    using Shared = std::shared_ptr<const Trace>;

    static constexpr std::size_t kMostBytes = std::size_t{16} << 20;

    /// \param most 0 = none are kept.
    /// \param most_bytes about what all of them take.
    explicit TraceStore(std::size_t most, std::size_t most_bytes = kMostBytes)
        : most_(most), most_bytes_(most_bytes) {}

    /// \return the trace as it is shared with those who ask for it, also if it is not kept.
    Shared add(Trace trace);

    /// By trace id, request id or the start of either, in small letters. Of several requests with
    /// the same id the newest.
    /// Errors: Code::not_found; Code::invalid if the start fits several ids.
    [[nodiscard]] Result<Shared> find(std::string_view id) const;

    /// The newest first.
    [[nodiscard]] std::vector<Shared> list(std::size_t limit) const;

    [[nodiscard]] std::size_t size() const;

private:
    const std::size_t most_;
    const std::size_t most_bytes_;
    mutable std::mutex mutex_;
    std::deque<Shared> traces_;  ///< the newest last
    std::size_t bytes_ = 0;      ///< of traces_
};

}  // namespace tenon::gateway
