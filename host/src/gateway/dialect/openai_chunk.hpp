#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/dialect/body.hpp"

/// The chunks of a stream in OpenAI's words, older and newer: a head, "choices", the usage.
namespace tenon::gateway {

/// What each chunk and the whole answer begin with.
struct ChunkHead {
    std::string id;
    std::string_view object;   ///< a literal
    std::int64_t created = 0;  ///< seconds since 1970
    std::string model;

    void write(wire::JsonWriter& writer) const;
};

/// Appends a chunk with one choice, whose members `write_choice(writer)` writes.
template <class WriteChoice>
void append_choice(std::string& out, const ChunkHead& head, WriteChoice&& write_choice) {
    append_event(out, {}, object_text([&](wire::JsonWriter& writer) {
                     head.write(writer);
                     writer.key("choices");
                     writer.begin_array();
                     writer.begin_object();
                     write_choice(writer);
                     writer.end_object();
                     writer.end_array();
                 }));
}

/// Appends the chunk that tells the usage: `told`, a JSON object, or what `end` counts if that is
/// empty. Nothing if nobody knows.
void append_usage(std::string& out, const ChunkHead& head, std::string_view told,
                  const AnswerEnd& end);

}  // namespace tenon::gateway
