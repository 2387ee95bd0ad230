#include <algorithm>

#include "base/text.hpp"
#include "config/schema.hpp"
#include "config/shape.hpp"

namespace tenon::config {
namespace {

constexpr std::string_view kExample = R"json({
  // Keys come from the environment, so that this file holds no secret.
  "default_provider": "openai",
  "log": {"level": "${TENON_LOG:-info}", "components": {"transport": "debug"}},
  "http": {"max_connections": 50, "read_timeout": "90s"},
  "permits": {"limit": 20}, // for each provider, unless it has its own
  "routes": [
    // If openai cannot answer, local does.
    {"model": "cheap", "tiers": [[{"provider": "openai", "model": "gpt-4o-mini"}],
                                 [{"provider": "local", "model": "llama3.2"}]]}
  ],
  "providers": {
    "openai": {
      "kind": "openai",
      "default_model": "gpt-4o-mini",
      "model_aliases": {"fast": "gpt-4o-mini"},
      "config": {"api_key": "${OPENAI_API_KEY}"}
    },
    "local": {
      "kind": "ollama",
      "timeouts": {"first_byte": "2m", "request": "5m"}, // loading a model takes its time
      "permits": {"limit": 2},
      "config": {"base_url": "${OLLAMA_URL:-http://127.0.0.1:11434}"}
    }
  }
}
)json";

constexpr std::string_view kHead = R"md(# Configuration

<!-- Made by `tenon config schema --markdown`. Change host/src/config, not this page. -->

Tenon reads one JSON file: the one that was named on the command line, else `$TENON_CONFIG`, else
`tenon/config.json` in `$XDG_CONFIG_HOME` or in `~/.config`. Without a file the defaults below
apply. Every key may be left out unless the tables say otherwise.

- `tenon config show` prints what is in effect, with secrets as `***`.
- `tenon config schema` prints a JSON Schema of this page for editors; name its file under
  `"$schema"`.

)md";

constexpr std::string_view kRules = R"md(
## Rules

**JSON** in UTF-8, with `//` and `/* */` comments. A comma before a closing bracket and a key given
twice are errors.

**Durations** are strings with a unit: `"250ms"`, `"30s"`, `"1.5m"`, `"1h"`.

**Names** of providers, kinds and aliases have lower-case letters, digits, `.`, `_` and `-`, begin
with a letter or a digit, and have 64 characters at most.

**Providers** take over, member by member, what is said at the top under the same name.

**Paths** that are relative count from the directory of the file.

**Environment variables** stand in any string: `${NAME}`, or `${NAME:-default}` if it may be unset
or empty. `$${` is a literal `${`. If a variable is not set, only the provider that needs it cannot
be used; anywhere else it is an error of the file.

**Secrets** are strings that nothing shows: best they come from the environment, too.

**Switches** turn parts of the machinery off, at the top or for one provider: `pool.pooling`,
`breaker.enabled`, `retry_budget.enabled`, `connection.auto_recovery`, `health.active`, and `jitter`
for all that varies by chance. `"retry": {"max_attempts": 1}` is one attempt and no retry.

**Errors** are reported all together, each with its line, column and path, and a file with an error
has no effect at all:

```
config.json:12:7: providers.openai.tiemouts: unknown key; did you mean 'timeouts'?
```

)md";

constexpr std::string_view kAboutProfiles = R"md(
## Profiles

A profile changes defaults; what the file says itself counts before. `production` has the defaults
above. `development` fails fast, the same way each time, and logs more. `high_latency` has patience
with models that take minutes.

)md";

constexpr std::string_view kPlugins = R"md(
## What a plugin's own keys may be

A plugin declares the keys of `providers.NAME.config` as a JSON Schema. Tenon checks the object
against it before the plugin sees it, and fills in the defaults. These keywords of draft 2020-12
are obeyed:

| for | keywords |
| --- | --- |
| every value | `type`, `enum`, `const`, `default` |
| numbers | `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum` |
| strings | `minLength`, `maxLength`, `pattern`, `x-tenon-secret` |
| arrays | `items`, `minItems`, `maxItems`, `uniqueItems` |
| objects | `properties`, `required`, `additionalProperties` |

