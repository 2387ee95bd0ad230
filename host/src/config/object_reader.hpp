#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "config/describe.hpp"
#include "config/environment.hpp"
#include "config/report.hpp"
#include "wire/json.hpp"

namespace tenon::wire {
class JsonWriter;
}

namespace tenon::config {

/// A variable that is needed and not set.
struct UnsetVariable {
    std::string name;
    Place place;
};

/// What all objects of one file share while it is read.
struct ReadContext {
    Report& report;
    const Environment& environment;
    std::filesystem::path directory;              ///< that relative paths count from
    std::vector<UnsetVariable>* unset = nullptr;  ///< set inside a provider, which alone is hit
};

/// Visitor that fills one described struct from one JSON object. What is wrong goes to the report;
/// the member then keeps its default.
class ObjectReader {
public:
    ObjectReader(ReadContext& context, wire::JsonView object, Place place)
        : context_(context), object_(object), place_(std::move(place)) {}

    template <class Struct>
    void read(Struct& target) {
        if (!expect(object_, place_, wire::JsonKind::object)) return;
        describe(*this, target);
        report_unknown_keys();
    }

    void flag(std::string_view name, bool& out, std::string_view meaning);
    void number(std::string_view name, double& out, Range<double> range, std::string_view meaning);
    void text(std::string_view name, std::string& out, TextForm form, std::string_view meaning);
    void secret(std::string_view name, Secret& out, TextForm form, std::string_view meaning);
    void list(std::string_view name, std::vector<std::string>& out, TextForm form,
              std::string_view meaning);
    void plugin(std::string_view name, PluginConfig& out, std::string_view meaning);

    template <class Integer, class Bound>
    void integer(std::string_view name, Integer& out, Range<Bound> range, std::string_view) {
        const wire::JsonView value = take(name);
        if (!value.exists() || unset_by(value, out)) return;
        const auto number =
            read_integer(value, place_.member(name), Range<std::int64_t>{range.least, range.most});
        if (number) out = static_cast<Bound>(*number);
    }

    template <class Duration>
    void duration(std::string_view name, Duration& out, DurationRange range, std::string_view) {
        const wire::JsonView value = take(name);
        if (!value.exists() || unset_by(value, out)) return;
        if (const auto read = read_duration(value, place_.member(name), range)) out = *read;
    }

    template <class Enum>
    void choice(std::string_view name, Enum& out, std::string_view) {
        const wire::JsonView value = take(name);
        if (value.exists()) read_entry(value, place_.member(name), out);
    }

    template <class Item>
    void objects(std::string_view name, std::vector<Item>& out, std::string_view) {
        const wire::JsonView array = take(name);
        if (array.exists()) read_entry(array, place_.member(name), out);
    }

    template <class Entry>
    void entries(std::string_view name, std::map<std::string, Entry, std::less<>>& out,
                 const Entry& prototype, std::string_view, KeyForm form = KeyForm::name) {
        const wire::JsonView object = take(name);
        const Place place = place_.member(name);
        if (!object.exists() || !expect(object, place, wire::JsonKind::object)) return;
        for (const auto& [key, value] : object.members()) {
            const Place entry_place = place.member(key);
            expect_key(key, entry_place, form);
            Entry entry = prototype;
            read_entry(value, entry_place, entry);
            out.insert_or_assign(std::string(key), std::move(entry));
        }
    }

    template <class Struct>
    void object(std::string_view name, Struct& out, std::string_view) {
        const wire::JsonView value = take(name);
        if (value.exists()) ObjectReader(context_, value, place_.member(name)).read(out);
    }

    template <class Struct>
    void inherited(std::string_view name, Struct& out, std::string_view meaning) {
        // `out` holds the values of the namesake already.
        if constexpr (std::is_same_v<Struct, bool>) {
            flag(name, out, meaning);
        } else {
            object(name, out, meaning);
        }
    }

private:
    struct Text {
        std::string content;
        bool used_environment;
    };

    [[nodiscard]] wire::JsonView take(std::string_view name);
    bool expect(wire::JsonView value, const Place& place, wire::JsonKind kind);
    void expect_key(std::string_view key, const Place& place, KeyForm form);
    void report_unknown_keys();

    [[nodiscard]] std::optional<Text> read_text(wire::JsonView value, const Place& place);
    [[nodiscard]] std::optional<std::string> read_text(wire::JsonView value, const Place& place,
                                                       TextForm form);
    [[nodiscard]] std::optional<std::int64_t> read_integer(wire::JsonView value, const Place& place,
                                                           Range<std::int64_t> range);
    [[nodiscard]] std::optional<std::chrono::milliseconds> read_duration(wire::JsonView value,
                                                                         const Place& place,
                                                                         DurationRange range);
    void write_expanded(wire::JsonView value, const Place& place, PluginConfig& config,
                        wire::JsonWriter& writer);

    /// Null unsets what may be unset.
    template <class Value>
    static bool unset_by(wire::JsonView value, std::optional<Value>& out) {
        if (value.kind() != wire::JsonKind::null) return false;
        out.reset();
        return true;
    }
    template <class Value>
    static bool unset_by(wire::JsonView, const Value&) {
        return false;
    }

    void read_entry(wire::JsonView value, const Place& place, std::string& out);
    void read_entry(wire::JsonView value, const Place& place, Secret& out);
    void read_entry(wire::JsonView value, const Place& place, ProviderConfig& out);
    template <class Item>
    void read_entry(wire::JsonView array, const Place& place, std::vector<Item>& out) {
        if (!expect(array, place, wire::JsonKind::array)) return;
        out.clear();
        for (std::size_t i = 0; i < array.size(); ++i) {
            read_entry(array[i], place.element(i), out.emplace_back());
        }
    }
    template <class Struct>
    requires std::is_class_v<Struct>
    void read_entry(wire::JsonView value, const Place& place, Struct& out) {
        ObjectReader(context_, value, place).read(out);
    }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void read_entry(wire::JsonView value, const Place& place, Enum& out) {
        const auto text = read_text(value, place);
        if (!text) return;
        std::vector<std::string_view> names;
        for (const Choice<Enum>& choice : choices(out)) {
            if (choice.name == text->content) {
                out = choice.value;
                return;
            }
            names.push_back(choice.name);
        }
        context_.report.at_value(place, "not one of " + base::join(names, ", ") +
                                            base::did_you_mean(text->content, names));
    }

    ReadContext& context_;
    wire::JsonView object_;
    Place place_;
    std::vector<std::string_view> known_;
};

}  // namespace tenon::config
