#include "config/show.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/duration.hpp"
#include "config/describe.hpp"
#include "config/environment.hpp"
#include "config/report.hpp"
#include "config/secret_words.hpp"
#include "wire/json.hpp"
#include "wire/json_writer.hpp"

namespace tenon::config {
namespace {

/// Visitor that prints a described struct as JSON.
class Printer {
public:
    Printer(wire::JsonWriter& writer, const SecretNames& secrets)
        : writer_(writer), secrets_(secrets) {}

    void flag(std::string_view name, const bool& value, std::string_view) {
        writer_.member(name, value);
    }

    template <class Integer, class Bound>
    void integer(std::string_view name, const Integer& value, Range<Bound>, std::string_view) {
        writer_.key(name);
        write_value(value);
    }

    void number(std::string_view name, const double& value, Range<double>, std::string_view) {
        writer_.member(name, value);
    }

    template <class Duration>
    void duration(std::string_view name, const Duration& value, DurationRange, std::string_view) {
        writer_.key(name);
        write_value(value);
    }

    void text(std::string_view name, const std::string& value, TextForm, std::string_view) {
        writer_.member(name, escape_references(value));
    }

    void secret(std::string_view name, const Secret& value, TextForm, std::string_view) {
        writer_.key(name);
        write_entry(value);
    }

    template <class Enum>
    void choice(std::string_view name, const Enum& value, std::string_view) {
        writer_.key(name);
        write_entry(value);
    }

    void list(std::string_view name, const std::vector<std::string>& values, TextForm,
              std::string_view) {
        writer_.key(name);
        write_entry(values);
    }

    template <class Item>
    void objects(std::string_view name, const std::vector<Item>& items, std::string_view) {
        writer_.key(name);
        write_entry(items);
    }

    template <class Entry>
    void entries(std::string_view name, const std::map<std::string, Entry, std::less<>>& map,
                 const Entry&, std::string_view, KeyForm = KeyForm::name) {
        writer_.key(name);
        writer_.begin_object();
        for (const auto& [key, value] : map) {
            writer_.key(key);
            entry_ = key;
            write_entry(value);
        }
        writer_.end_object();
    }

    template <class Struct>
    void object(std::string_view name, const Struct& value, std::string_view) {
        writer_.key(name);
        write(value);
    }

    template <class Struct>
    void inherited(std::string_view name, const Struct& value, std::string_view meaning) {
        if constexpr (std::is_same_v<Struct, bool>) {
            flag(name, value, meaning);
        } else {
            object(name, value, meaning);
        }
    }

    void plugin(std::string_view name, const PluginConfig& value, std::string_view) {
        writer_.key(name);
        const auto document = wire::JsonDocument::parse(value.json.reveal());
        if (!document) return writer_.raw("{}");
        const auto known = secrets_.find(provider_);
        write_plugin(document->root(), Place(), value, known == secrets_.end() ? nullptr : &*known);
    }

    template <class Struct>
    void write(const Struct& value) {
        writer_.begin_object();
        describe(*this, value);
        writer_.end_object();
    }

private:
    template <class Integer>
    void write_value(const Integer& value) {
        writer_.value(value);
    }
    void write_value(const std::chrono::milliseconds& value) {
        writer_.value(base::format_duration(value));
    }
    template <class Value>
    void write_value(const std::optional<Value>& value) {
        if (!value) return writer_.null();
        write_value(*value);
    }

    void write_entry(const Secret& value) { writer_.value(value.empty() ? "" : kHidden); }
    void write_entry(const std::string& value) { writer_.value(escape_references(value)); }
    void write_entry(const ProviderConfig& value) {
        provider_ = entry_;
        write(value);
    }
    template <class Item>
    void write_entry(const std::vector<Item>& items) {
        writer_.begin_array();
        for (const Item& item : items) write_entry(item);
        writer_.end_array();
    }
    template <class Struct>
    requires std::is_class_v<Struct>
    void write_entry(const Struct& value) { write(value); }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void write_entry(const Enum& value) {
        for (const Choice<Enum>& choice : choices(value)) {
            if (choice.value == value) return writer_.value(choice.name);
        }
        writer_.null();
    }

    void write_plugin(wire::JsonView value, const Place& place, const PluginConfig& config,
                      const SecretNames::value_type* known, bool under_secret_word = false) {
        if (value.is_object()) {
            writer_.begin_object();
            for (const auto& [key, member] : value.members()) {
                writer_.key(key);
                write_plugin(member, place.member(key), config, known,
                             under_secret_word || sounds_secret(key));
            }
            return writer_.end_object();
        }
        if (value.is_array()) {
            writer_.begin_array();
            for (std::size_t i = 0; i < value.size(); ++i) {
                write_plugin(value[i], place.element(i), config, known, under_secret_word);
            }
            return writer_.end_array();
        }
        if (!value.is_string()) return value.write(writer_);
        const bool hidden = under_secret_word ||
                            (known == nullptr ? contains(config.from_environment, place.pointer)
                                              : contains(known->second, place.path));
        writer_.value(hidden ? std::string(kHidden) : escape_references(*value.as_string()));
    }

    static bool contains(const std::vector<std::string>& items, const std::string& item) {
        return std::find(items.begin(), items.end(), item) != items.end();
    }

    static constexpr std::string_view kHidden = "***";

    wire::JsonWriter& writer_;
    const SecretNames& secrets_;
    std::string entry_;
    std::string provider_;
};

}  // namespace

std::string show(const Config& config, const SecretNames& secrets) {
    std::string out;
    wire::JsonWriter writer(out, wire::JsonWriter::Style::pretty);
    Printer(writer, secrets).write(config);
    return out + "\n";
}

}  // namespace tenon::config
