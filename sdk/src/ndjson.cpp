#include "tenon/ndjson.hpp"

#include <cassert>

namespace tenon {

void NdjsonReader::push(std::string_view chunk) noexcept {
    assert(rest_.empty());
    if (!failed_) rest_ = chunk;
}

std::optional<std::string_view> NdjsonReader::next() {
    if (failed_) return std::nullopt;
    std::string_view line;
    while (take_line(line)) {
        line = content(line);
        first_line_ = false;
        if (line.size() > limit_) {
            fail();
            return std::nullopt;
        }
        if (line.find_first_not_of(" \t\r") != std::string_view::npos) return line;
    }
    return std::nullopt;
}

std::optional<std::string_view> NdjsonReader::finish() {
    if (failed_) return std::nullopt;
    // A newline of our own, so that the last line takes the path of all the others.
    push("\n");
    const auto line = next();
    rest_ = {};
    first_line_ = true;
    return line;
}

Error NdjsonReader::error() const {
    return {Code::too_large, "a line of the provider's stream is longer than the limit of " +
                                 std::to_string(limit_) + " bytes"};
}

void NdjsonReader::reset() noexcept {
    rest_ = {};
    carried_.clear();
    line_was_carried_ = false;
    first_line_ = true;
    failed_ = false;
}

/// The next whole line without its LF. False: the chunk is used up and its rest carried, or the
/// reader failed.
bool NdjsonReader::take_line(std::string_view& line) {
    if (line_was_carried_) {
        carried_.clear();
        line_was_carried_ = false;
    }
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) {
        carried_ += rest_;
        rest_ = {};
        if (content(carried_).size() > limit_) fail();
        return false;
    }
    line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (!carried_.empty()) {
        carried_ += line;
        line = carried_;
        line_was_carried_ = true;
    }
    return true;
}

/// A line without what belongs to the format: the CR before its LF, and the stream's byte order
/// mark.
std::string_view NdjsonReader::content(std::string_view line) const noexcept {
    if (first_line_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

void NdjsonReader::fail() noexcept {
    rest_ = {};
    failed_ = true;
}

}  // namespace tenon
