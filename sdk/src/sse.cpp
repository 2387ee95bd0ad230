#include "tenon/sse.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <system_error>

#include "tenon/json_text.hpp"

namespace tenon {

void SseParser::Field::set(std::string_view value, bool stable) {
    if (stable) {
        view_ = value;
    } else {
        own_ = value;
    }
    owned_ = !stable;
}

void SseParser::Field::append_line(std::string_view value) {
    keep();
    own_ += '\n';
    own_ += value;
}

void SseParser::Field::keep() {
    if (!owned_) own_ = view_;
    owned_ = true;
}

void SseParser::Field::repair() {
    if (is_valid_utf8(view())) return;
    own_ = to_valid_utf8(view());
    owned_ = true;
}

void SseParser::Field::clear() noexcept {
    view_ = {};
    owned_ = false;
}

void SseParser::push(std::string_view chunk) noexcept {
    assert(drained_);
    if (failed_) return;
    rest_ = chunk;
    next_cr_ = nullptr;
    drained_ = false;
}

std::optional<SseEvent> SseParser::next() {
    if (delivered_) clear_event();
    std::string_view line;
    while (take_line(line)) {
        if (!line.empty()) {
            read_line(line, !line_was_carried_);
        } else if (end_event()) {
            const std::string_view type = type_.view();
            return SseEvent{type.empty() ? "message" : type, data_.view(), id_.view()};
        }
    }
    type_.keep();
    data_.keep();
    id_.keep();
    drained_ = true;
    return std::nullopt;
}

Error SseParser::error() const {
    return {Code::too_large, "an event of the provider's stream is larger than the limit of " +
                                 std::to_string(limit_) + " bytes"};
}

bool SseParser::finish() noexcept {
    if (delivered_) clear_event();
    const bool comment = without_bom(carried_).starts_with(':');
    const bool partial = has_data_ || !type_.view().empty() || (!carried_.empty() && !comment);
    reset();
    return partial;
}

void SseParser::reset() noexcept {
    rest_ = {};
    carried_.clear();
    clear_event();
    id_.clear();
    retry_ms_.reset();
    comments_ = 0;
    drained_ = true;
    line_was_carried_ = false;
    first_line_ = true;
    swallow_lf_ = false;
    failed_ = false;
}

/// The next whole line without its end. False: the chunk is used up and its rest carried, or the
/// parser failed.
bool SseParser::take_line(std::string_view& line) {
    if (line_was_carried_) {
        carried_.clear();
        line_was_carried_ = false;
    }
    if (swallow_lf_ && !rest_.empty()) {
        if (rest_.front() == '\n') rest_.remove_prefix(1);
        swallow_lf_ = false;
    }
    if (rest_.empty()) return false;
    const std::size_t end = line_end();
    if (end == rest_.size()) {
        carry_rest();
        return false;
    }
    swallow_lf_ = rest_[end] == '\r';
    line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (!carried_.empty()) {
        carried_ += line;
        line = carried_;
        line_was_carried_ = true;
    }
    line = without_bom(line);
    first_line_ = false;
    return true;
}

/// Where in rest_ the next CR or LF stands, its size if there is none. The next CR is remembered:
/// looking for it again for every line of a stream without CRs would take quadratic time.
std::size_t SseParser::line_end() noexcept {
    const char* begin = rest_.data();
    if (next_cr_ == nullptr || next_cr_ < begin) {
        const std::size_t cr = rest_.find('\r');
        next_cr_ = begin + std::min(cr, rest_.size());
    }
    const std::string_view before_cr(begin, static_cast<std::size_t>(next_cr_ - begin));
    return std::min(before_cr.find('\n'), before_cr.size());
}

void SseParser::carry_rest() {
    carried_ += rest_;
    rest_ = {};
    const std::string_view line = without_bom(carried_);
    if (line.starts_with(':')) {
        // The rest of a comment is not needed, however long it gets.
        carried_.resize(carried_.size() - line.size() + 1);
    } else if (line.size() > limit_) {
        fail();
    }
}

void SseParser::read_line(std::string_view line, bool stable) {
    if (line.front() == ':') {
        ++comments_;
        return;
    }
    if (line.size() > limit_) return fail();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return read_field(line, {}, stable);
    std::string_view value = line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    read_field(line.substr(0, colon), value, stable);
}

void SseParser::read_field(std::string_view name, std::string_view value, bool stable) {
    if (name == "data") {
        if (!has_data_) {
            data_.set(value, stable);
        } else if (data_.view().size() + 1 + value.size() > limit_) {
            return fail();
        } else {
            data_.append_line(value);
        }
        has_data_ = true;
    } else if (name == "event") {
        type_.set(value, stable);
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) id_.set(value, stable);
    } else if (name == "retry") {
        std::uint64_t milliseconds = 0;
        const char* end = value.data() + value.size();
        const auto read = std::from_chars(value.data(), end, milliseconds);
        if (read.ec == std::errc() && read.ptr == end) retry_ms_ = milliseconds;
    }
}

/// A blank line: is there an event to deliver?
bool SseParser::end_event() {
    if (!has_data_) {
        clear_event();
        return false;
    }
    type_.repair();
    data_.repair();
    id_.repair();
    delivered_ = true;
    return true;
}

void SseParser::clear_event() noexcept {
    type_.clear();
    data_.clear();
    has_data_ = false;
    delivered_ = false;
}

void SseParser::fail() noexcept {
    rest_ = {};
    failed_ = true;
}

std::string_view SseParser::without_bom(std::string_view line) const noexcept {
    if (first_line_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    return line;
}

}  // namespace tenon
