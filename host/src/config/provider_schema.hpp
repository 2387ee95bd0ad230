#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "config/problem.hpp"
#include "config/secrets.hpp"
#include "tenon/result.hpp"
#include "wire/json.hpp"

namespace tenon::config {

struct SchemaNode;

/// A plugin's own configuration, checked: what create() gets and what stays in the host.
struct CheckedPluginConfig {
    /// As create() gets it: with defaults filled in, without secrets unless they were to be kept.
    Secret json;
    /// By property: "api_key", or "auth.token" for one inside of an object. Never an empty one.
    std::map<std::string, Secret, std::less<>> secrets;
    /// Errors and warnings in the order of the file. If one is an error, `json` and `secrets` are
    /// empty.
    std::vector<Problem> problems;
};

/// The JSON Schema that a kind declares for its configuration, in the part of draft 2020-12 that
/// docs/configuration.md names. What only describes is ignored; what would refuse values and is not
/// in that part is an error of the schema, so that no rule is silently without effect.
///
/// \par Thread-safety
/// Shared objects: safe.
class ProviderSchema {
public:
    /// Reads a schema; "{}" is that of a kind that takes no configuration.
    /// \return the schema, or Code::invalid: "at properties.port.minimum: expected a number, ...".
    [[nodiscard]] static Result<ProviderSchema> parse(std::string_view schema_json);

    /// Checks a provider's configuration and fills in what it leaves out. A string from the
    /// environment becomes the number or boolean that the schema wants. An empty secret counts as
    /// absent. No message shows a secret or anything else that came from the environment.
    /// \param keep_secrets whether the secrets stay in `json` too, for plugins that sign requests
    /// themselves.
    /// \par Preconditions
    /// The provider is not unusable: what is not set would look like an empty text.
    [[nodiscard]] CheckedPluginConfig check(const PluginConfig& config, bool keep_secrets) const;

    /// The secrets it declares, as in CheckedPluginConfig::secrets.
    [[nodiscard]] const std::vector<std::string>& secret_names() const noexcept {
        return secret_names_;
    }

private:
    ProviderSchema() = default;

    std::shared_ptr<const SchemaNode> root_;  // null = the kind takes no configuration
    std::optional<wire::JsonDocument> text_;  // what the nodes borrow from
    std::vector<std::string> secret_names_;
    std::size_t size_ = 0;  // of the text, in bytes
};

}  // namespace tenon::config
