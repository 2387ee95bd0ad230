#pragma once

#include <boost/test/unit_test.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "config/load.hpp"

/// Configurations and environments for the tests of the layer.
namespace tenon::config {

using Variables = std::map<std::string, std::string, std::less<>>;

inline Environment environment_of(Variables variables) {
    return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
}

/// What is wrong with `text`, one line for each problem, as a person sees it.
inline std::string problems_of(std::string_view text, Variables variables = {}) {
    return format(parse(text, "c.json", environment_of(std::move(variables))).problems);
}

/// The configuration in `text`, which has no problem.
inline Config good(std::string_view text, Variables variables = {}) {
    auto result = parse(text, "c.json", environment_of(std::move(variables)));
    BOOST_REQUIRE_MESSAGE(result.config && result.problems.empty(), text
                                                                        << "\n"
                                                                        << format(result.problems));
    return *std::move(result.config);
}

}  // namespace tenon::config
