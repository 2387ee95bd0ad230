#include "config/check.hpp"

#include <algorithm>
#include <concepts>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/text.hpp"
#include "config/check_gateway.hpp"
#include "config/describe.hpp"
#include "config/routes.hpp"

namespace tenon::config {
namespace {

template <class Struct>
concept validated = requires(const Struct& value) {
    { value.validate() } -> std::same_as<Result<void>>;
};

/// Visitor that asks each struct of core whether its members agree.
class Validator {
public:
    /// `said` is what was reported, to which others add.
    Validator(Report& report, Place place, std::set<std::string>& said)
        : report_(report), place_(std::move(place)), said_(said) {}

    template <class Struct>
    void object(std::string_view name, const Struct& value, std::string_view) {
        Validator inside(report_, place_.member(name), said_);
        if constexpr (validated<Struct>) {
            inside.judge(name, value.validate());
        } else {
            describe(inside, value);
        }
    }

    template <class Struct>
    void inherited(std::string_view name, const Struct& value, std::string_view meaning) {
        if constexpr (!std::is_same_v<Struct, bool>) object(name, value, meaning);
    }

    template <class Entry>
    void entries(std::string_view name, const std::map<std::string, Entry, std::less<>>& map,
                 const Entry&, std::string_view, KeyForm = KeyForm::name) {
        if constexpr (std::is_same_v<Entry, ProviderConfig>) {
            for (const auto& [key, provider] : map) {
                // What is wrong at the top is not said of each provider again.
                std::set<std::string> said = said_;
                Validator inside(report_, place_.member(name).member(key), said);
                describe(inside, provider);
            }
        }
    }

    template <class... Ignored>
    void flag(const Ignored&...) {}
    template <class... Ignored>
    void integer(const Ignored&...) {}
    template <class... Ignored>
    void number(const Ignored&...) {}
    template <class... Ignored>
    void duration(const Ignored&...) {}
    template <class... Ignored>
    void text(const Ignored&...) {}
    template <class... Ignored>
    void secret(const Ignored&...) {}
    template <class... Ignored>
    void choice(const Ignored&...) {}
    template <class... Ignored>
    void list(const Ignored&...) {}
    template <class... Ignored>
    void objects(const Ignored&...) {}
    template <class... Ignored>
    void plugin(const Ignored&...) {}

private:
    /// `checked` is of the struct `name`, which is here.
    void judge(std::string_view name, const Result<void>& checked) {
        // A member that was refused has its default, with which others need not agree.
        if (checked || report_.has_error_in(place_)) return;
        if (!said_.insert(std::string(name) + ": " + checked.error().message).second) return;
        // "backoff.cap is 1s, but must be ...": core begins with the member.
        std::string_view rest = checked.error().message;
        std::string_view member = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(member.size() + 1, rest.size()));
        Place place = place_;
        while (!member.empty()) {
            const std::size_t dot = std::min(member.find('.'), member.size());
            place = place.member(member.substr(0, dot));
            member.remove_prefix(std::min(dot + 1, member.size()));
        }
        if (rest.ends_with('.')) rest.remove_suffix(1);
        report_.at_value(place, std::string(rest));
    }

    Report& report_;
    Place place_;
    std::set<std::string>& said_;
};

void check_references(const Config& config, Report& report) {
    std::vector<std::string_view> names;
    for (const auto& [name, provider] : config.providers) names.push_back(name);
    const std::string& chosen = config.default_provider;
    if (!chosen.empty() && !config.providers.contains(chosen)) {
        report.at_value(Place().member("default_provider"),
                        "no provider has this name" + base::did_you_mean(chosen, names));
    }
    const auto& allow = config.plugins.allow;
    for (const auto& [name, provider] : config.providers) {
        const bool allowed =
            allow.empty() || std::find(allow.begin(), allow.end(), provider.kind) != allow.end();
        if (allowed || !provider.enabled || provider.kind.empty()) continue;
        report.at_value(Place().member("providers").member(name).member("kind"),
                        "this kind is not among those of plugins.allow");
    }
}

Place to_place(const core::RoutePlace& wrong, std::size_t configured) {
    using Part = core::RoutePlace::Part;
    if (wrong.part == Part::providers) return Place().member("providers");
    if (wrong.part == Part::default_model) return Place().member("default_model");
    if (wrong.route >= configured) return Place().member("providers");  // it follows from them
    Place place = Place().member("routes").element(wrong.route);
    switch (wrong.part) {
        case Part::providers:
        case Part::default_model: break;
        case Part::model: return place.member("model");
        case Part::aliases: place = place.member("aliases"); break;
        case Part::tiers: place = place.member("tiers"); break;
        case Part::fallbacks:
            place = place.member("fallbacks")
                        .member(to_string(static_cast<core::Cause>(wrong.index.value_or(0))));
            return wrong.item ? place.element(*wrong.item) : place;
    }
    if (wrong.index) place = place.element(*wrong.index);
    if (wrong.item) place = place.element(*wrong.item);
    return place;
}

void check_routes(const Config& config, Report& report) {
    // What was refused is not there, and would be missed.
    if (report.has_error_in(Place().member("routes"))) return;
    core::RoutePlace wrong;
    const auto table = core::RouteTable::build(route_spec(config), &wrong);
    if (!table) {
        report.at_value(to_place(wrong, config.routes.size()), table.error().message);
    }
}

}  // namespace

void check(const Config& config, Report& report) {
    check_routes(config, report);
    check_references(config, report);
    check_gateway(config, report);
    std::set<std::string> said;
    Validator validator(report, Place(), said);
    describe(validator, config);
}

void check(const ProviderSettings& settings, Report& report) {
    std::set<std::string> said;
    Validator validator(report, Place(), said);
    describe(validator, settings);
}

}  // namespace tenon::config
