#include "config/shape.hpp"

#include <map>
#include <optional>
#include <utility>

#include "base/duration.hpp"
#include "base/text.hpp"
#include "config/profile.hpp"

namespace tenon::config {
namespace {

std::string quoted(std::string_view text) {
    return '"' + std::string(text) + '"';
}

/// Visitor that turns a described struct into the shapes of its members.
class ShapeMaker {
public:
    explicit ShapeMaker(bool with_defaults) : with_defaults_(with_defaults) {}

    void flag(std::string_view name, const bool& value, std::string_view meaning) {
        add(name, meaning, Shape::Form::flag, value ? "true" : "false");
    }

    template <class Integer>
    void integer(std::string_view name, const Integer& value, Range<Integer> range,
                 std::string_view meaning) {
        Shape& shape = add(name, meaning, Shape::Form::integer, std::to_string(value));
        shape.least = std::to_string(range.least);
        shape.most = std::to_string(range.most);
    }

    template <class Integer>
    void integer(std::string_view name, const std::optional<Integer>& value, Range<Integer> range,
                 std::string_view meaning) {
        integer(name, value.value_or(range.least), range, meaning);
        add_null(value.has_value());
    }

    void number(std::string_view name, const double& value, Range<double> range,
                std::string_view meaning) {
        Shape& shape = add(name, meaning, Shape::Form::number, number_text(value));
        shape.least = number_text(range.least);
        shape.most = number_text(range.most);
    }

    void duration(std::string_view name, const std::chrono::milliseconds& value,
                  DurationRange range, std::string_view meaning) {
        Shape& shape =
            add(name, meaning, Shape::Form::duration, quoted(base::format_duration(value)));
        shape.least = base::format_duration(range.least);
        shape.most = base::format_duration(range.most);
    }

    void duration(std::string_view name, const std::optional<std::chrono::milliseconds>& value,
                  DurationRange range, std::string_view meaning) {
        duration(name, value.value_or(range.least), range, meaning);
        add_null(value.has_value());
    }

    void text(std::string_view name, const std::string& value, TextForm form,
              std::string_view meaning) {
        Shape& shape =
            add(name, meaning, Shape::Form::text, is_required(form) ? "" : quoted(value));
        shape.text_form = form;
    }

    void secret(std::string_view name, const Secret&, TextForm form, std::string_view meaning) {
        Shape& shape = add(name, meaning, Shape::Form::secret, is_required(form) ? "" : quoted(""));
        shape.text_form = form;
    }

    template <class Enum>
    void choice(std::string_view name, const Enum& value, std::string_view meaning) {
        Shape& shape = add(name, meaning, Shape::Form::choice, "");
        for (const Choice<Enum>& choice : choices(value)) {
            shape.choices.push_back(choice.name);
            if (choice.value == value && with_defaults_) shape.default_json = quoted(choice.name);
        }
    }

    void list(std::string_view name, const std::vector<std::string>& value, TextForm form,
              std::string_view meaning) {
        std::vector<std::string> items;
        for (const std::string& item : value) items.push_back(quoted(item));
        add(name, meaning, Shape::Form::list, "[" + base::join(items, ", ") + "]").text_form = form;
    }

    template <class Item>
    void objects(std::string_view name, const std::vector<Item>&, std::string_view meaning) {
        ShapeMaker maker(true);
        maker.add_item(Item());
        add(name, meaning, Shape::Form::objects, "[]").members = std::move(maker.shapes_);
    }

    template <class Entry>
    void entries(std::string_view name, const std::map<std::string, Entry, std::less<>>&,
                 const Entry& prototype, std::string_view meaning, KeyForm keys = KeyForm::name) {
        ShapeMaker maker(false);
        if constexpr (std::is_enum_v<Entry>) {
            maker.choice("", prototype, "");
        } else if constexpr (std::is_same_v<Entry, std::string>) {
            maker.text("", prototype, TextForm::not_empty, "");
        } else if constexpr (std::is_same_v<Entry, Secret>) {
            maker.secret("", prototype, TextForm::not_empty, "");
        } else {
            maker.with_defaults_ = true;
            maker.object("", prototype, "");
        }
        Shape& shape = add(name, meaning, Shape::Form::map, "{}");
        shape.members = std::move(maker.shapes_);
        shape.key_form = keys;
    }

    template <class Struct>
    void object(std::string_view name, const Struct& value, std::string_view meaning) {
        ShapeMaker maker(with_defaults_);
        describe(maker, value);
        add(name, meaning, Shape::Form::object, "").members = std::move(maker.shapes_);
    }

    template <class Struct>
    void inherited(std::string_view name, const Struct& value, std::string_view meaning) {
        const bool with_defaults = std::exchange(with_defaults_, false);
        if constexpr (std::is_same_v<Struct, bool>) {
            flag(name, value, meaning);
        } else {
            object(name, value, meaning);
        }
        shapes_.back().inherited = true;
        with_defaults_ = with_defaults;
    }

    void plugin(std::string_view name, const PluginConfig&, std::string_view meaning) {
        add(name, meaning, Shape::Form::plugin, "{}");
    }

    [[nodiscard]] std::vector<Shape> take() { return std::move(shapes_); }

private:
    Shape& add(std::string_view name, std::string_view meaning, Shape::Form form,
               std::string default_json) {
        Shape& shape = shapes_.emplace_back();
        shape.name = name;
        shape.meaning = meaning;
        shape.form = form;
        if (with_defaults_) shape.default_json = std::move(default_json);
        return shape;
    }

    void add_null(bool is_set) {
        shapes_.back().nullable = true;
        if (with_defaults_ && !is_set) shapes_.back().default_json = "null";
    }

    template <class Struct>
    void add_item(const Struct& item) {
        object("", item, "");
    }
    template <class Item>
    void add_item(const std::vector<Item>& items) {
        objects("", items, "");
        shapes_.back().default_json.clear();
    }

    bool with_defaults_;
    std::vector<Shape> shapes_;
};

}  // namespace

Shape shape_of_config(Profile profile) {
    const Config defaults = defaults_of(profile);
    ShapeMaker maker(true);
    describe(maker, defaults);
    Shape root;
    root.members = maker.take();
    return root;
}

}  // namespace tenon::config
