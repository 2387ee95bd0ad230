#include "core/route_table.hpp"

#include "base/text.hpp"
#include "core/stable_hash.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tenon::core {
namespace {

constexpr std::size_t kLongestName = 256;

std::string quoted(std::string_view text) {
    return '"' + std::string(text) + '"';
}

/// "; did you mean 'x'?", or the sentence's end.
std::string hint(std::string_view word, const std::vector<std::string_view>& known) {
    const std::string nearest = base::did_you_mean(word, known);
    return nearest.empty() ? "." : nearest;
}

bool is_wildcard(std::string_view model) noexcept {
    return model.ends_with('*');
}

/// "" or why `model` cannot be a route's name.
std::string wrong_with(std::string_view model, bool may_end_with_star) {
    if (model.empty()) return "a model's name may not be empty.";
    if (model.size() > kLongestName) return "a model's name may not exceed 256 characters.";
    const std::size_t star = model.find('*');
    if (star == std::string_view::npos) return {};
    if (!may_end_with_star) return "'*' is only allowed at the end of a route's model.";
    if (star + 1 != model.size()) return "'*' is only allowed once and at the end.";
    return {};
}

}  // namespace

/// Makes a table step by step; the first step that fails says why.
class RouteTableBuilder {
public:
    explicit RouteTableBuilder(const RouteTableSpec& spec) : spec_(spec) {
        table_.nested_fallbacks_ = spec.nested_fallbacks;
    }

    Result<RouteTable> build() {
        auto done = add_providers();
        if (done) done = add_routes();
        if (done) done = add_fallbacks();
        if (done) done = set_default();
        if (done) done = refuse_circles();
        if (!done) return std::move(done).error();
        return std::move(table_);
    }

    /// What was being looked at when build() failed.
    [[nodiscard]] const RoutePlace& place() const noexcept { return place_; }

private:
    using Part = RoutePlace::Part;

    static Error wrong(std::string message) { return {Code::invalid, std::move(message)}; }
    static Error wrong_route(const RouteSpec& route, std::string what) {
        return wrong("Route " + quoted(route.model) + ": " + std::move(what));
    }

    Result<void> add_providers() {
        for (const auto& name : spec_.providers) {
            const auto number = static_cast<std::uint32_t>(table_.providers_.size());
            if (!table_.provider_index_.emplace(name, number).second) {
                return wrong("Provider " + quoted(name) + " is listed twice.");
            }
            table_.providers_.push_back(name);
        }
        return {};
    }

    Result<void> add_routes() {
        for (const auto& route : spec_.routes) {
            if (auto added = add_names(route); !added) return added;
            if (auto added = add_tiers(route); !added) return added;
        }
        auto& lengths = table_.prefix_lengths_;
        for (const auto& [prefix, route] : table_.prefixes_) lengths.push_back(prefix.size());
        std::sort(lengths.begin(), lengths.end(), std::greater<>());
        lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
        return {};
    }

    Result<void> add_names(const RouteSpec& route) {
        const auto number = static_cast<std::uint32_t>(table_.routes_.size());
        table_.routes_.push_back({route.model, {}, {}});
        place_ = {Part::model, number, {}, {}};
        if (auto why = wrong_with(route.model, true); !why.empty()) {
            return wrong_route(route, std::move(why));
        }
        const bool added =
            is_wildcard(route.model)
                ? table_.prefixes_.emplace(route.model.substr(0, route.model.size() - 1), number)
                      .second
                : table_.exact_.emplace(route.model, number).second;
        if (!added) return taken(route, route.model);
        for (const auto& alias : route.aliases) {
            const auto index = static_cast<std::size_t>(&alias - route.aliases.data());
            place_ = {Part::aliases, number, index, {}};
            if (auto why = wrong_with(alias, false); !why.empty()) {
                return wrong_route(route, "alias " + quoted(alias) + ": " + why);
            }
            if (!table_.exact_.emplace(alias, number).second) return taken(route, alias);
        }
        return {};
    }

