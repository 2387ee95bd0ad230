#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/describe.hpp"

namespace tenon::config {

/// One member of the configuration as data, for what is written about it.
struct Shape {
    enum class Form {
        flag,
        integer,
        number,
        duration,
        text,
        secret,
        choice,
        list,     ///< of texts
        objects,  ///< a list of objects, or of such lists
        map,
        object,
        plugin
    };

    std::string name;
    std::string_view meaning;
    Form form = Form::object;
    TextForm text_form = TextForm::any;  ///< of a text or secret, or of a list's items
    KeyForm key_form = KeyForm::name;    ///< of a map
    std::string default_json;            ///< empty: none, or that of the namesake at the top
    std::string least;                   ///< as JSON, or as a duration; empty = unbounded
    std::string most;
    std::vector<std::string_view> choices;
    std::vector<Shape> members;  ///< of an object; of a map or of objects: their one entry
    bool nullable = false;       ///< may be null
    bool inherited = false;      ///< what is absent comes from the namesake at the top

    [[nodiscard]] bool required() const noexcept {
        return (form == Form::text || form == Form::secret) && is_required(text_form);
    }

    friend bool operator==(const Shape&, const Shape&) = default;
};

/// The whole configuration, an object without a name, with the defaults of `profile`.
[[nodiscard]] Shape shape_of_config(Profile profile = Profile::production);

}  // namespace tenon::config
