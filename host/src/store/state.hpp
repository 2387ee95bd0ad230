#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/connection_state.hpp"

namespace tenon::store {

/// Times are wall-clock, in milliseconds since the epoch of Unix: those of a monotonic clock mean
/// nothing after a restart.
using UnixMs = std::int64_t;

/// Where a provider's connection was when it last changed. Kept to be shown, so by names.
struct LastState {
    std::string name;    ///< of a core::ConnectionState
    std::string reason;  ///< of a core::TransitionReason, or a sentence
    UnixMs since = 0;

    friend bool operator==(const LastState&, const LastState&) = default;
};

/// What is kept about one provider, whether or not it is configured at present.
struct ProviderRecord {
    std::string provider;
    std::optional<bool> enabled = {};              ///< by a person; nothing: as configured
    std::optional<core::WantedState> wanted = {};  ///< likewise
    std::optional<LastState> last = {};            ///< nothing: it has never changed
    std::optional<UnixMs> cool_down_until = {};    ///< may have passed

    friend bool operator==(const ProviderRecord&, const ProviderRecord&) = default;
};

/// News of one provider.
struct Sighting {
    std::string provider;
    std::optional<LastState> last = {};                         ///< nothing: no news
    std::optional<std::optional<UnixMs>> cool_down_until = {};  ///< likewise; nullopt: it is over
};

/// A core::Pin as it outlives the process.
struct PinRecord {
    std::string model;  ///< the route's, not an alias; a route has one pin at most
    std::string provider;
    std::optional<UnixMs> until;  ///< nothing: for good; may have passed
    bool force = false;

    friend bool operator==(const PinRecord&, const PinRecord&) = default;
};

/// All of one moment.
struct Snapshot {
    std::vector<ProviderRecord> providers;  ///< by name
    std::vector<PinRecord> pins;            ///< by model

    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

}  // namespace tenon::store
