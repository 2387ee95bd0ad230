#include "settings.hpp"

namespace tenon::openai {

const std::string_view kConfigSchema = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "OpenAI-compatible provider",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "default": "https://api.openai.com/v1",
      "description": "Where the API lives: '/chat/completions', '/embeddings' and '/models' are added to it."
    },
    "api_key": {
      "type": "string", "x-tenon-secret": true,
      "description": "The key. Without one, requests are sent without credentials, as local servers allow."
    },
    "auth_header": {
      "type": "string", "default": "authorization",
      "description": "The header that carries the key, e.g. 'api-key' for Azure."
    },
    "auth_prefix": {
      "type": "string",
      "description": "What stands before the key. Default: 'Bearer ' in the header 'authorization', nothing in others."
    },
    "api_version": {
      "type": "string",
      "description": "Added to every address as '?api-version=', for Azure's addresses of deployments."
    },
    "organization": {
      "type": "string",
      "description": "Sent as 'OpenAI-Organization'."
    },
    "project": {
      "type": "string",
      "description": "Sent as 'OpenAI-Project'."
    },
    "headers": {
      "type": "object", "additionalProperties": {"type": "string"}, "default": {},
      "description": "Further headers of every request. Not for keys: their values are not kept secret."
    },
    "include_usage": {
      "type": "boolean", "default": true,
      "description": "Ask for the token counts of streams (stream_options.include_usage) where the request does not say. Switch it off for servers that reject the option."
    }
  }
})json";

}  // namespace tenon::openai
