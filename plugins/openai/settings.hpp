#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tenon/result.hpp"

namespace tenon::openai {

/// JSON Schema of the configuration; says what each member means and what it is by default.
extern const std::string_view kConfigSchema;

/// The configuration of one provider, made ready to use.
struct Settings {
    struct Header {
        std::string name;
        std::string value;
    };

    std::string chat_url;
    std::string embeddings_url;
    std::string models_url;
    std::vector<Header> headers;  ///< sent with every request
    std::string auth_header = "authorization";
    std::string auth_prefix = "Bearer ";
    bool include_usage = true;  ///< ask for the usage of streams
};

/// The configuration in `config_json`, which has been checked against the schema: a member of
/// another type counts as absent. Error: an address or a header that cannot work.
[[nodiscard]] Result<Settings> read_settings(std::string_view config_json);

}  // namespace tenon::openai
