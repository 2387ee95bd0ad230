#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::gateway {

/// A position in a trace as the W3C Trace Context names it: all that `traceparent` says.
struct TraceContext {
    std::array<std::uint64_t, 2> trace_id{};  ///< never all zero
    std::uint64_t span_id = 0;                ///< never zero
    bool sampled = true;                      ///< who sent it may have recorded it

    /// A header of version 00, or the first four fields of a later one. Strict: version ff, ids of
    /// zeros, capital letters and other lengths are nullopt, as the specification asks for.
    [[nodiscard]] static std::optional<TraceContext> parse(std::string_view header) noexcept;

    /// "00-TRACE_ID-SPAN_ID-FLAGS"
    [[nodiscard]] std::string format() const;
    [[nodiscard]] std::string trace_id_hex() const;
    [[nodiscard]] std::string span_id_hex() const;

    friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

/// 16 lower-case digits.
[[nodiscard]] std::string to_hex(std::uint64_t number);

/// Makes ids: unique as long as the seeds are, not secret.
///
/// \par Thread-safety
/// Any thread, lock-free.
class TraceIds {
public:
    /// \param seed two random words, others for each start of each host.
    explicit TraceIds(const std::array<std::uint64_t, 2>& seed) noexcept;

    /// Of a new trace.
    [[nodiscard]] TraceContext root() noexcept;
    /// A new span in the trace of `parent`.
    [[nodiscard]] TraceContext child(const TraceContext& parent) noexcept;

private:
    [[nodiscard]] std::uint64_t next(std::size_t word) noexcept;

    std::array<std::atomic<std::uint64_t>, 2> states_;
};

}  // namespace tenon::gateway
