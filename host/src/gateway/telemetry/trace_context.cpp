#include "gateway/telemetry/trace_context.hpp"

#include <charconv>

namespace tenon::gateway {
namespace {

constexpr std::size_t kVersion = 2;
constexpr std::size_t kTraceId = 32;
constexpr std::size_t kSpanId = 16;
constexpr std::size_t kFlags = 2;
constexpr std::size_t kLength = kVersion + 1 + kTraceId + 1 + kSpanId + 1 + kFlags;

/// Digits without capitals, which from_chars would take.
std::optional<std::uint64_t> read_hex(std::string_view digits) noexcept {
    for (const char c : digits) {
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return std::nullopt;
    }
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return number;
}

/// All 16 digits.
void write_hex(char* to, std::uint64_t number) noexcept {
    for (int i = 15; i >= 0; --i, number >>= 4) to[i] = "0123456789abcdef"[number & 0xf];
}

}  // namespace

std::string to_hex(std::uint64_t number) {
    std::string out(16, '0');
    write_hex(out.data(), number);
    return out;
}

std::optional<TraceContext> TraceContext::parse(std::string_view header) noexcept {
    if (header.size() < kLength) return std::nullopt;
    const bool longer = header.size() > kLength;
    if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
    const auto version = read_hex(header.substr(0, kVersion));
    if (!version || *version == 0xff) return std::nullopt;
    if (longer && (*version == 0 || header[kLength] != '-')) return std::nullopt;
    const auto high = read_hex(header.substr(3, kTraceId / 2));
    const auto low = read_hex(header.substr(3 + kTraceId / 2, kTraceId / 2));
    const auto span = read_hex(header.substr(36, kSpanId));
    const auto flags = read_hex(header.substr(53, kFlags));
    if (!high || !low || !span || !flags) return std::nullopt;
    if ((*high == 0 && *low == 0) || *span == 0) return std::nullopt;
    return TraceContext{{*high, *low}, *span, (*flags & 1) != 0};
}

std::string TraceContext::format() const {
    std::string out(kLength, '-');
    out.replace(0, kVersion, "00");
    write_hex(&out[3], trace_id[0]);
    write_hex(&out[3 + kTraceId / 2], trace_id[1]);
    write_hex(&out[36], span_id);
    out.replace(53, kFlags, sampled ? "01" : "00");
    return out;
}

std::string TraceContext::trace_id_hex() const {
    return to_hex(trace_id[0]) + to_hex(trace_id[1]);
}

std::string TraceContext::span_id_hex() const {
    return to_hex(span_id);
}

TraceIds::TraceIds(const std::array<std::uint64_t, 2>& seed) noexcept : states_{seed[0], seed[1]} {}

TraceContext TraceIds::root() noexcept {
    return {{next(0), next(1)}, next(1), true};
}

TraceContext TraceIds::child(const TraceContext& parent) noexcept {
    return {parent.trace_id, next(1), parent.sampled};
}

/// splitmix64, whose state is a sum and needs no lock. Zeros, which mean "none", are left out.
std::uint64_t TraceIds::next(std::size_t word) noexcept {
    constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15U;
    for (;;) {
        std::uint64_t z = states_[word].fetch_add(kStep, std::memory_order_relaxed) + kStep;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        z ^= z >> 31;
        if (z != 0) return z;
    }
}

}  // namespace tenon::gateway
