#include "wire/json_writer.hpp"

namespace tenon::wire {

void JsonWriter::key(std::string_view name) {
    before_item();
    append_json_string(out_, name);
    out_ += pretty_ ? ": " : ":";
    after_key_ = true;
}

void JsonWriter::value(std::string_view text) {
    before_item();
    append_json_string(out_, text);
}

void JsonWriter::raw(std::string_view json) {
    before_item();
    out_ += json;
}

void JsonWriter::open(char bracket) {
    before_item();
    out_ += bracket;
    has_items_.push_back(false);
}

void JsonWriter::close(char bracket) {
    const bool had_items = has_items_.back();
    has_items_.pop_back();
    if (had_items) new_line();
    out_ += bracket;
}

void JsonWriter::before_item() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (has_items_.empty()) return;
    if (has_items_.back()) out_ += ',';
    has_items_.back() = true;
    new_line();
}

void JsonWriter::new_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * has_items_.size(), ' ');
}

}  // namespace tenon::wire
