#include "config/object_reader.hpp"

#include <algorithm>

#include "base/duration.hpp"
#include "wire/http1_header.hpp"
#include "wire/json_writer.hpp"

namespace tenon::config {
namespace {

std::string expected(std::string_view what, wire::JsonView got) {
    return "expected " + std::string(what) + ", got " + std::string(describe(got.kind()));
}

}  // namespace

void ObjectReader::flag(std::string_view name, bool& out, std::string_view) {
    const wire::JsonView value = take(name);
    if (!value.exists() || !expect(value, place_.member(name), wire::JsonKind::boolean)) return;
    out = *value.as_bool();
}

void ObjectReader::number(std::string_view name, double& out, Range<double> range,
                          std::string_view) {
    const wire::JsonView value = take(name);
    const Place place = place_.member(name);
    if (!value.exists() || !expect(value, place, wire::JsonKind::number)) return;
    const auto number = value.as_double();
    if (!number || *number < range.least || *number > range.most) {
        context_.report.at_value(place, value.to_text() + " is out of range; use " +
                                            number_text(range.least) + " to " +
                                            number_text(range.most));
        return;
    }
    out = *number;
}

void ObjectReader::text(std::string_view name, std::string& out, TextForm form, std::string_view) {
    const wire::JsonView value = take(name);
    if (!value.exists()) {
        if (!is_required(form)) return;
        context_.report.at_value(place_, "'" + std::string(name) + "' is missing");
        return;
    }
    if (auto text = read_text(value, place_.member(name), form)) out = *std::move(text);
}

void ObjectReader::secret(std::string_view name, Secret& out, TextForm form, std::string_view) {
    std::string content;
    text(name, content, form, {});
    if (!content.empty()) out = Secret(std::move(content));
}

void ObjectReader::list(std::string_view name, std::vector<std::string>& out, TextForm form,
                        std::string_view) {
    const wire::JsonView array = take(name);
    const Place place = place_.member(name);
    if (!array.exists() || !expect(array, place, wire::JsonKind::array)) return;
    out.clear();
    for (std::size_t i = 0; i < array.size(); ++i) {
        if (auto text = read_text(array[i], place.element(i), form)) {
            out.push_back(*std::move(text));
        }
    }
}

void ObjectReader::plugin(std::string_view name, PluginConfig& out, std::string_view) {
    const wire::JsonView value = take(name);
    const Place place = place_.member(name);
    out.file = context_.report.file();
    out.pointer = place.pointer;
    out.path = place.path;
    out.positions = context_.report.positions();
    if (!value.exists() || !expect(value, place, wire::JsonKind::object)) return;
    std::string json;
    wire::JsonWriter writer(json);
    write_expanded(value, place, out, writer);
    out.json = Secret(std::move(json));
}

void ObjectReader::write_expanded(wire::JsonView value, const Place& place, PluginConfig& config,
                                  wire::JsonWriter& writer) {
    if (value.is_object()) {
        writer.begin_object();
        for (const auto& [key, member] : value.members()) {
            writer.key(key);
            write_expanded(member, place.member(key), config, writer);
        }
        return writer.end_object();
    }
    if (value.is_array()) {
        writer.begin_array();
        for (std::size_t i = 0; i < value.size(); ++i) {
            write_expanded(value[i], place.element(i), config, writer);
        }
        return writer.end_array();
    }
    if (!value.is_string()) return value.write(writer);
    auto text = read_text(value, place);
    if (!text) return writer.value("");
    if (text->used_environment) {
        config.from_environment.push_back(place.pointer.substr(config.pointer.size()));
    }
    writer.value(text->content);
    wipe(text->content);
}

wire::JsonView ObjectReader::take(std::string_view name) {
    known_.push_back(name);
    return object_[name];
}

bool ObjectReader::expect(wire::JsonView value, const Place& place, wire::JsonKind kind) {
    if (value.kind() == kind) return true;
    context_.report.at_value(place, expected(describe(kind), value));
    return false;
}

void ObjectReader::expect_key(std::string_view key, const Place& place, KeyForm form) {
    if (form == KeyForm::name && !base::is_name(key)) {
        context_.report.at_key(place, "not a valid name; " + std::string(base::kNameRule));
    }
    if (form == KeyForm::header && !wire::is_token(key)) {
        context_.report.at_key(place, "not the name of a header; use letters, digits and hyphens");
    }
}

void ObjectReader::report_unknown_keys() {
    for (const auto& [key, value] : object_.members()) {
        if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
        context_.report.at_key(place_.member(key), "unknown key" + base::did_you_mean(key, known_));
    }
}

std::optional<ObjectReader::Text> ObjectReader::read_text(wire::JsonView value,
                                                          const Place& place) {
    if (!expect(value, place, wire::JsonKind::string)) return std::nullopt;
    if (value.as_string()->find('\0') != std::string_view::npos) {
        context_.report.at_value(place, "contains the character U+0000");
        return std::nullopt;
    }
    auto expansion = expand(*value.as_string(), context_.environment);
    if (!expansion) {
        context_.report.at_value(place, expansion.error().message);
        return std::nullopt;
    }
    for (std::string& name : expansion->unset) {
        if (context_.unset != nullptr) {
            context_.unset->push_back({std::move(name), place});
        } else {
            context_.report.at_value(place, "environment variable " + name + " is not set");
        }
    }
    if (!expansion->unset.empty()) return std::nullopt;
    return Text{std::move(expansion->text), expansion->used_environment};
}

std::optional<std::string> ObjectReader::read_text(wire::JsonView value, const Place& place,
                                                   TextForm form) {
    auto text = read_text(value, place);
    if (!text) return std::nullopt;
    std::string& content = text->content;
    switch (form) {
        case TextForm::any: break;
        case TextForm::output:
            if (content == "-") break;
            [[fallthrough]];
        case TextForm::path:
            if (content.empty()) break;
            return (context_.directory / content).lexically_normal().string();
        case TextForm::not_empty:
        case TextForm::required:
            if (!content.empty()) break;
            context_.report.at_value(place, "must not be empty");
            return std::nullopt;
        case TextForm::optional_name:
            if (content.empty()) break;
            [[fallthrough]];
        case TextForm::name:
        case TextForm::required_name:
            if (base::is_name(content)) break;
            context_.report.at_value(place, "not a valid name; " + std::string(base::kNameRule));
            return std::nullopt;
    }
    return std::move(content);
}

std::optional<std::int64_t> ObjectReader::read_integer(wire::JsonView value, const Place& place,
                                                       Range<std::int64_t> range) {
    if (!expect(value, place, wire::JsonKind::number)) return std::nullopt;
    const auto number = value.as_int64();
    if (!value.is_integer()) {
        context_.report.at_value(place, "expected a whole number, got " + value.to_text());
        return std::nullopt;
    }
    if (!number || *number < range.least || *number > range.most) {
        context_.report.at_value(place, value.to_text() + " is out of range; use " +
                                            std::to_string(range.least) + " to " +
                                            std::to_string(range.most));
        return std::nullopt;
    }
    return number;
}

std::optional<std::chrono::milliseconds> ObjectReader::read_duration(wire::JsonView value,
                                                                     const Place& place,
                                                                     DurationRange range) {
    if (value.kind() == wire::JsonKind::number) {
        const std::string number = value.to_text();
        context_.report.at_value(place, "a duration is a string with a unit; write \"" + number +
                                            "s\" or \"" + number + "ms\"");
        return std::nullopt;
    }
    const auto text = read_text(value, place);
    if (!text) return std::nullopt;
    const auto parsed = base::parse_duration(text->content);
    if (!parsed) {
        // What the environment holds may be a secret in the wrong place.
        context_.report.at_value(place, text->used_environment
                                            ? "the environment gives no duration such as \"30s\""
                                            : parsed.error().message);
        return std::nullopt;
    }
    if (*parsed < range.least || *parsed > range.most) {
        context_.report.at_value(place, base::format_duration(*parsed) + " is out of range; use " +
                                            base::format_duration(range.least) + " to " +
                                            base::format_duration(range.most));
        return std::nullopt;
    }
    return *parsed;
}

void ObjectReader::read_entry(wire::JsonView value, const Place& place, std::string& out) {
    if (auto text = read_text(value, place, TextForm::not_empty)) out = *std::move(text);
}

void ObjectReader::read_entry(wire::JsonView value, const Place& place, Secret& out) {
    if (auto text = read_text(value, place, TextForm::not_empty)) out = Secret(*std::move(text));
}

void ObjectReader::read_entry(wire::JsonView value, const Place& place, ProviderConfig& out) {
    std::vector<UnsetVariable> unset;
    context_.unset = &unset;
    ObjectReader(context_, value, place).read(out);
    context_.unset = nullptr;
    for (const UnsetVariable& variable : unset) {
        const std::string what = "environment variable " + variable.name + " is not set";
        if (out.enabled) {
            context_.report.at_value(variable.place, what + "; this provider cannot be used",
                                     Severity::warning);
        }
        if (out.unusable) continue;
        const int line = context_.report.line_of(variable.place);
        Error error(Code::invalid, what + ", needed by " + variable.place.path + " (line " +
                                       std::to_string(line) + ")");
        error.scope = Scope::provider;
        out.unusable = std::move(error);
    }
}

}  // namespace tenon::config
