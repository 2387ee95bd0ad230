#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::ollama {

using Json = rapidjson::Value;

/// Reads `text` into `tree`. Returns false if it is no JSON, or nested deeper than 256 levels:
/// what writes a tree out again is recursive.
[[nodiscard]] bool parse_json(rapidjson::Document& tree, std::string_view text);

/// The member of that name; nullptr if there is none, if it is null, or if `value` is no object.
[[nodiscard]] const Json* member(const Json& value, std::string_view name);

/// A string's text; empty for nullptr and for values of other types. Valid while the tree is.
[[nodiscard]] std::string_view text_of(const Json* value) noexcept;
[[nodiscard]] std::string_view text_member(const Json& value, std::string_view name);
/// A number that is a whole one, 0 or more; nullopt for the rest.
[[nodiscard]] std::optional<std::uint64_t> count_member(const Json& value, std::string_view name);

[[nodiscard]] std::string to_text(const Json& value);

/// Writes one JSON text, most of it taken from trees. The caller keeps it well-formed.
///
/// \par Exception safety
/// Throws std::bad_alloc alone.
class JsonWriter {
public:
    JsonWriter() : writer_(buffer_) {}

    void begin_object() { writer_.StartObject(); }
    void end_object() { writer_.EndObject(); }
    void begin_array() { writer_.StartArray(); }
    void end_array() { writer_.EndArray(); }
    void key(std::string_view name) { text(name); }
    void text(std::string_view value);
    void boolean(bool value) { writer_.Bool(value); }
    void value(const Json& value) { value.Accept(writer_); }
    /// Takes `json` as it is: one whole JSON value.
    void raw(std::string_view json);

    [[nodiscard]] std::string take() const { return {buffer_.GetString(), buffer_.GetSize()}; }

private:
    rapidjson::StringBuffer buffer_;
    rapidjson::Writer<rapidjson::StringBuffer> writer_;
};

/// A parsed text in which error_from_http() can look values up (tenon::JsonSource).
class JsonText {
public:
    explicit JsonText(std::string_view text) : valid_(parse_json(tree_, text)) {}

    [[nodiscard]] bool valid() const noexcept { return valid_; }
    [[nodiscard]] const Json& tree() const noexcept { return tree_; }
    [[nodiscard]] std::optional<std::string> find(std::string_view pointer) const;

private:
    rapidjson::Document tree_;
    bool valid_;
};

}  // namespace tenon::ollama
