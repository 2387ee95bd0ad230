#include "tenon/testing/outcome.hpp"

#include <map>

namespace tenon::testing {
namespace {

std::string joined(const Outcome& outcome, std::uint32_t kind, std::uint32_t choice) {
    std::string out;
    for (const EmittedDelta& delta : outcome.deltas) {
        if (delta.kind == kind && delta.choice == choice) out += delta.data;
    }
    return out;
}

}  // namespace

std::string Outcome::text(std::uint32_t choice) const {
    return joined(*this, TENON_DELTA_TEXT, choice);
}

std::string Outcome::reasoning(std::uint32_t choice) const {
    return joined(*this, TENON_DELTA_REASONING, choice);
}

std::vector<EmittedToolCall> Outcome::tool_calls(std::uint32_t choice) const {
    std::map<std::uint32_t, EmittedToolCall> by_index;
    for (const EmittedDelta& delta : deltas) {
        if (delta.kind != TENON_DELTA_TOOL_CALL || delta.choice != choice) continue;
        EmittedToolCall& call = by_index[delta.index];
        if (call.id.empty()) call.id = delta.tool_call_id;
        if (call.name.empty()) call.name = delta.tool_name;
        call.arguments += delta.data;
    }
    std::vector<EmittedToolCall> out;
    for (auto& [index, call] : by_index) out.push_back(std::move(call));
    return out;
}

std::string Outcome::usage() const {
    std::string out;
    for (const EmittedDelta& delta : deltas) {
        if (delta.kind == TENON_DELTA_USAGE) out = delta.data;
    }
    return out;
}

std::vector<std::string> Outcome::meta() const {
    std::vector<std::string> out;
    for (const EmittedDelta& delta : deltas) {
        if (delta.kind == TENON_DELTA_META) out.push_back(delta.data);
    }
    return out;
}

std::vector<std::string> Outcome::raw() const {
    std::vector<std::string> out;
    for (const EmittedDelta& delta : deltas) {
        if (!delta.raw.empty() && !delta.same_chunk) out.push_back(delta.raw);
    }
    return out;
}

}  // namespace tenon::testing
