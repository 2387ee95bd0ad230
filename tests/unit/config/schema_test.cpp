#include "config/schema.hpp"

#include <algorithm>
#include <functional>
#include <set>
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

using Path = std::vector<std::string>;

std::string dotted(const Path& path) {
    return base::join(path, ".");
}

/// A file with `json` at `path`, and what that needs around it.
std::string file_with(const Path& path, const std::string& json) {
    std::string text = json;
    for (std::size_t i = path.size(); i-- > 0;) {
        const bool provider = i == 2 && path.front() == "providers" && path[i] != "kind";
        text = '{' + std::string(provider ? R"("kind": "mock", )" : "") + '"' + path[i] +
               "\": " + text + '}';
    }
    return text;
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
}

using VisitShape = std::function<void(const Path&, const Shape&)>;

void walk(const Shape& shape, const Path& path, const VisitShape& visit) {
    visit(path, shape);
    for (const Shape& member : shape.members) {
        Path longer = path;
        longer.push_back(shape.form == Shape::Form::map ? "x" : member.name);
        walk(member, longer, visit);
    }
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
        const std::string found = problems_of(file_with(path, "null"));
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
        const bool of_provider = path.front() == "providers" && path.size() > 1;
        const std::string without =
            of_provider ? R"({"providers": {"x": {"kind": "mock"}}})" : "{}";
        const std::string with_default = file_with(path, part["default"].to_text());
        BOOST_TEST(show(good(with_default)) == show(good(without)), with_default);
    });
    BOOST_TEST(defaults > 20U);
}

BOOST_AUTO_TEST_CASE(the_bounds_of_numbers_are_those_of_the_reader) {
    std::size_t numbers = 0;
    walk(schema().root(), {}, [&](const Path& path, wire::JsonView part) {
        if (part["type"].as_string() != std::string_view("integer")) return;
        ++numbers;
        const std::int64_t least = part["minimum"].as_int64().value();
        const std::int64_t most = part["maximum"].as_int64().value();
        const auto accepted = [&](std::int64_t number) {
            return problems_of(file_with(path, std::to_string(number))).empty();
        };
        BOOST_TEST(accepted(least), dotted(path));
        BOOST_TEST(accepted(most), dotted(path));
        BOOST_TEST(!accepted(least - 1), dotted(path));
        BOOST_TEST(!accepted(most + 1), dotted(path));
    });
    BOOST_TEST(numbers > 4U);
}

BOOST_AUTO_TEST_CASE(the_bounds_of_durations_are_those_of_the_reader) {
    using std::chrono::milliseconds;
    std::size_t durations = 0;
    walk(shape_of_config(), {}, [&](const Path& path, const Shape& shape) {
        if (shape.form != Shape::Form::duration) return;
        ++durations;
        const auto accepted = [&](milliseconds duration) {
            const std::string text = std::to_string(duration.count()) + "ms";
            return problems_of(file_with(path, '"' + text + '"')).empty();
        };
        const milliseconds least = base::parse_duration(shape.least).value();
        const milliseconds most = base::parse_duration(shape.most).value();
        BOOST_TEST(accepted(least), dotted(path));
        BOOST_TEST(accepted(most), dotted(path));
        BOOST_TEST(!accepted(most + milliseconds(1)), dotted(path));
        if (least.count() > 0) BOOST_TEST(!accepted(least - milliseconds(1)), dotted(path));
    });
    BOOST_TEST(durations > 10U);
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
    BOOST_TEST(required == std::set<std::string>{"providers.x.kind"},
               boost::test_tools::per_element());
    BOOST_TEST(problems_of(R"({"providers": {"x": {}}})") ==
               "c.json:1:21: providers.x: 'kind' is missing\n");
}

BOOST_AUTO_TEST_CASE(every_key_says_what_it_means) {
    walk(shape_of_config(), {}, [](const Path& path, const Shape& shape) {
        const bool entry = !path.empty() && path.back() == "x";
        if (path.empty() || entry) return;
        BOOST_TEST(shape.meaning.ends_with('.'), dotted(path));
    });
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace tenon::config
