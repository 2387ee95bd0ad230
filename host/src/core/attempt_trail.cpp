#include "core/attempt_trail.hpp"

#include <utility>

namespace tenon::core {
namespace {

/// The first `most` bytes, or fewer, so that no UTF-8 character is cut.
std::string_view head_of(std::string_view text, std::size_t most) noexcept {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
    return text.substr(0, most);
}

/// Whether `message` has `name` as a word of its own.
bool mentions(std::string_view message, std::string_view name) noexcept {
    const auto is_part_of_word = [&](std::size_t at) {
        if (at >= message.size()) return false;
        const char c = message[at];
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    for (std::size_t at = message.find(name); at != std::string_view::npos;
         at = message.find(name, at + 1)) {
        if (!is_part_of_word(at - 1) && !is_part_of_word(at + name.size())) return true;
    }
    return false;
}

}  // namespace

void AttemptTrail::add(std::string_view provider, const Error& error) {
    if (causes_.size() == kMostCauses) {
        ++unkept_;
        return;
    }
    std::string cause;
    // Errors of providers mostly name them already.
    if (!mentions(error.message, provider)) cause = std::string(provider) + ": ";
    cause += head_of(error.message, kLongestCause);
    while (!cause.empty() && (cause.back() == '.' || cause.back() == ' ')) cause.pop_back();
    if (error.message.size() > kLongestCause) cause += "...";
    causes_.push_back(std::move(cause));
}

Error AttemptTrail::explain(Error last) const {
    if (causes_.empty()) return last;
    std::string& message = last.message;
    if (!message.empty() && message.back() != '.') message += '.';
    message += causes_.size() == 1 ? " Before that: " : " Before that, in order: ";
    for (std::size_t i = 0; i < causes_.size(); ++i) {
        if (i > 0) message += "; ";
        if (causes_.size() > 1) message += '(' + std::to_string(i + 1) + ") ";
        message += causes_[i];
    }
    if (unkept_ > 0) message += "; and " + std::to_string(unkept_) + " more";
    message += '.';
    return last;
}

}  // namespace tenon::core
