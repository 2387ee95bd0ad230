#include "settings.hpp"

namespace tenon::ollama {

const std::string_view kConfigSchema = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Ollama server",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "base_url": {
      "type": "string", "pattern": "^https?://", "default": "http://127.0.0.1:11434",
      "description": "Where the server is, without '/api'. Hosted models: 'https://ollama.com'."
    },
    "api_key": {
      "type": "string", "x-tenon-secret": true,
      "description": "Key of the hosted service, or of a proxy that wants a bearer token. A server of one's own needs none."
    },
    "keep_alive": {
      "type": ["string", "number"],
      "description": "How long the model stays in memory after a request: '10m', a number of seconds, 0 to unload it at once, -1 for ever. Without it the server decides (5 minutes)."
    },
    "options": {
      "type": "object", "additionalProperties": true, "default": {},
      "description": "Model options for every request, e.g. {\"num_ctx\": 8192}. What a request says itself goes before them."
    }
  }
})json";

}  // namespace tenon::ollama
