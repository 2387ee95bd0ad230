#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "config/gateway_config.hpp"
#include "gateway/api/key_usage.hpp"
#include "gateway/api/rate_bucket.hpp"
#include "gateway/telemetry/metrics.hpp"
#include "tenon/result.hpp"

/// The keys that the gateway gives to its clients, and what each may do.
namespace tenon::gateway {

/// Compares in a time that tells nothing about where they differ.
[[nodiscard]] bool equal_secrets(std::string_view a, std::string_view b) noexcept;

/// One client's key with what it has used.
///
/// \par Thread-safety
/// Any thread.
class ClientKey {
public:
    ClientKey(std::string name, const config::GatewayKeyConfig& config);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::string_view secret() const noexcept { return config_.key.reveal(); }
    [[nodiscard]] const config::GatewayKeyConfig& config() const noexcept { return config_; }
    [[nodiscard]] bool may_ask_for(std::string_view model) const noexcept;

    /// Takes one request and `tokens` of the budget. Errors: Code::throttled with a hint when to
    /// come back, and `why`; nothing is taken then.
    [[nodiscard]] Result<void> reserve(std::int64_t tokens, base::TimePoint now, KeyRejection& why);
    /// Ends what reserve() began. \param tokens what it has really used.
    void settle(std::int64_t reserved, std::int64_t tokens) noexcept;
    /// Takes back what reserve() did: nobody was asked.
    void withdraw(std::int64_t reserved) noexcept;

    /// A request with it was turned away.
    void count_rejection() noexcept;
    [[nodiscard]] KeyUsage usage() const;

private:
    const std::string name_;
    const config::GatewayKeyConfig config_;
    mutable std::mutex mutex_;
    RateBucket requests_;
    RateBucket tokens_;
    int running_ = 0;
    std::uint64_t admitted_ = 0;
    std::uint64_t rejected_ = 0;
    std::uint64_t used_ = 0;  ///< tokens
};

/// A reservation; settles itself with nothing used unless told otherwise.
class KeyLease {
public:
    KeyLease() noexcept = default;
    KeyLease(std::shared_ptr<ClientKey> key, std::int64_t reserved) noexcept
        : key_(std::move(key)), reserved_(reserved) {}
    KeyLease(KeyLease&& other) noexcept = default;
    KeyLease& operator=(KeyLease&& other) noexcept {
        std::swap(key_, other.key_);
        std::swap(reserved_, other.reserved_);
        std::swap(used_, other.used_);
        std::swap(withdrawn_, other.withdrawn_);
        return *this;
    }
    ~KeyLease() {
        if (!key_) return;
        if (withdrawn_) {
            key_->withdraw(reserved_);
        } else {
            key_->settle(reserved_, used_);
        }
    }

    void used(std::int64_t tokens) noexcept { used_ = tokens; }
    /// The request does not count: nobody was asked.
    void withdraw() noexcept { withdrawn_ = true; }
    /// What was reserved is what is charged: nobody knows better.
    void used_as_reserved() noexcept { used_ = reserved_; }
    /// A stream has ended after `deltas` without a word of what it took: about one token each, and
    /// the prompt. Otherwise whoever leaves before the end would pay nothing.
    void used_in_part(std::uint64_t deltas) noexcept {
        if (deltas > 0) used_ = reserved_ + static_cast<std::int64_t>(deltas);
    }

private:
    std::shared_ptr<ClientKey> key_;
    std::int64_t reserved_ = 0;
    std::int64_t used_ = 0;
    bool withdrawn_ = false;
};

/// All keys of one configuration.
///
/// \par Thread-safety
/// Shared objects: safe, they do not change.
class KeyRing {
public:
    /// \param before keys that stay as they are go on with what they have used; may be nullptr.
    explicit KeyRing(const std::map<std::string, config::GatewayKeyConfig, std::less<>>& keys,
                     const KeyRing* before = nullptr);

    /// false: everybody may ask.
    [[nodiscard]] bool required() const noexcept { return !keys_.empty(); }
    /// In the order of their names.
    [[nodiscard]] std::vector<KeyUsage> usage() const;
    /// nullptr = unknown.
    [[nodiscard]] std::shared_ptr<ClientKey> find(std::string_view secret) const noexcept;
    /// By its name; nullptr = there is none (any more).
    [[nodiscard]] std::shared_ptr<ClientKey> named(std::string_view name) const noexcept;
    /// The key of a client that presents `secret`, or nothing if that is empty; nullptr = none is
    /// needed. Errors: Code::auth.
    [[nodiscard]] Result<std::shared_ptr<ClientKey>> check(std::string_view secret) const;

private:
    std::vector<std::shared_ptr<ClientKey>> keys_;
};

}  // namespace tenon::gateway
