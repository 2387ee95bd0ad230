#include "config/secrets.hpp"

#include <algorithm>
#include <utility>

namespace tenon::config {
namespace {

void wipe_bytes(char* bytes, std::size_t size) noexcept {
    volatile char* target = bytes;
    for (std::size_t i = 0; i < size; ++i) target[i] = 0;
}

}  // namespace

void wipe(std::string& text) noexcept {
    wipe_bytes(text.data(), text.size());
    text.clear();
}

Secret::Secret(std::string_view text)
    : bytes_(text.empty() ? nullptr : std::make_unique<char[]>(text.size())), size_(text.size()) {
    std::copy(text.begin(), text.end(), bytes_.get());
}

Secret::Secret(std::string&& text) : Secret(std::string_view(text)) {
    wipe(text);
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(const Secret& other) {
    if (this != &other) *this = Secret(other);
    return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
}

Secret::~Secret() {
    wipe_bytes(bytes_.get(), size_);
}

}  // namespace tenon::config
