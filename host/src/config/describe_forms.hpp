#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

/// The forms that members of the configuration have. Each described struct has a function
/// `describe(visitor, struct)`, which calls one of these functions of the visitor for each member;
/// `Value` is const for visitors that only look.
///
///     flag      (name, Value& bool, meaning)
///     integer   (name, Value& integer, Range, meaning)
///     number    (name, Value& double, Range, meaning)
///     duration  (name, Value& milliseconds, Range, meaning)
///     text      (name, Value& string, TextForm, meaning)
///     secret    (name, Value& Secret, TextForm any or required, meaning)
///     choice    (name, Value& enumeration, meaning)
///     list      (name, Value& vector of strings, TextForm, meaning)
///     objects   (name, Value& vector of described structs, or of such vectors, meaning)
///     entries   (name, Value& map, prototype of an entry, meaning, KeyForm = name)
///     object    (name, Value& described struct, meaning)
///     inherited (name, Value& described struct or bool, meaning)   what is absent comes from the
///                                                                  namesake at the top
///     plugin    (name, Value& PluginConfig, meaning)
///
/// Integers and durations may be std::optional: then they may be null.
namespace tenon::config {

template <class T, class Struct>
concept like = std::same_as<std::remove_const_t<T>, Struct>;

template <class T>
struct Range {
    T least;
    T most;
};
using DurationRange = Range<std::chrono::milliseconds>;

enum class TextForm {
    any,
    not_empty,
    required,       ///< likewise, and absence is an error
    name,           ///< base::is_name()
    required_name,  ///< likewise, and absence is an error
    optional_name,  ///< likewise, or empty
    path,           ///< a relative one counts from the directory of the configuration file
    output,         ///< likewise, or "-" for the standard output
};

/// What the keys of a map are.
enum class KeyForm {
    name,    ///< base::is_name()
    header,  ///< the name of an HTTP header, wire::is_token()
};

[[nodiscard]] constexpr bool is_required(TextForm form) noexcept {
    return form == TextForm::required || form == TextForm::required_name;
}

template <class Enum>
struct Choice {
    std::string_view name;
    Enum value;
};

/// A bound as people write it: 0.001, 1000000.
[[nodiscard]] inline std::string number_text(double number) {
    std::array<char, 32> text;
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    return {text.data(), end.ptr};
}

inline constexpr DurationRange kWait = {std::chrono::milliseconds(1), std::chrono::hours(1)};
inline constexpr DurationRange kLongWait = {std::chrono::milliseconds(1), std::chrono::hours(24)};
inline constexpr DurationRange kWaitOrNone = {std::chrono::milliseconds(0), std::chrono::hours(1)};
inline constexpr DurationRange kLongWaitOrNone = {std::chrono::milliseconds(0),
                                                  std::chrono::hours(24)};

}  // namespace tenon::config
