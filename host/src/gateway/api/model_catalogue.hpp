#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "gateway/dialect/models.hpp"
#include "net/awaitable.hpp"
#include "tenon/host/host.hpp"

namespace tenon::runtime {
class HostImpl;
}

namespace tenon::gateway {

class ClientKey;

/// Those of `models` that a key with a list of models may ask for, by the names that it asks with:
/// its list may name what a provider has without the provider.
[[nodiscard]] std::vector<ModelEntry> visible_to(const ClientKey& key,
                                                 std::span<const ModelEntry> models);

/// The models that clients can ask for: the routes, and what the providers list as
/// "PROVIDER/MODEL". Asked of the providers anew when it is older than a minute; providers that do
/// not answer within two seconds are missing for the next few.
///
/// \par Thread-safety
/// Any I/O thread.
class ModelCatalogue {
public:
    static constexpr base::Duration kFresh = std::chrono::minutes(1);
    static constexpr base::Duration kFreshInPart =
        std::chrono::seconds(5);  ///< somebody is missing
    static constexpr base::Duration kPatience = std::chrono::seconds(2);

    explicit ModelCatalogue(runtime::HostImpl& host) : host_(host) {}

    [[nodiscard]] net::Awaitable<std::shared_ptr<const std::vector<ModelEntry>>> models(
        std::size_t io_index);
    /// Whatever is known is old: the configuration has changed.
    void forget();

private:
    struct Round;
    [[nodiscard]] std::vector<ModelEntry> routes() const;

    runtime::HostImpl& host_;
    std::mutex mutex_;
    std::shared_ptr<const std::vector<ModelEntry>> known_;
    base::TimePoint known_until_{};
    std::uint64_t forgotten_ = 0;  ///< times: what was asked before is not kept after
};

}  // namespace tenon::gateway
