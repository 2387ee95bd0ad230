#include "config/secret_words.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace tenon::config {
namespace {

constexpr std::array<std::string_view, 10> kAnywhere = {
    "secret", "token",  "password", "passwd",        "passphrase",
    "apikey", "bearer", "cookie",   "authorization", "credential"};

// Only last, as a "key_name" is none.
constexpr std::array<std::string_view, 4> kLast = {"key", "keys", "auth", "pwd"};

/// The letters in lower case: "API-Key", "apiKey" and "api_key" are one word.
std::string letters_of(std::string_view key) {
    std::string out;
    for (const char c : key) {
        if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
        if (c >= 'a' && c <= 'z') out += c;
    }
    return out;
}

}  // namespace

bool sounds_secret(std::string_view key) {
    const std::string letters = letters_of(key);
    return std::any_of(
               kAnywhere.begin(), kAnywhere.end(),
               [&](std::string_view word) { return letters.find(word) != std::string::npos; }) ||
           std::any_of(kLast.begin(), kLast.end(),
                       [&](std::string_view word) { return letters.ends_with(word); });
}

}  // namespace tenon::config
