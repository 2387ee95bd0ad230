#include "gateway/dialect/openai_chunk.hpp"

namespace tenon::gateway {

using wire::JsonWriter;

void ChunkHead::write(JsonWriter& writer) const {
    writer.member("id", id);
    writer.member("object", object);
    writer.member("created", created);
    writer.member("model", model);
}

void append_usage(std::string& out, const ChunkHead& head, std::string_view told,
                  const AnswerEnd& end) {
    TokenCounts counts;
    counts.fill(end.input_tokens, end.output_tokens);
    if (told.empty() && !counts.input && !counts.output) return;
    append_event(out, {}, object_text([&](JsonWriter& writer) {
                     head.write(writer);
                     writer.key("choices");
                     writer.begin_array();
                     writer.end_array();
                     writer.key("usage");
                     if (told.empty()) return write_chat_usage(writer, counts);
                     writer.raw(told);
                 }));
}

}  // namespace tenon::gateway
