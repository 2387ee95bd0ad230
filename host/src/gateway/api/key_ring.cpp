#include "gateway/api/key_ring.hpp"

#include <algorithm>
#include <utility>

namespace tenon::gateway {
namespace {

Error throttled(std::string message, base::Duration wait) {
    Error error(Code::throttled, std::move(message));
    error.retry_after_ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
    error.not_sent = true;
    return error;
}

}  // namespace

bool equal_secrets(std::string_view a, std::string_view b) noexcept {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const char other = b.empty() ? '\0' : b[i % b.size()];
        difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i] ^ other));
    }
    return difference == 0;
}

ClientKey::ClientKey(std::string name, const config::GatewayKeyConfig& config)
    : name_(std::move(name)),
      config_(config),
      requests_(config.requests_per_minute),
      tokens_(config.tokens_per_minute) {}

bool ClientKey::may_ask_for(std::string_view model) const noexcept {
    const auto& models = config_.models;
    return models.empty() || std::find(models.begin(), models.end(), model) != models.end();
}

Result<void> ClientKey::reserve(std::int64_t tokens, base::TimePoint now, KeyRejection& why) {
    const std::lock_guard lock(mutex_);
    if (config_.concurrent > 0 && running_ >= config_.concurrent) {
        why = KeyRejection::concurrency;
        return throttled("the key '" + name_ + "' may have " + std::to_string(config_.concurrent) +
                             " requests at once, and has them; wait until one ends",
                         std::chrono::seconds(1));
    }
    if (const auto wait = requests_.wait_for(1, now); wait.count() > 0) {
        why = KeyRejection::requests;
        return throttled("the key '" + name_ + "' may send " +
                             std::to_string(config_.requests_per_minute) + " requests a minute",
                         wait);
    }
    if (const auto wait = tokens_.wait_for(tokens, now); wait.count() > 0) {
        why = KeyRejection::tokens;
        return throttled("the key '" + name_ + "' may use " +
                             std::to_string(config_.tokens_per_minute) + " tokens a minute",
                         wait);
    }
    requests_.take(1);
    tokens_.take(tokens);
    ++running_;
    ++admitted_;
    return {};
}

void ClientKey::settle(std::int64_t reserved, std::int64_t tokens) noexcept {
    const std::lock_guard lock(mutex_);
    --running_;
    if (tokens > 0) used_ += static_cast<std::uint64_t>(tokens);
    if (tokens > reserved) {
        tokens_.take(tokens - reserved);
    } else {
        tokens_.give_back(reserved - tokens);
    }
}

void ClientKey::withdraw(std::int64_t reserved) noexcept {
    const std::lock_guard lock(mutex_);
    --running_;
    --admitted_;
    requests_.give_back(1);
    tokens_.give_back(reserved);
}

void ClientKey::count_rejection() noexcept {
    const std::lock_guard lock(mutex_);
    ++rejected_;
}

KeyUsage ClientKey::usage() const {
    const std::lock_guard lock(mutex_);
    return {name_, admitted_, rejected_, used_, running_};
}

KeyRing::KeyRing(const std::map<std::string, config::GatewayKeyConfig, std::less<>>& keys,
                 const KeyRing* before) {
    for (const auto& [name, config] : keys) {
        std::shared_ptr<ClientKey> key;
        if (before != nullptr) {
            for (const auto& old : before->keys_) {
                if (old->name() == name && old->config() == config) key = old;
            }
        }
        keys_.push_back(key ? key : std::make_shared<ClientKey>(name, config));
    }
}

std::shared_ptr<ClientKey> KeyRing::find(std::string_view secret) const noexcept {
    std::shared_ptr<ClientKey> found;
    if (secret.empty()) return found;
    for (const auto& key : keys_) {  // all of them: the time tells nothing
        if (equal_secrets(key->secret(), secret)) found = key;
    }
    return found;
}

std::shared_ptr<ClientKey> KeyRing::named(std::string_view name) const noexcept {
    for (const auto& key : keys_) {
        if (key->name() == name) return key;
    }
    return nullptr;
}

std::vector<KeyUsage> KeyRing::usage() const {
    std::vector<KeyUsage> out;
    for (const auto& key : keys_) out.push_back(key->usage());
    return out;
}

Result<std::shared_ptr<ClientKey>> KeyRing::check(std::string_view secret) const {
    if (!required()) return std::shared_ptr<ClientKey>();
    if (auto key = find(secret)) return key;
    Error error(Code::auth, secret.empty()
                                ? "this gateway wants an API key: send it as \"Authorization: "
                                  "Bearer KEY\""
                                : "the API key is not one of this gateway's");
    error.scope = Scope::request;
    return error;
}

}  // namespace tenon::gateway
