#include "plugin/delta_batch.hpp"

namespace tenon::plugin {

void DeltaBatch::push(const tenon_delta& delta) {
    push({.kind = delta.kind,
          .index = delta.index,
          .choice = delta.choice,
          .same_chunk = (delta.flags & TENON_DELTA_SAME_CHUNK) != 0,
          .data = from_abi(delta.data),
          .tool_call_id = from_abi(delta.tool_call_id),
          .tool_name = from_abi(delta.tool_name),
          .raw = from_abi(delta.raw)});
}

void DeltaBatch::push(const Delta& delta) {
    Record record{};
    record.kind = delta.kind;
    record.index = delta.index;
    record.choice = delta.choice;
    record.same_chunk = delta.same_chunk;
    record.begin = text_.size();
    record.data = delta.data.size();
    record.tool_call_id = delta.tool_call_id.size();
    record.tool_name = delta.tool_name.size();
    record.raw = delta.raw.size();
    text_.append(delta.data).append(delta.tool_call_id).append(delta.tool_name).append(delta.raw);
    records_.push_back(record);
}

Delta DeltaBatch::view(const Record& record) const noexcept {
    const char* at = text_.data() + record.begin;
    const auto next = [&at](std::size_t length) {
        const std::string_view part(at, length);
        at += length;
        return part;
    };
    Delta delta;
    delta.kind = record.kind;
    delta.index = record.index;
    delta.choice = record.choice;
    delta.same_chunk = record.same_chunk;
    delta.data = next(record.data);
    delta.tool_call_id = next(record.tool_call_id);
    delta.tool_name = next(record.tool_name);
    delta.raw = next(record.raw);
    return delta;
}

}  // namespace tenon::plugin