    [[nodiscard]] Error taken(const RouteSpec& route, const std::string& name) const {
        const auto found = table_.exact_.find(name);
        const bool by_other =
            found != table_.exact_.end() && found->second + 1 != table_.routes_.size();
        return wrong_route(route, quoted(name) + " is already a name of " +
                                      (by_other ? "route " + quoted(name_of(found->second))
                                                : std::string("a route")) +
                                      "; each name belongs to one route.");
    }

    Result<void> add_tiers(const RouteSpec& route) {
        place_ = {Part::tiers, table_.routes_.size() - 1, {}, {}};
        if (route.tiers.empty()) {
            return wrong_route(route, "it has no tier, so nobody would answer; add a provider.");
        }
        for (const auto& spec : route.tiers) {
            Tier tier{static_cast<std::uint32_t>(table_.tiers_++), {}};
            const std::string place =
                "tier " + std::to_string(table_.routes_.back().tiers.size() + 1) + ": ";
            place_.index = table_.routes_.back().tiers.size();
            place_.item.reset();
            if (spec.empty()) return wrong_route(route, place + "it is empty; add a provider.");
            for (const auto& target : spec) {
                place_.item = tier.targets.size();
                auto made = make_target(route, target);
                if (!made) return wrong_route(route, place + made.error().message);
                tier.targets.push_back(std::move(*made));
            }
            table_.routes_.back().tiers.push_back(std::move(tier));
            place_.item.reset();
            if (auto once = refuse_repeated(route); !once) return once;
        }
        return {};
    }

    Result<Target> make_target(const RouteSpec& route, const TargetSpec& spec) const {
        const auto provider = table_.provider(spec.provider);
        if (!provider) {
            const std::vector<std::string_view> known(spec_.providers.begin(),
                                                      spec_.providers.end());
            return wrong("there is no provider " + quoted(spec.provider) +
                         hint(spec.provider, known));
        }
        if (!std::isfinite(spec.weight) || spec.weight < 0 || spec.weight > 1e6) {
            return wrong("the weight of " + quoted(spec.provider) +
                         " must be between 0 and 1000000.");
        }
        const auto stars = std::count(spec.model.begin(), spec.model.end(), '*');
        if (stars > 1 || (stars == 1 && !is_wildcard(route.model))) {
            return wrong("the model " + quoted(spec.model) + " of " + quoted(spec.provider) +
                         " may have one '*', and only if the route's model has one.");
        }
        Target target{*provider, 0, spec.weight, spec.model};
        if (target.model.empty() && !is_wildcard(route.model)) target.model = route.model;
        target.id = stable_hash(spec.provider + '\0' + target.model);
        return target;
    }

    /// Of the route's last tier, whether one of its targets has been there before.
    Result<void> refuse_repeated(const RouteSpec& route) const {
        std::vector<const Target*> seen;
        for (const auto& tier : table_.routes_.back().tiers) {
            for (const auto& target : tier.targets) {
                const auto same = [&](const Target* other) {
                    return other->provider == target.provider && other->model == target.model;
                };
                if (std::any_of(seen.begin(), seen.end(), same)) {
                    return wrong_route(route, quoted(table_.providers_[target.provider]) +
                                                  " is listed twice with the same model.");
                }
                seen.push_back(&target);
            }
        }
        return {};
    }

    Result<void> add_fallbacks() {
        for (std::size_t route = 0; route < spec_.routes.size(); ++route) {
            for (std::size_t cause = 0; cause < kCauses; ++cause) {
                if (auto added = add_chain(route, static_cast<Cause>(cause)); !added) return added;
            }
        }
        return {};
    }