Other keywords that would refuse values, such as `oneOf` or `$ref`, are an error of the schema.
Keywords that only describe, such as `title` and `format`, have no effect, except that messages
quote the `description`.

- `"x-tenon-secret": true` marks a string as a credential. It stays in the host unless the plugin
  says that it signs requests itself, and no log or message shows it. One that is empty counts as
  absent. It is a property with a name of its own, not a part of a list or of a map.
- Where a number, an integer or a boolean is wanted, a string from the environment may spell it:
  `"port": "${PORT:-8080}"`.
- A key that `properties` does not have is an error if `additionalProperties` is `false`, a warning
  if the schema does not say, and accepted if it is `true` or a schema.
- `default` is filled in for absent keys, also inside of an object that is there. An object that is
  absent stays absent unless it has a default itself, for which `{}` will do.
- A plugin without a schema, or with `{}`, takes no configuration.
)md";

std::string code(std::string_view text) {
    return "`" + std::string(text) + "`";
}

std::string text_type(TextForm form) {
    switch (form) {
        case TextForm::path:
        case TextForm::output: return "path";
        case TextForm::name:
        case TextForm::required_name:
        case TextForm::optional_name: return "name";
        case TextForm::any:
        case TextForm::required:
        case TextForm::not_empty: break;
    }
    return "string";
}

