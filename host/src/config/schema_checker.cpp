#include "config/schema_checker.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "wire/json_writer.hpp"

namespace tenon::config {
namespace {

std::uint32_t types_of(wire::JsonView value) noexcept {
    switch (value.kind()) {
        case wire::JsonKind::absent: return 0;
        case wire::JsonKind::null: return schema_type::kNull;
        case wire::JsonKind::boolean: return schema_type::kBoolean;
        case wire::JsonKind::string: return schema_type::kString;
        case wire::JsonKind::array: return schema_type::kArray;
        case wire::JsonKind::object: return schema_type::kObject;
        case wire::JsonKind::number:
            return schema_type::kNumber | (value.is_integer() ? schema_type::kInteger : 0U);
    }
    return 0;
}

bool allows(const SchemaNode& node, wire::JsonView value) noexcept {
    return node.types == 0 || (node.types & types_of(value)) != 0;
}

/// The number or boolean that `text` spells, if the schema wants one and no text.
std::optional<wire::JsonDocument> converted(const SchemaNode& node, std::string_view text) {
    if (node.types == 0 || (node.types & schema_type::kString) != 0) return std::nullopt;
    auto document = wire::JsonDocument::parse(text);
    if (!document) return std::nullopt;
    const wire::JsonKind kind = document->root().kind();
    const bool plain = kind == wire::JsonKind::number || kind == wire::JsonKind::boolean;
    if (!plain || !allows(node, document->root())) return std::nullopt;
    return *std::move(document);
}

int compare(wire::JsonView a, wire::JsonView b) noexcept {
    const auto order = [](auto x, auto y) { return x < y ? -1 : (x > y ? 1 : 0); };
    const auto whole_a = a.as_int64();
    const auto whole_b = b.as_int64();
    if (whole_a && whole_b) return order(*whole_a, *whole_b);
    return order(a.as_double().value_or(0), b.as_double().value_or(0));
}

std::string bounds_of(const SchemaNode& node) {
    if (node.minimum.exists() && node.maximum.exists()) {
        return node.minimum.to_text() + " to " + node.maximum.to_text();
    }
    std::vector<std::string> parts;
    if (node.minimum.exists()) parts.push_back(node.minimum.to_text() + " or more");
    if (node.exclusive_minimum.exists()) {
        parts.push_back("more than " + node.exclusive_minimum.to_text());
    }
    if (node.maximum.exists()) parts.push_back(node.maximum.to_text() + " or less");
    if (node.exclusive_maximum.exists()) {
        parts.push_back("less than " + node.exclusive_maximum.to_text());
    }
    return base::join(parts, " and ");
}

/// What the property is, in brackets behind a message.
std::string about(const SchemaNode& node) {
    std::string_view text = node.description;
    if (text.ends_with('.')) text.remove_suffix(1);
    return text.empty() ? std::string() : " (" + std::string(text) + ")";
}

std::uint64_t count_characters(std::string_view utf8) noexcept {
    return static_cast<std::uint64_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

std::string counted(std::uint64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

/// A secret that is empty is one that nobody has set.
bool is_absent(const SchemaNode& node, wire::JsonView value) noexcept {
    return !value.exists() || (node.secret && value.as_string() == std::string_view());
}

}  // namespace

bool SchemaChecker::is_from_environment(const Place& place) const {
    const auto& known = config_.from_environment;
    if (known.empty()) return false;
    const std::string_view pointer = std::string_view(place.pointer).substr(config_.pointer.size());
    return std::find(known.begin(), known.end(), pointer) != known.end();
}

std::string SchemaChecker::shown(wire::JsonView value, const Place& place) const {
    return is_from_environment(place) ? "the number from the environment" : value.to_text();
}

void SchemaChecker::check(const SchemaNode& node, wire::JsonView value, const Place& place,
                          wire::JsonWriter& writer) {
    std::optional<wire::JsonDocument> number_or_boolean;
    if (value.is_string() && is_from_environment(place)) {
        number_or_boolean = converted(node, *value.as_string());
        if (number_or_boolean) value = number_or_boolean->root();
    }
    if (!has_type(node, value, place)) return value.write(writer);
    check_choice(node, value, place);
    switch (value.kind()) {
        case wire::JsonKind::array: return check_array(node, value, place, writer);
        case wire::JsonKind::object: return check_object(node, value, place, writer);
        case wire::JsonKind::string: check_text(node, *value.as_string(), place); break;
        case wire::JsonKind::number: {
            check_number(node, value, place);
            // 3.0 is an integer too, but a plugin should not need to know.
            const bool whole = (node.types & schema_type::kInteger) != 0;
            if (const auto number = value.as_int64(); whole && number) return writer.value(*number);
            break;
        }
        default: break;
    }
    value.write(writer);
}

bool SchemaChecker::has_type(const SchemaNode& node, wire::JsonView value, const Place& place) {
    if (allows(node, value)) return true;
    std::string message = "expected " + describe_types(node.types) + ", got ";
    const bool fraction =
        value.kind() == wire::JsonKind::number && (node.types & schema_type::kInteger) != 0;
    if (is_from_environment(place)) {
        message += "another text from the environment";
    } else if (fraction) {
        message += value.to_text();
    } else {
        message += describe(value.kind());
        // A secret is a string, so that the quotes of a secret are never the mistake.
        if (value.is_string() && converted(node, *value.as_string())) {
            message += "; write it without quotes";
        }
    }
    report_.at_value(place, std::move(message));
    return false;
}

void SchemaChecker::check_choice(const SchemaNode& node, wire::JsonView value, const Place& place) {
    const auto text_of = [](wire::JsonView v) {
        return v.is_string() ? std::string(*v.as_string()) : v.to_text();
    };
    if (node.constant.exists() && !equal(node.constant, value)) {
        report_.at_value(place, "must be " + node.constant.to_text() + about(node));
    }
    if (!node.choices.exists()) return;
    std::vector<std::string> texts;
    std::vector<std::string_view> names;
    for (const wire::JsonView choice : node.choices.elements()) {
        if (equal(choice, value)) return;
        texts.push_back(text_of(choice));
        if (const auto name = choice.as_string()) names.push_back(*name);
    }
    std::string message = "not one of " + base::join(texts, ", ");
    if (value.is_string() && !node.secret) {
        message += base::did_you_mean(*value.as_string(), names);
    }
    report_.at_value(place, std::move(message));
}

void SchemaChecker::check_number(const SchemaNode& node, wire::JsonView value, const Place& place) {
    const bool good =
        (!node.minimum.exists() || compare(value, node.minimum) >= 0) &&
        (!node.maximum.exists() || compare(value, node.maximum) <= 0) &&
        (!node.exclusive_minimum.exists() || compare(value, node.exclusive_minimum) > 0) &&
        (!node.exclusive_maximum.exists() || compare(value, node.exclusive_maximum) < 0);
    if (good) return;
    report_.at_value(
        place, shown(value, place) + " is out of range; use " + bounds_of(node) + about(node));
}

void SchemaChecker::check_text(const SchemaNode& node, std::string_view text, const Place& place) {
    const std::uint64_t length = count_characters(text);
    if (node.min_length && length < *node.min_length) {
        report_.at_value(
            place, (length == 0 ? "must not be empty"
                                : "is too short; use " + counted(*node.min_length, "character") +
                                      " or more") +
                       about(node));
    } else if (node.max_length && length > *node.max_length) {
        report_.at_value(place, "is too long; use " + counted(*node.max_length, "character") +
                                    " at most" + about(node));
    } else if (node.pattern && !node.pattern->occurs_in(text)) {
        report_.at_value(
            place, "does not match the pattern " + std::string(node.pattern_text) + about(node));
    }
}

void SchemaChecker::check_array(const SchemaNode& node, wire::JsonView value, const Place& place,
                                wire::JsonWriter& writer) {
    if (node.min_items && value.size() < *node.min_items) {
        report_.at_value(place, "has " + counted(value.size(), "item") + "; use " +
                                    std::to_string(*node.min_items) + " or more" + about(node));
    }
    if (node.max_items && value.size() > *node.max_items) {
        report_.at_value(place, "has " + counted(value.size(), "item") + "; use " +
                                    std::to_string(*node.max_items) + " at most" + about(node));
    }
    writer.begin_array();
    for (std::size_t i = 0; i < value.size(); ++i) {
        const Place item = place.element(i);
        bool again = false;
        for (std::size_t j = 0; node.unique_items && j < i && !again; ++j) {
            again = equal(value[i], value[j]);
        }
        if (again) report_.at_value(item, "is in the list already");
        if (node.items) {
            check(*node.items, value[i], item, writer);
        } else {
            value[i].write(writer);
        }
    }
    writer.end_array();
}

void SchemaChecker::check_object(const SchemaNode& node, wire::JsonView value, const Place& place,
                                 wire::JsonWriter& writer) {
    writer.begin_object();
    for (const auto& [key, member] : value.members()) {
        const Place member_place = place.member(key);
        if (const SchemaNode* property = node.property(key)) {
            check_property(*property, member, member_place, writer);
        } else {
            check_other(node, key, member, member_place, writer);
        }
    }
    for (const SchemaNode& property : node.properties) {
        if (!is_absent(property, value[property.name])) continue;
        check_property(property, property.fallback, place.member(property.name), writer);
    }
    writer.end_object();
    for (const std::string_view name : node.required) {
        const SchemaNode unknown;
        const SchemaNode* declared = node.property(name);
        const SchemaNode& property = declared == nullptr ? unknown : *declared;
        const wire::JsonView member = value[name];
        if (!is_absent(property, member) || !is_absent(property, property.fallback)) continue;
        if (member.exists()) {
            report_.at_value(place.member(name), "must not be empty" + about(property));
        } else {
            report_.at_value(place, "'" + std::string(name) + "' is missing" + about(property));
        }
    }
}

void SchemaChecker::check_property(const SchemaNode& node, wire::JsonView value, const Place& place,
                                   wire::JsonWriter& writer) {
    if (is_absent(node, value)) return;
    if (node.secret && value.is_string()) {
        const std::size_t above = config_.path.empty() ? 0 : config_.path.size() + 1;
        secrets_.insert_or_assign(place.path.substr(above), Secret(*value.as_string()));
        if (!keep_secrets_) {
            std::string unused;
            wire::JsonWriter nowhere(unused);
            check(node, value, place, nowhere);
            return wipe(unused);
        }
    }
    writer.key(node.name);
    check(node, value, place, writer);
}

void SchemaChecker::check_other(const SchemaNode& object, std::string_view key,
                                wire::JsonView value, const Place& place,
                                wire::JsonWriter& writer) {
    using Others = SchemaNode::Others;
    writer.key(key);
    if (object.others == Others::checked) return check(*object.other, value, place, writer);
    value.write(writer);
    if (object.others == Others::allowed) return;
    std::vector<std::string_view> names;
    for (const SchemaNode& property : object.properties) names.push_back(property.name);
    const bool refused = object.others == Others::refused;
    report_.at_key(place,
                   (refused ? "unknown key" : "the plugin does not declare this key") +
                       base::did_you_mean(key, names),
                   refused ? Severity::error : Severity::warning);
}

}  // namespace tenon::config
