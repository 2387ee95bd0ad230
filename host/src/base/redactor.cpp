#include "base/redactor.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tenon::base {
namespace {

/// As in a JSON string. \param solidus whether "/" is escaped, which some writers do.
std::string in_json(std::string_view secret, bool solidus) {
    std::string out;
    for (const char c : secret) {
        if (c == '"' || c == '\\' || (solidus && c == '/')) out += '\\';
        out += c;
    }
    return out;
}

/// As in the query of an address.
std::string in_address(std::string_view secret) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    constexpr std::string_view kPlain = "-._~";
    std::string out;
    for (const char c : secret) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || kPlain.find(c) != kPlain.npos;
        const auto byte = static_cast<unsigned char>(c);
        if (plain) {
            out += c;
        } else {
            out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
        }
    }
    return out;
}

}  // namespace

Redactor::~Redactor() {
    for (std::string& secret : secrets_) {
        volatile char* bytes = secret.data();
        for (std::size_t i = 0; i < secret.size(); ++i) bytes[i] = 0;
    }
}

void Redactor::add(std::string_view secret) {
    if (secret.size() < kShortestSecret) return;
    const std::lock_guard lock(mutex_);
    for (std::string& form : std::array{std::string(secret), in_json(secret, false),
                                        in_json(secret, true), in_address(secret)}) {
        if (std::find(secrets_.begin(), secrets_.end(), form) != secrets_.end()) continue;
        secrets_.push_back(std::move(form));
    }
    // A secret that contains another one must go first, or its rest would remain.
    std::sort(secrets_.begin(), secrets_.end(),
              [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

std::string Redactor::redact(std::string_view text) const {
    std::string out(text);
    const std::lock_guard lock(mutex_);
    for (const std::string& secret : secrets_) {
        for (std::size_t at = out.find(secret); at != std::string::npos;
             at = out.find(secret, at + 3)) {
            out.replace(at, secret.size(), "***");
        }
    }
    return out;
}

}  // namespace tenon::base
