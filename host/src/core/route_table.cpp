#include "core/route_table.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace tenon::core {

std::string_view to_string(Cause cause) noexcept {
    switch (cause) {
        case Cause::unavailable: return "unavailable";
        case Cause::deadline: return "deadline";
        case Cause::throttled: return "throttled";
        case Cause::context_window: return "context_window";
        case Cause::content_filter: return "content_filter";
    }
    return "unavailable";
}

Match Fallback::match(std::span<const Route> routes) const noexcept {
    return {&routes[route], model, std::string_view(model).substr(rest)};
}

std::span<const Fallback> Route::chain(Cause cause) const noexcept {
    const auto& own = fallbacks[static_cast<std::size_t>(cause)];
    const bool inherits = cause == Cause::deadline || cause == Cause::throttled;
    if (!own.empty() || !inherits) return own;
    return fallbacks[static_cast<std::size_t>(Cause::unavailable)];
}

std::string_view model_at(const Target& target, const Match& match, std::string& scratch) {
    if (target.model.empty()) return match.asked;
    const std::size_t star = target.model.find('*');
    if (star == std::string::npos) return target.model;
    if (target.model.size() == 1) return match.rest;
    scratch.assign(target.model, 0, star).append(match.rest).append(target.model, star + 1);
    return scratch;
}

std::optional<Match> RouteTable::find(std::string_view model) const noexcept {
    if (const auto found = exact_.find(model); found != exact_.end()) {
        return Match{&routes_[found->second], model, {}};
    }
    for (const std::size_t length : prefix_lengths_) {
        if (length > model.size()) continue;
        const auto found = prefixes_.find(model.substr(0, length));
        if (found != prefixes_.end()) {
            return Match{&routes_[found->second], model, model.substr(length)};
        }
    }
    if (default_) return default_->match(routes_);
    return std::nullopt;
}

Error RouteTable::unknown_model(std::string_view model) const {
    const auto known = names();
    const std::string nearest = base::did_you_mean(model, known);
    return {Code::not_found, "There is no route for the model \"" + std::string(model) + '"' +
                                 (nearest.empty() ? "; ask for the list of models." : nearest)};
}

std::optional<std::uint32_t> RouteTable::provider(std::string_view name) const noexcept {
    const auto found = provider_index_.find(name);
    if (found == provider_index_.end()) return std::nullopt;
    return found->second;
}

std::vector<std::string_view> RouteTable::names() const {
    std::vector<std::string_view> out;
    for (const auto& [name, route] : exact_) out.emplace_back(name);
    std::sort(out.begin(), out.end());  // of equally near ones always the same
    return out;
}

}  // namespace tenon::core
