#pragma once

#include "tenon/json_text.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tenon::wire {

/// Appends JSON to a string, without a tree and without keeping what was written.
///
/// \par Preconditions
/// Calls come in an order that makes JSON: inside an object each value follows its key().
/// \par Object lifetimes
/// The output outlives the writer.
/// \par Thread-safety
/// Distinct objects: safe. Shared objects: unsafe.
class JsonWriter {
public:
    enum class Style { compact, pretty };

    explicit JsonWriter(std::string& out, Style style = Style::compact) noexcept
        : out_(out), pretty_(style == Style::pretty) {}

    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);

    void value(std::string_view text);
    void value(const char* text) { value(std::string_view(text)); }
    void value(bool flag) { raw(flag ? "true" : "false"); }
    /// Infinities and NaN, which JSON does not have, become null.
    template <class Number>
    requires std::is_arithmetic_v<Number>
    void value(Number number) {
        before_item();
        append_number(out_, number);
    }
    void null() { raw("null"); }
    /// A value that is JSON already.
    void raw(std::string_view json);

    template <class Value>
    void member(std::string_view name, const Value& content) {
        key(name);
        value(content);
    }

private:
    void open(char bracket);
    void close(char bracket);
    void before_item();
    void new_line();

    std::string& out_;
    std::vector<bool> has_items_;  // one for each open bracket
    bool pretty_;
    bool after_key_ = false;
};

}  // namespace tenon::wire
