#include "gateway/dialect/part_sequence.hpp"

#include <utility>

namespace tenon::gateway {

void ObjectEnd::add(std::string_view text) noexcept {
    for (const char c : text) {
        if (escaped_) {
            escaped_ = false;
        } else if (in_string_) {
            escaped_ = c == '\\';
            in_string_ = c != '"';
        } else if (c == '"') {
            in_string_ = true;
        } else if (c == '{' || c == '[') {
            ++depth_;
            begun_ = true;
        } else if (c == '}' || c == ']') {
            --depth_;
        }
    }
}

bool PartSequence::matches(const Entry& entry, const Delta& delta) noexcept {
    return entry.part.kind == delta.kind && delta.kind != TENON_DELTA_META &&
           (delta.kind != TENON_DELTA_TOOL_CALL || entry.part.index == delta.index);
}

/// The entry that the delta continues. Text goes on only in the last part there is.
PartSequence::Entry* PartSequence::find(const Delta& delta) noexcept {
    const bool is_call = delta.kind == TENON_DELTA_TOOL_CALL;
    for (auto entry = waiting_.rbegin(); entry != waiting_.rend(); ++entry) {
        if (matches(*entry, delta)) return &*entry;
        if (!is_call) return nullptr;
    }
    return active_ && matches(*active_, delta) ? &*active_ : nullptr;
}

void PartSequence::feed(Entry& entry, std::string_view data) {
    const std::string_view whole = entry.characters.add(data);
    if (entry.part.kind == TENON_DELTA_TOOL_CALL) entry.arguments.add(whole);
    entry.waiting += whole;
}

void PartSequence::add(std::string& out, const Delta& delta) {
    const bool is_call = delta.kind == TENON_DELTA_TOOL_CALL;
    if (delta.choice != 0) return;
    if (!is_call && delta.data.empty() && delta.kind != TENON_DELTA_REASONING) return;
    // What follows the end of a call's arguments can only be white space.
    if (is_call && ended_calls_.contains(delta.index)) return;
    if (is_call) has_tool_calls_ = true;
    Entry* entry = find(delta);
    if (entry == nullptr) {
        waiting_.push_back({.part = {.kind = delta.kind, .index = delta.index}});
        entry = &waiting_.back();
    }
    if (entry->part.id.empty()) entry->part.id = delta.tool_call_id;
    if (entry->part.name.empty()) entry->part.name = delta.tool_name;
    feed(*entry, delta.data);
    write_waiting(out);
    advance(out, false);
}

bool PartSequence::may_stop() const noexcept {
    return active_->part.kind != TENON_DELTA_TOOL_CALL || active_->arguments.reached();
}

void PartSequence::write_waiting(std::string& out) {
    if (!active_ || active_->waiting.empty()) return;
    const std::string piece = std::exchange(active_->waiting, {});
    if (active_->part.kind != TENON_DELTA_META) active_->part.content += piece;
    sink_.piece(out, active_->part, piece);
}

void PartSequence::stop_active(std::string& out) {
    if (!active_) return;
    active_->waiting += active_->characters.take_rest();
    write_waiting(out);
    if (active_->part.kind == TENON_DELTA_TOOL_CALL) ended_calls_.insert(active_->part.index);
    sink_.stop(out, active_->part);
    active_.reset();
}

void PartSequence::advance(std::string& out, bool at_the_end) {
    while (!waiting_.empty() && (!active_ || may_stop() || at_the_end)) {
        const AnswerPart& next = waiting_.front().part;
        // Some servers name the tool after the call's first fragment.
        const bool nameless = next.kind == TENON_DELTA_TOOL_CALL && next.name.empty();
        if (nameless && !at_the_end) return;
        stop_active(out);
        active_ = std::move(waiting_.front());
        waiting_.pop_front();
        // Metadata comes whole, and may be told at the start.
        if (active_->part.kind == TENON_DELTA_META) active_->part.content = active_->waiting;
        sink_.start(out, active_->part);
        write_waiting(out);
    }
}

void PartSequence::take(std::string& out, const Delta& delta, TokenCounts& counts) {
    if (delta.kind == TENON_DELTA_USAGE) return counts.read_json(delta.data);
    const bool has_words = delta.kind == TENON_DELTA_TEXT || delta.kind == TENON_DELTA_REASONING;
    if (delta.kind == TENON_DELTA_TOOL_CALL || (has_words && !delta.data.empty())) add(out, delta);
}

void PartSequence::cut(std::string& out, std::uint32_t kind) {
    if (waiting_.empty() && active_ && active_->part.kind == kind) stop_active(out);
}

void PartSequence::close(std::string& out) {
    advance(out, true);
    stop_active(out);
}

}  // namespace tenon::gateway
