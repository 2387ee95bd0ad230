#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chat_stream.hpp"
#include "support/chunking.hpp"

/// Drives openai::ChatStream as the provider does, and keeps what comes out.
namespace tenon::test {

struct OpenAiDelta {
    std::uint32_t kind = TENON_DELTA_NONE;
    std::uint32_t index = 0;
    std::uint32_t choice = 0;
    bool same_chunk = false;
    std::string data = {};
    std::string id = {};
    std::string name = {};
    std::string raw = {};

    bool operator==(const OpenAiDelta&) const = default;
};

struct OpenAiAnswer {
    std::vector<OpenAiDelta> deltas;
    std::optional<Error> error;
    std::string body;
    std::string finish_reason;
    std::uint64_t input_tokens = TENON_TOKENS_UNKNOWN;
    std::uint64_t output_tokens = TENON_TOKENS_UNKNOWN;

    /// The joined data of one kind and choice.
    [[nodiscard]] std::string joined(std::uint32_t kind, std::uint32_t choice = 0) const {
        std::string out;
        for (const auto& delta : deltas) {
            if (delta.kind == kind && delta.choice == choice) out += delta.data;
        }
        return out;
    }
    [[nodiscard]] std::string text(std::uint32_t choice = 0) const {
        return joined(TENON_DELTA_TEXT, choice);
    }
    /// The joined arguments of one tool call of choice 0.
    [[nodiscard]] std::string arguments(std::uint32_t index) const {
        std::string out;
        for (const auto& delta : deltas) {
            if (delta.kind == TENON_DELTA_TOOL_CALL && delta.index == index) out += delta.data;
        }
        return out;
    }
    [[nodiscard]] Code code() const { return error ? error->code : Code::ok; }
};

inline OpenAiDelta copy_of(const Delta& delta) {
    return {.kind = delta.kind,
            .index = delta.index,
            .choice = delta.choice,
            .same_chunk = delta.same_chunk,
            .data = std::string(delta.data),
            .id = std::string(delta.tool_call_id),
            .name = std::string(delta.tool_name),
            .raw = std::string(delta.raw)};
}

/// The answer that arrives in these chunks. `broken`: the connection breaks after them.
inline OpenAiAnswer read_answer(const Chunks& chunks, bool broken = false) {
    OpenAiAnswer out;
    openai::ChatStream stream({});
    for (const std::string& chunk : chunks) {
        // Gone when its deltas are read, as with a slow reader.
        stream.push(std::string(chunk));
        for (;;) {
            const auto delta = stream.next();
            if (!delta) {
                out.error = delta.error();
                return out;
            }
            if (*delta == nullptr) break;
            out.deltas.push_back(copy_of(**delta));
        }
    }
    if (broken && !stream.done()) {
        out.error = Error(Code::unavailable, "the connection broke");
        return out;
    }
    const auto answer = stream.end();
    if (!answer) {
        out.error = answer.error();
        return out;
    }
    out.body = answer->body;
    out.finish_reason = answer->finish_reason;
    out.input_tokens = answer->input_tokens;
    out.output_tokens = answer->output_tokens;
    return out;
}

inline OpenAiAnswer read_answer(std::string_view text) {
    return read_answer(Chunks{std::string(text)});
}

/// The events of a stream, each in one data line.
inline std::string events(const std::vector<std::string>& data) {
    std::string out;
    for (const std::string& one : data) out += "data: " + one + "\n\n";
    return out;
}

/// A chunk with one choice: `delta` and `finish_reason` as JSON.
inline std::string chunk(std::string_view delta, std::string_view finish_reason = "null") {
    return R"({"id":"c","choices":[{"index":0,"delta":)" + std::string(delta) +
           R"(,"finish_reason":)" + std::string(finish_reason) + "}]}";
}

}  // namespace tenon::test
