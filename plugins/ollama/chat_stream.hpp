#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"
#include "tenon/ndjson.hpp"
#include "tenon/plugin/call.hpp"

namespace tenon::ollama {

/// Turns the bytes that POST /api/chat answers with, a stream of lines or one body, into deltas.
///
///     for (const Delta& delta : stream.read(chunk)) { ... }
///     if (stream.error()) ...
///
/// after each piece, and the same with finish() after the last one. However the bytes are cut, the
/// deltas are the same, and those before an error are handed out.
///
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
/// \par Exception safety
/// Throws std::bad_alloc alone; after that only the destructor may be called.
class ChatStream {
public:
    /// `tool_call_prefix`: what the ids of tool calls begin with that the server gives no id.
    explicit ChatStream(std::string tool_call_prefix);
    ChatStream(const ChatStream&) = delete;
    ChatStream& operator=(const ChatStream&) = delete;

    /// The deltas of the next bytes, which need not be kept. Nothing comes after an error or after
    /// the answer's last line.
    /// \par Object lifetimes
    /// The deltas are valid until the next call of read() or finish().
    [[nodiscard]] std::span<const Delta> read(std::string_view chunk);

    /// The bytes have ended; the deltas of a last line that had no newline. Without the answer's
    /// last line this is an error: the answer was cut short.
    [[nodiscard]] std::span<const Delta> finish();

    /// Why there is no more: Code::protocol, or what the server said.
    [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

    /// Has the answer's last line been read?
    [[nodiscard]] bool complete() const noexcept { return complete_; }

    /// How a complete answer ended: reason and number of tokens. Valid while this object is.
    [[nodiscard]] Answer answer() const noexcept;

private:
    void begin();
    void read_line(std::string_view line);
    void read_message(const Json& message);
    void read_tool_call(const Json& call);
    void read_end(const Json& line);
    [[nodiscard]] std::string_view keep(std::string_view text);

    std::string tool_call_prefix_;
    NdjsonReader lines_;
    // Everything that the deltas refer to; most pieces of a stream fit into the first block.
    alignas(std::max_align_t) std::array<char, 4096> first_block_;
    rapidjson::MemoryPoolAllocator<> pool_;
    std::vector<Delta> deltas_;
    std::uint32_t tool_calls_ = 0;
    bool complete_ = false;
    std::string finish_reason_;
    std::uint64_t input_tokens_ = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens_ = TENON_TOKENS_UNKNOWN;
    std::optional<Error> error_;
};

}  // namespace tenon::ollama
