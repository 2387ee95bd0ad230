#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/pattern.hpp"
#include "config/report.hpp"
#include "tenon/result.hpp"
#include "wire/json.hpp"

namespace tenon::config {

/// Kinds of values that a schema allows, as bits.
namespace schema_type {
inline constexpr std::uint32_t kNull = 1;
inline constexpr std::uint32_t kBoolean = 2;
inline constexpr std::uint32_t kInteger = 4;
inline constexpr std::uint32_t kNumber = 8;
inline constexpr std::uint32_t kString = 16;
inline constexpr std::uint32_t kArray = 32;
inline constexpr std::uint32_t kObject = 64;
}  // namespace schema_type

/// One schema of a tree, with its keywords as values. Absent keywords are absent views, empty
/// optionals or null.
///
/// \par Object lifetimes
/// Borrows from the JsonDocument of the schema.
struct SchemaNode {
    /// What an object may hold beside its declared properties.
    enum class Others {
        allowed,     ///< additionalProperties: true, or nothing is declared at all
        undeclared,  ///< not said: allowed as far as the schema goes, but most likely a slip
        refused,
        checked,  ///< by `other`
    };

    std::string_view name;  ///< as a property
    std::string_view description;
    std::uint32_t types = 0;  ///< 0 = any
    bool secret = false;

    wire::JsonView constant;
    wire::JsonView choices;  ///< a non-empty array
    wire::JsonView fallback;

    wire::JsonView minimum;
    wire::JsonView maximum;
    wire::JsonView exclusive_minimum;
    wire::JsonView exclusive_maximum;

    std::optional<std::uint64_t> min_length;  ///< in characters
    std::optional<std::uint64_t> max_length;
    std::string_view pattern_text;
    std::optional<Pattern> pattern;

    std::unique_ptr<SchemaNode> items;
    std::optional<std::uint64_t> min_items;
    std::optional<std::uint64_t> max_items;
    bool unique_items = false;

    std::vector<SchemaNode> properties;
    std::vector<std::string_view> required;
    Others others = Others::allowed;
    std::unique_ptr<SchemaNode> other;

    [[nodiscard]] const SchemaNode* property(std::string_view key) const noexcept;
};

/// "an integer or null".
[[nodiscard]] std::string describe_types(std::uint32_t types);

/// Reads the schema of an object and all schemas inside of it.
/// \return the tree, or Code::invalid: "at properties.port.minimum: ...".
[[nodiscard]] Result<SchemaNode> build_schema(wire::JsonView schema);

}  // namespace tenon::config
