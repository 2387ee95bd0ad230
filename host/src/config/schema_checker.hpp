#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/report.hpp"
#include "config/schema_node.hpp"
#include "config/secrets.hpp"
#include "wire/json.hpp"

namespace tenon::wire {
class JsonWriter;
}

namespace tenon::config {

/// Checks one plugin configuration against a schema and writes it anew.
class SchemaChecker {
public:
    using Secrets = std::map<std::string, Secret, std::less<>>;

    /// \par Object lifetimes
    /// `config` and `report` outlive the checker.
    SchemaChecker(const PluginConfig& config, bool keep_secrets, Report& report)
        : config_(config), keep_secrets_(keep_secrets), report_(report) {}

    /// Writes `value`, with defaults and without secrets; what is wrong goes to the report.
    void check(const SchemaNode& node, wire::JsonView value, const Place& place,
               wire::JsonWriter& writer);

    [[nodiscard]] Secrets take_secrets() { return std::move(secrets_); }

private:
    [[nodiscard]] bool is_from_environment(const Place& place) const;
    [[nodiscard]] std::string shown(wire::JsonView value, const Place& place) const;

    bool has_type(const SchemaNode& node, wire::JsonView value, const Place& place);
    void check_choice(const SchemaNode& node, wire::JsonView value, const Place& place);
    void check_number(const SchemaNode& node, wire::JsonView value, const Place& place);
    void check_text(const SchemaNode& node, std::string_view text, const Place& place);
    void check_array(const SchemaNode& node, wire::JsonView value, const Place& place,
                     wire::JsonWriter& writer);
    void check_object(const SchemaNode& node, wire::JsonView value, const Place& place,
                      wire::JsonWriter& writer);
    void check_property(const SchemaNode& node, wire::JsonView value, const Place& place,
                        wire::JsonWriter& writer);
    void check_other(const SchemaNode& object, std::string_view key, wire::JsonView value,
                     const Place& place, wire::JsonWriter& writer);

    const PluginConfig& config_;
    const bool keep_secrets_;
    Report& report_;
    Secrets secrets_;
};

}  // namespace tenon::config
