#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/describe.hpp"

namespace tenon::config {

/// One member of the configuration as data, for what is written about it.
struct Shape {
    enum class Form { flag, integer, duration, text, choice, list, map, object, plugin };

    std::string name;
    std::string_view meaning;
    Form form = Form::object;
    TextForm text_form = TextForm::any;  ///< of a text, or of a list's items
    std::string default_json;            ///< empty: none, or that of the namesake at the top
    std::string least;                   ///< as JSON, or as a duration; empty = unbounded
    std::string most;
    std::vector<std::string_view> choices;
    std::vector<Shape> members;  ///< of an object; of a map: its one entry
    bool inherited = false;      ///< an object whose absent members come from the namesake

    [[nodiscard]] bool required() const noexcept { return text_form == TextForm::required_name; }
};

/// The whole configuration, an object without a name.
[[nodiscard]] Shape shape_of_config();

}  // namespace tenon::config
