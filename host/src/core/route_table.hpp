#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tenon/result.hpp"

namespace tenon::core {

/// Why a request goes on to other models.
enum class Cause : std::uint8_t {
    unavailable,     ///< none of the model's providers can be asked, or they failed
    deadline,        ///< an attempt took too long
    throttled,       ///< rate limits, or no capacity
    context_window,  ///< the request is too large for the model
    content_filter,  ///< the provider refuses the content
};
inline constexpr std::size_t kCauses = 5;

/// "unavailable", "deadline", ... as in configuration.
[[nodiscard]] std::string_view to_string(Cause cause) noexcept;

/// One provider that has a model, as configured.
struct TargetSpec {
    std::string provider;

    /// The model's name there. Empty: the name that was asked for. In a route with a '*', a '*'
    /// here stands for what that one matched: "openai/*" -> "*".
    std::string model;

    double weight = 1;  ///< within its tier; 0 = drained

    friend bool operator==(const TargetSpec&, const TargetSpec&) = default;
};

/// What a model's name leads to, as configured.
struct RouteSpec {
    std::string model;  ///< a name, "prefix*", or "*" for every name that no other route has
    std::vector<std::string> aliases;

    /// By falling priority: a tier is asked if none above it can answer.
    std::vector<std::vector<TargetSpec>> tiers;

    /// By cause, the models to go on to, one after the other. Deadline and throttled have the chain
    /// of unavailable if their own is empty.
    std::array<std::vector<std::string>, kCauses> fallbacks;

    friend bool operator==(const RouteSpec&, const RouteSpec&) = default;
};

struct RouteTableSpec {
    std::vector<std::string> providers;  ///< their places are the providers' numbers
    std::vector<RouteSpec> routes;
    std::string default_model;     ///< for names that no route has; empty = those are refused
    bool nested_fallbacks = true;  ///< a fall-back's own chains count too; they may have no circle
};

/// The part of a RouteTableSpec that is wrong, for messages that show it to a person.
struct RoutePlace {
    enum class Part : std::uint8_t { providers, default_model, model, aliases, tiers, fallbacks };

    Part part = Part::providers;
    std::size_t route = 0;             ///< of all but the first two
    std::optional<std::size_t> index;  ///< which alias, tier, or Cause
    std::optional<std::size_t> item;   ///< which target of the tier, or model of the chain
};

/// One provider that has a model.
struct Target {
    std::uint32_t provider = 0;
    std::uint64_t id = 0;  ///< of provider and model, the same over reloads and restarts
    double weight = 1;
    std::string model;  ///< as in TargetSpec; in a route of one name never empty
};

struct Tier {
    std::uint32_t index = 0;  ///< below RouteTable::tiers(), for what is kept for each tier
    std::vector<Target> targets;
};

struct Route;

/// A name that was found.
/// \par Object lifetimes
/// Borrows the table and the name.
struct Match {
    const Route* route = nullptr;
    std::string_view asked;  ///< the name by which the route was found
    std::string_view rest;   ///< what its '*' stands for
};

/// One step of a chain.
struct Fallback {
    std::uint32_t route = 0;
    std::string model;     ///< as the chain calls it
    std::size_t rest = 0;  ///< where in it begins what the route's '*' stands for

    [[nodiscard]] Match match(std::span<const Route> routes) const noexcept;
};

struct Route {
    std::string model;
    std::vector<Tier> tiers;

    /// The models to go on to.
    [[nodiscard]] std::span<const Fallback> chain(Cause cause) const noexcept;

    std::array<std::vector<Fallback>, kCauses> fallbacks;
};

/// The name of the match's model at the target.
/// \param scratch holds it if it had to be put together; else nothing is allocated.
[[nodiscard]] std::string_view model_at(const Target& target, const Match& match,
                                        std::string& scratch);

/// Which providers have which model. Never changes: a reload makes a new one, and whoever works
/// with the old one keeps it alive by its shared_ptr.
///
/// \par Thread-safety
/// Any thread.
class RouteTable {
public:
    /// \return Code::invalid with a sentence about the first thing that is wrong: an unknown
    /// provider or model (and the nearest name), a name that is taken, an empty tier, a circle.
    /// \param wrong if not null, is told where that is.
    [[nodiscard]] static Result<RouteTable> build(const RouteTableSpec& spec,
                                                  RoutePlace* wrong = nullptr);

    /// The route of an exact name or alias, else of the longest prefix, else the default one. Costs
    /// a hash, and one for each different length of the prefixes; allocates nothing.
    [[nodiscard]] std::optional<Match> find(std::string_view model) const noexcept;

    /// Code::not_found, for a person: which model, and the nearest name there is.
    [[nodiscard]] Error unknown_model(std::string_view model) const;

    [[nodiscard]] std::span<const Route> routes() const noexcept { return routes_; }
    [[nodiscard]] std::span<const std::string> providers() const noexcept { return providers_; }
    [[nodiscard]] std::optional<std::uint32_t> provider(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t tiers() const noexcept { return tiers_; }
    [[nodiscard]] bool nested_fallbacks() const noexcept { return nested_fallbacks_; }

private:
    friend class RouteTableBuilder;

    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };
    using Index = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;

    RouteTable() = default;

    /// \param shortest the least length of a prefix that counts: 1 leaves out the route "*".
    [[nodiscard]] std::optional<Fallback> resolve(std::string_view model,
                                                  std::size_t shortest) const;
    [[nodiscard]] std::vector<std::string_view> names() const;

    std::vector<std::string> providers_;
    std::vector<Route> routes_;
    Index provider_index_;
    Index exact_;                              ///< names and aliases
    Index prefixes_;                           ///< without their '*'
    std::vector<std::size_t> prefix_lengths_;  ///< the longest first
    std::optional<Fallback> default_;
    std::size_t tiers_ = 0;
    bool nested_fallbacks_ = true;
};

}  // namespace tenon::core
