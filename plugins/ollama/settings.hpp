#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/result.hpp"

namespace tenon::ollama {

/// JSON Schema of the configuration; says what each member means and what it is by default.
extern const std::string_view kConfigSchema;

/// The configuration of one Ollama server.
struct Settings {
    std::string base_url = "http://127.0.0.1:11434";  ///< without a slash at its end
    std::string keep_alive;                           ///< as JSON; empty = the server decides
    /// Model options for every request, as pairs of name and JSON.
    std::vector<std::pair<std::string, std::string>> options;
};

/// The configuration in `config`, which has been checked against the schema: a member of another
/// type counts as absent. Error: a base URL that is none.
[[nodiscard]] Result<Settings> read_settings(std::string_view config);

}  // namespace tenon::ollama