/// The fragment that Markdown readers make of the heading `path`.
std::string link(std::string_view path) {
    std::string anchor;
    for (const char c : path) {
        if (c >= 'A' && c <= 'Z') anchor += static_cast<char>(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-') anchor += c;
    }
    return "[" + code(path) + "](#" + anchor + ")";
}

std::string bounded(std::string_view type, const Shape& shape) {
    return std::string(type) + ", " + shape.least + " to " + shape.most +
           (shape.nullable ? ", or null" : "");
}

/// The path of what a list at `path` holds, through lists of lists.
std::string item_path(const Shape& list, std::string_view path) {
    const Shape& item = list.members.front();
    const std::string inside = std::string(path) + "[N]";
    return item.form == Shape::Form::objects ? item_path(item, inside) : inside;
}

std::string list_type(const Shape& list, std::string_view path) {
    const Shape& item = list.members.front();
    if (item.form != Shape::Form::objects) return "list of " + link(item_path(list, path));
    std::string inside = list_type(item, std::string(path) + "[N]");
    return "list of lists" + inside.substr(inside.find(" of "));
}

std::string type_of(const Shape& shape, std::string_view path) {
    switch (shape.form) {
        case Shape::Form::flag: return "true or false";
        case Shape::Form::integer: return bounded("integer", shape);
        case Shape::Form::number: return bounded("number", shape);
        case Shape::Form::duration: return bounded("duration", shape);
        case Shape::Form::text: return text_type(shape.text_form);
        case Shape::Form::secret: return "secret";
        case Shape::Form::choice: {
            std::vector<std::string> names;
            for (const std::string_view choice : shape.choices) names.push_back(code(choice));
            return base::join(names, ", ");
        }
        case Shape::Form::list: return "list of " + text_type(shape.text_form) + "s";
        case Shape::Form::objects: return list_type(shape, path);
        case Shape::Form::map: {
            const Shape& entry = shape.members.front();
            const bool object = entry.form == Shape::Form::object;
            return (shape.key_form == KeyForm::header ? "map of header names to "
                                                      : "map of names to ") +
                   (object ? link(std::string(path) + ".NAME") : type_of(entry, path));
        }
        case Shape::Form::object: return shape.inherited ? link(shape.name) : link(path);
        case Shape::Form::plugin: return "object";
    }
    return {};
}

std::string default_of(const Shape& shape) {
    if (shape.required()) return "required";
    if (shape.inherited) return "as at the top";
    return shape.default_json.empty() ? "" : code(shape.default_json);
}

bool have_same_table(const Shape& a, const Shape& b) {
    return a.form == b.form && a.inherited == b.inherited && a.members == b.members;
}

/// The first member of `object` with the same table as `member`, so that it is printed once.
const Shape& twin_of(const Shape& member, const Shape& object) {
    return *std::find_if(object.members.begin(), object.members.end(),
                         [&](const Shape& other) { return have_same_table(member, other); });
}

/// What is said above the table of `member`.
std::string about(const Shape& member, const Shape& object) {
    std::vector<std::string> twins;
    for (const Shape& other : object.members) {
        if (have_same_table(member, other)) twins.push_back(code(other.name));
    }
    if (twins.size() == 1) return std::string(member.meaning);
    return "The same for " + base::join(twins, ", ") + ".";
}

void write_section(std::string& out, const Shape& object, const std::string& path,
                   std::string_view about);

/// The sections of what stands inside of `object`.
void write_members(std::string& out, const Shape& object, const std::string& prefix) {
    for (const Shape& member : object.members) {
        const std::string path = prefix + member.name;
        if (member.form == Shape::Form::object && !member.inherited) {
            if (&twin_of(member, object) != &member) continue;
            write_section(out, member, path, about(member, object));
        } else if (member.form == Shape::Form::map &&
                   member.members.front().form == Shape::Form::object) {
            write_section(out, member.members.front(), path + ".NAME", "");
        } else if (member.form == Shape::Form::objects) {
            const Shape* item = &member;
            while (item->form == Shape::Form::objects) item = &item->members.front();
            write_section(out, *item, item_path(member, path), "");
        }
    }
}

void write_section(std::string& out, const Shape& object, const std::string& path,
                   std::string_view about) {
    if (!path.empty()) out += "\n### " + code(path) + "\n\n";
    if (!about.empty()) out += std::string(about) + "\n\n";
    out += "| key | type | default | meaning |\n| --- | --- | --- | --- |\n";
    const std::string prefix = path.empty() ? "" : path + ".";
    for (const Shape& member : object.members) {
        const bool is_object = member.form == Shape::Form::object;
        const Shape& shown = is_object ? twin_of(member, object) : member;
        out += "| " + code(member.name) + " | " + type_of(shown, prefix + shown.name) + " | " +
               default_of(member) + " | " + std::string(member.meaning) + " |\n";
    }
    write_members(out, object, prefix);
}

/// A line for each default in which `profiles`, which have the same members, differ.
void write_differences(std::string& out, const std::vector<const Shape*>& profiles,
                       const std::string& path) {
    const Shape& first = *profiles.front();
    std::vector<std::string> defaults;
    bool differ = false;
    for (const Shape* profile : profiles) {
        defaults.push_back(default_of(*profile));
        differ = differ || profile->default_json != first.default_json;
    }
    if (differ && path != "profile") {
        out += "| " + code(path) + " | " + base::join(defaults, " | ") + " |\n";
    }
    if (first.form != Shape::Form::object) return;
    for (std::size_t i = 0; i < first.members.size(); ++i) {
        std::vector<const Shape*> members;
        for (const Shape* profile : profiles) members.push_back(&profile->members[i]);
        const std::string prefix = path.empty() ? "" : path + ".";
        write_differences(out, members, prefix + first.members[i].name);
    }
}

void write_profiles(std::string& out) {
    out += kAboutProfiles;
    std::string head = "| key |";
    std::string line = "| --- |";
    std::vector<Shape> shapes;
    for (const Choice<Profile>& profile : kProfiles) {
        head += " " + code(profile.name) + " |";
        line += " --- |";
        shapes.push_back(shape_of_config(profile.value));
    }
    out += head + "\n" + line + "\n";
    std::vector<const Shape*> profiles;
    for (const Shape& shape : shapes) profiles.push_back(&shape);
    write_differences(out, profiles, "");
}

}  // namespace

std::string_view example_file() noexcept {
    return kExample;
}

std::string reference_page() {
    std::string out(kHead);
    out += "```jsonc\n" + std::string(kExample) + "```\n";
    out += kRules;
    out += "## Keys\n\n";
    write_section(out, shape_of_config(), "", "");
    write_profiles(out);
    out += kPlugins;
    return out;
}

}  // namespace tenon::config
