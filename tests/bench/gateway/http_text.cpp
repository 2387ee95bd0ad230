#include "http_text.hpp"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace tenon::bench {
namespace {

constexpr std::string_view kEnd = "\r\n\r\n";

/// The value of a header field; empty if it is not there.
std::string_view field(std::string_view head, std::string_view name) {
    for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
         at = head.find("\r\n", at)) {
        at += 2;
        if (head.size() - at <= name.size() || head[at + name.size()] != ':') continue;
        if (::strncasecmp(head.data() + at, name.data(), name.size()) != 0) continue;
        std::string_view value = head.substr(at + name.size() + 1);
        value = value.substr(0, value.find("\r\n"));
        return value.substr(std::min(value.find_first_not_of(' '), value.size()));
    }
    return {};
}

std::size_t size_of(std::string_view digits, int base) {
    std::size_t size = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), size, base);
    return size;
}

}  // namespace

std::size_t read_request(std::string_view buffer, HttpRequest& request) {
    const std::size_t end = buffer.find(kEnd);
    if (end == std::string_view::npos) return 0;
    const std::string_view head = buffer.substr(0, end + 2);
    const std::size_t size = size_of(field(head, "content-length"), 10);
    const std::size_t whole = end + kEnd.size() + size;
    if (buffer.size() < whole) return 0;
    request.line = head.substr(0, head.find("\r\n"));
    request.body = buffer.substr(end + kEnd.size(), size);
    return whole;
}

long long number_after(std::string_view text, std::string_view key, long long fallback) {
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) return fallback;
    return static_cast<long long>(size_of(text.substr(at + key.size(), 18), 10));
}

void AnswerReader::put(std::string_view& data) {
    if (state_ == State::head) {
        // The end of the head may have come in two pieces.
        const std::size_t before = head_.size();
        head_ += data;
        const std::size_t end = head_.find(kEnd, before < 3 ? 0 : before - 3);
        if (end == std::string::npos) {
            data = {};
            return;
        }
        data.remove_prefix(end + kEnd.size() - before);
        head_.resize(end + 2);
        read_head();
        return;
    }
    if (state_ != State::body) return;
    if (chunked_) {
        put_chunked(data);
        return;
    }
    const std::size_t size = std::min(left_, data.size());
    body_ += data.substr(0, size);
    data.remove_prefix(size);
    left_ -= size;
    if (left_ == 0) state_ = State::end;
}

void AnswerReader::read_head() {
    status_ = static_cast<int>(size_of(std::string_view(head_).substr(9, 3), 10));
    chunked_ = field(head_, "transfer-encoding") == "chunked";
    left_ = chunked_ ? 0 : size_of(field(head_, "content-length"), 10);
    keep_alive_ = field(head_, "connection") != "close";
    state_ = status_ == 0 ? State::broken : State::body;
    if (!chunked_ && left_ == 0) state_ = State::end;
}

void AnswerReader::put_chunked(std::string_view& data) {
    while (!data.empty() && state_ == State::body) {
        if (chunk_ == Chunk::data) {
            const std::size_t size = std::min(left_, data.size());
            body_ += data.substr(0, size);
            data.remove_prefix(size);
            left_ -= size;
            if (left_ == 0) chunk_ = Chunk::line_end;
            continue;
        }
        const std::size_t end = data.find('\n');
        line_ += data.substr(0, end);
        if (end == std::string_view::npos) {
            data = {};
            return;
        }
        data.remove_prefix(end + 1);
        take_line(line_);
        line_.clear();
    }
}

void AnswerReader::take_line(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    switch (chunk_) {
        case Chunk::size:
            left_ = size_of(line, 16);
            chunk_ = left_ == 0 ? Chunk::last : Chunk::data;
            if (line.empty()) state_ = State::broken;
            return;
        case Chunk::line_end:
            chunk_ = Chunk::size;
            if (!line.empty()) state_ = State::broken;
            return;
        case Chunk::last:
            if (line.empty()) state_ = State::end;
            return;
        case Chunk::data: return;
    }
}

}  // namespace tenon::bench
