#include "plugin/delta_batch.hpp"

namespace tenon::plugin {

void DeltaBatch::push(const tenon_delta& delta) {
    Record record{};
    record.kind = delta.kind;
    record.index = delta.index;
    record.choice = delta.choice;
    record.same_chunk = (delta.flags & TENON_DELTA_SAME_CHUNK) != 0;
    record.begin = text_.size();
    record.data = delta.data.len;
    record.tool_call_id = delta.tool_call_id.len;
    record.tool_name = delta.tool_name.len;
    record.raw = delta.raw.len;
    text_.append(from_abi(delta.data))
        .append(from_abi(delta.tool_call_id))
        .append(from_abi(delta.tool_name))
        .append(from_abi(delta.raw));
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
