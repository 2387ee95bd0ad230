#include "base/redactor.hpp"

#include <algorithm>

namespace tenon::base {

Redactor::~Redactor() {
    for (std::string& secret : secrets_) {
        volatile char* bytes = secret.data();
        for (std::size_t i = 0; i < secret.size(); ++i) bytes[i] = 0;
    }
}

void Redactor::add(std::string_view secret) {
    if (secret.size() < kShortestSecret) return;
    const std::lock_guard lock(mutex_);
    if (std::find(secrets_.begin(), secrets_.end(), secret) != secrets_.end()) return;
    secrets_.emplace_back(secret);
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
