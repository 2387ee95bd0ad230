#include "config/schema.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <set>
#include <string_view>
#include <vector>

#include "base/duration.hpp"
#include "base/text.hpp"
#include "config/shape.hpp"
#include "config/show.hpp"
#include "unit/config/given.hpp"
#include "wire/json.hpp"

/// That the JSON Schema, the description and the reader agree on every member.
namespace tenon::config {
namespace {

using namespace std::string_view_literals;

/// Keys from the top; "x" is the entry of a map, "0" that of a list.
using Path = std::vector<std::string>;

std::string dotted(const Path& path) {
    std::string out;
    for (const std::string& key : path) {
        if (key == "0") {
            out += "[0]";
        } else {
            out += (out.empty() ? "" : ".") + key;
        }
    }
    return out;
}

/// What an object at a path cannot do without.
struct Needed {
    std::string_view object;
    std::string_view key;
    std::string_view json;
};
constexpr std::array<Needed, 6> kNeeded = {{{"", "providers", R"({"x": {"kind": "mock"}})"},
                                            {"providers.x", "kind", R"("mock")"},
                                            {"routes[0]", "model", R"("m")"},
                                            {"routes[0]", "tiers", R"([[{"provider": "x"}]])"},
                                            {"routes[0].tiers[0][0]", "provider", R"("x")"},
                                            {"gateway.keys.x", "key", R"("0123456789abcdef")"}}};

/// A file with `json` at `path`, and what that needs around it.
std::string file_with(const Path& path, const std::string& json) {
    std::string text = json;
    for (std::size_t i = path.size(); i-- > 0;) {
        if (path[i] == "0") {
            text = '[' + text + ']';
            continue;
        }
        text = '"' + path[i] + "\": " + text;
        const std::string object = dotted(Path(path.begin(), path.begin() + std::ptrdiff_t(i)));
        for (const Needed& needed : kNeeded) {
            if (needed.object != object || needed.key == path[i]) continue;
            text += ", \"" + std::string(needed.key) + "\": " + std::string(needed.json);
        }
        text = '{' + text + '}';
    }
    return text;
}

/// The same file without the last key of `path`.
std::string file_without(Path path) {
    if (dotted(path) == "providers") return "{}";
    path.pop_back();
    if (path.empty()) return R"({"providers": {"x": {"kind": "mock"}}})";
    std::string own;
    for (const Needed& needed : kNeeded) {
        if (needed.object != dotted(path)) continue;
        own += (own.empty() ? "" : ", ") + ('"' + std::string(needed.key)) +
               "\": " + std::string(needed.json);
    }
    return file_with(path, '{' + own + '}');
}

wire::JsonDocument schema() {
    auto document = wire::JsonDocument::parse(json_schema());
    BOOST_REQUIRE(document);
    return *std::move(document);
}

using Visit = std::function<void(const Path&, wire::JsonView)>;

/// Calls `visit` for each schema of the tree; the entry of a map is called "x".
void walk(wire::JsonView schema, const Path& path, const Visit& visit) {
    visit(path, schema);
    const auto inside = [&](std::string_view key, wire::JsonView part) {
        Path longer = path;
        longer.emplace_back(key);
        walk(part, longer, visit);
    };
    for (const auto& [key, part] : schema["properties"].members()) inside(key, part);
    if (schema["additionalProperties"].is_object()) inside("x", schema["additionalProperties"]);
    const wire::JsonView items = schema["items"];
    if (items["properties"].exists() || items["items"].exists()) inside("0", items);
}

using VisitShape = std::function<void(const Path&, const Shape&)>;

void walk(const Shape& shape, const Path& path, const VisitShape& visit) {
    visit(path, shape);
    for (const Shape& member : shape.members) {
        Path longer = path;
        longer.push_back(shape.form == Shape::Form::map       ? "x"
                         : shape.form == Shape::Form::objects ? "0"
                                                              : member.name);
        walk(member, longer, visit);
    }
}

/// Whether the reader takes `json` at `path`. If it then clashes with another member's default, the
/// path, without the provider's, goes to `clashes`: bounds of core are not tighter elsewhere.
bool in_range(const Path& path, const std::string& json, std::set<std::string>& clashes) {
    const std::string found = problems_of(file_with(path, json));
    if (found.find("is out of range; use") != std::string::npos) return false;
    const bool of_provider = path.front() == "providers";
    if (!found.empty())
        clashes.insert(dotted(of_provider ? Path(path.begin() + 2, path.end()) : path));
    return true;
}

BOOST_AUTO_TEST_SUITE(config_schema)

BOOST_AUTO_TEST_CASE(the_schema_names_its_dialect_and_defines_what_it_refers_to) {
    const auto document = schema();
    BOOST_TEST(document.root()["$schema"].as_string().value_or("") ==
               "https://json-schema.org/draft/2020-12/schema");
    std::set<std::string> used;
    walk(document.root(), {}, [&](const Path&, wire::JsonView part) {
        if (const auto reference = part["$ref"].as_string()) used.emplace(*reference);
    });
    BOOST_TEST(!used.empty());
    for (const std::string& reference : used) {
        BOOST_TEST(document.root().at(reference.substr(1)).is_object(), reference);
    }
}

BOOST_AUTO_TEST_CASE(the_reader_knows_each_key_of_the_schema) {
    std::size_t keys = 0;
    walk(schema().root(), {}, [&](const Path& path, wire::JsonView) {
        if (path.empty()) return;
        ++keys;
        // Wrong in every form; null may unset.
        const std::string found = problems_of(file_with(path, R"("\u0000")"));
        const std::string place = ": " + dotted(path) + ": ";
        BOOST_TEST(found.find(place) != std::string::npos, dotted(path) << ": " << found);
        BOOST_TEST(found.find("unknown key") == std::string::npos, dotted(path) << ": " << found);
    });
    BOOST_TEST(keys > 50U);
}

BOOST_AUTO_TEST_CASE(the_schema_knows_each_key_of_the_description) {
    const auto document = schema();
    std::set<std::string> in_schema;
    walk(document.root(), {},
         [&](const Path& path, wire::JsonView) { in_schema.insert(dotted(path)); });
    std::set<std::string> described;
    walk(shape_of_config(), {},
         [&](const Path& path, const Shape&) { described.insert(dotted(path)); });
    BOOST_TEST(in_schema == described, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_object_refuses_other_keys_in_schema_and_reader) {
    walk(schema().root(), {}, [&](const Path& path, wire::JsonView part) {
        if (!part["properties"].exists()) return;
        BOOST_TEST(!part["additionalProperties"].as_bool().value_or(true), dotted(path));
        Path unknown = path;
        unknown.emplace_back("zzz");
        const std::string found = problems_of(file_with(unknown, "1"));
        BOOST_TEST(found.find(": " + dotted(unknown) + ": unknown key") != std::string::npos,
                   found);
    });
}

BOOST_AUTO_TEST_CASE(each_default_of_the_schema_is_that_of_the_reader) {
    std::size_t defaults = 0;
    walk(schema().root(), {}, [&](const Path& path, wire::JsonView part) {
        if (!part["default"].exists()) return;
        ++defaults;
        if (dotted(path) == "routes[0].tiers") return;  // which may not be left out after all
        const std::string with_default = file_with(path, part["default"].to_text());
        const std::string without = file_without(path);
        BOOST_TEST(show(good(with_default)) == show(good(without)), with_default);
    });
    BOOST_TEST(defaults > 150U);
}

BOOST_AUTO_TEST_CASE(the_bounds_of_numbers_are_those_of_the_reader) {
    std::size_t numbers = 0;
    std::set<std::string> clashes;
    walk(schema().root(), {}, [&](const Path& path, wire::JsonView part) {
        if (part["oneOf"].exists()) part = part["oneOf"][std::size_t{0}];
        const auto type = part["type"].as_string();
        if (type != "integer"sv && type != "number"sv) return;
        ++numbers;
        const std::string beyond = type == "integer"sv ? "1" : "0.0005";
        const double least = part["minimum"].as_double().value();
        const double most = part["maximum"].as_double().value();
        const double step = std::stod(beyond);
        BOOST_TEST(in_range(path, number_text(least), clashes), dotted(path));
        BOOST_TEST(in_range(path, number_text(most), clashes), dotted(path));
        BOOST_TEST(!in_range(path, number_text(least - step), clashes), dotted(path));
        BOOST_TEST(!in_range(path, number_text(most + step), clashes), dotted(path));
    });
    BOOST_TEST(numbers > 60U);
    const std::set<std::string> expected = {"adaptive_limit.least", "pool.min_idle",
                                            "pool.preconnect"};
    BOOST_TEST(clashes == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_bounds_of_durations_are_those_of_the_reader) {
    using std::chrono::milliseconds;
    std::size_t durations = 0;
    std::set<std::string> clashes;
    walk(shape_of_config(), {}, [&](const Path& path, const Shape& shape) {
        if (shape.form != Shape::Form::duration) return;
        ++durations;
        const auto accepted = [&](milliseconds duration) {
            return in_range(path, '"' + std::to_string(duration.count()) + "ms\"", clashes);
        };
        const milliseconds least = base::parse_duration(shape.least).value();
        const milliseconds most = base::parse_duration(shape.most).value();
        BOOST_TEST(accepted(least), dotted(path));
        BOOST_TEST(accepted(most), dotted(path));
        BOOST_TEST(!accepted(most + milliseconds(1)), dotted(path));
        if (least.count() > 0) BOOST_TEST(!accepted(least - milliseconds(1)), dotted(path));
    });
    BOOST_TEST(durations > 150U);
    const std::set<std::string> expected = {"breaker.max_recovery", "breaker.recovery",
                                            "pool.dial_backoff", "pool.dial_backoff_max"};
    BOOST_TEST(clashes == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_choice_of_the_schema_is_accepted_and_no_other) {
    std::size_t choices = 0;
    walk(schema().root(), {}, [&](const Path& path, wire::JsonView part) {
        const wire::JsonView names = part["anyOf"][std::size_t{0}]["enum"];
        for (const wire::JsonView name : names.elements()) {
            ++choices;
            const std::string text = file_with(path, name.to_text());
            BOOST_TEST(problems_of(text).empty(), text);
        }
        if (names.exists()) BOOST_TEST(!problems_of(file_with(path, "\"zzz\"")).empty());
    });
    BOOST_TEST(choices > 6U);
}

BOOST_AUTO_TEST_CASE(what_the_schema_requires_is_what_the_reader_misses) {
    std::set<std::string> required;
    walk(schema().root(), {}, [&](const Path& path, wire::JsonView part) {
        for (const wire::JsonView name : part["required"].elements()) {
            required.insert(dotted(path) + "." + std::string(name.as_string().value_or("")));
        }
    });
    const std::set<std::string> expected = {"gateway.keys.x.key", "providers.x.kind",
                                            "routes[0].model", "routes[0].tiers[0][0].provider"};
    BOOST_TEST(required == expected, boost::test_tools::per_element());
    BOOST_TEST(problems_of(R"({"routes": [{"tiers": [[{}]]}]})") ==
               "c.json:1:13: routes[0]: 'model' is missing\n"
               "c.json:1:25: routes[0].tiers[0][0]: 'provider' is missing\n");
    BOOST_TEST(problems_of(R"({"providers": {"x": {}}})") ==
               "c.json:1:21: providers.x: 'kind' is missing\n");
}

BOOST_AUTO_TEST_CASE(every_key_says_what_it_means) {
    walk(shape_of_config(), {}, [](const Path& path, const Shape& shape) {
        const bool entry = !path.empty() && (path.back() == "x" || path.back() == "0");
        if (path.empty() || entry) return;
        BOOST_TEST(shape.meaning.ends_with('.'), dotted(path));
    });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