    Result<void> add_chain(std::size_t route, Cause cause) {
        const RouteSpec& spec = spec_.routes[route];
        const std::string place = "fall-backs for " + std::string(to_string(cause)) + ": ";
        const auto index = static_cast<std::size_t>(cause);
        auto& chain = table_.routes_[route].fallbacks[index];
        for (const auto& model : spec.fallbacks[index]) {
            place_ = {Part::fallbacks, route, index, chain.size()};
            // Not by "*" or the default: those take any name, also a mistyped one.
            auto found = table_.resolve(model, 1);
            if (!found) {
                return wrong_route(spec, place + "there is no route for " + quoted(model) +
                                             hint(model, table_.names()));
            }
            const auto same = [&](const Fallback& other) {
                return other.route == found->route &&
                       (other.model == model || !is_wildcard(name_of(found->route)));
            };
            if (std::any_of(chain.begin(), chain.end(), same)) {
                return wrong_route(spec, place + quoted(model) + " is in the chain twice.");
            }
            chain.push_back(std::move(*found));
        }
        return {};
    }

    Result<void> set_default() {
        place_ = {Part::default_model, 0, {}, {}};
        if (spec_.default_model.empty()) return {};
        table_.default_ = table_.resolve(spec_.default_model, 0);
        if (table_.default_) return {};
        return wrong("The default model: there is no route for " + quoted(spec_.default_model) +
                     hint(spec_.default_model, table_.names()));
    }

    Result<void> refuse_circles() {
        for (std::size_t cause = 0; cause < kCauses; ++cause) {
            std::vector<Mark> marks(table_.routes_.size(), Mark::unseen);
            for (std::uint32_t route = 0; route < table_.routes_.size(); ++route) {
                std::vector<std::uint32_t> path;
                if (auto straight = follow(route, static_cast<Cause>(cause), path, marks);
                    !straight) {
                    return straight;
                }
            }
        }
        return {};
    }

    enum class Mark : std::uint8_t { unseen, on_path, done };

    // As deep as there are routes in a chain of chains; each route once for each cause.
    Result<void> follow(std::uint32_t route, Cause cause, std::vector<std::uint32_t>& path,
                        std::vector<Mark>& marks) {
        if (marks[route] == Mark::done) return {};
        path.push_back(route);
        place_ = {Part::fallbacks, route, static_cast<std::size_t>(cause), {}};
        if (marks[route] == Mark::on_path) return circle(cause, path);
        marks[route] = Mark::on_path;
        for (const auto& next : table_.routes_[route].chain(cause)) {
            const bool itself = next.route == route;
            // One of many names of a prefix may well stand in for the others.
            if (itself ? is_wildcard(name_of(route)) : !spec_.nested_fallbacks) continue;
            if (auto straight = follow(next.route, cause, path, marks); !straight) return straight;
        }
        marks[route] = Mark::done;
        path.pop_back();
        return {};
    }

    [[nodiscard]] Error circle(Cause cause, const std::vector<std::uint32_t>& path) const {
        std::vector<std::string> names;
        for (auto at = std::find(path.begin(), path.end(), path.back()); at != path.end(); ++at) {
            names.push_back(quoted(name_of(*at)));
        }
        const bool itself = names.size() == 2;
        return wrong("Route " + names.front() + ": its fall-backs for " +
                     std::string(to_string(cause)) + " lead back to it (" +
                     base::join(names, " -> ") + "); take one out" +
                     (itself ? "." : ", or switch nested fall-backs off."));
    }

    [[nodiscard]] const std::string& name_of(std::uint32_t route) const {
        return table_.routes_[route].model;
    }

    const RouteTableSpec& spec_;
    RouteTable table_;
    RoutePlace place_;
};

std::optional<Fallback> RouteTable::resolve(std::string_view model, std::size_t shortest) const {
    if (const auto found = exact_.find(model); found != exact_.end()) {
        return Fallback{found->second, std::string(model), model.size()};
    }
    for (const std::size_t length : prefix_lengths_) {
        if (length > model.size() || length < shortest) continue;
        const auto found = prefixes_.find(model.substr(0, length));
        if (found != prefixes_.end()) return Fallback{found->second, std::string(model), length};
    }
    return std::nullopt;
}

Result<RouteTable> RouteTable::build(const RouteTableSpec& spec, RoutePlace* wrong) {
    RouteTableBuilder builder(spec);
    auto built = builder.build();
    if (!built && wrong != nullptr) *wrong = builder.place();
    return built;
}

}  // namespace tenon::core
