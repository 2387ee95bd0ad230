#include "settings.hpp"

namespace tenon::mock {

const std::string_view kConfigSchema = R"json({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Mock provider",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "answer": {
      "type": "string", "default": "echo",
      "description": "What it answers: 'echo' (the user's text), 'lorem' (filler) or the answer itself."
    },
    "tokens": {
      "type": "integer", "minimum": 0, "maximum": 1000000, "default": 0,
      "description": "Length of the answer in tokens, by repeating or cutting it. 0: as it is."
    },
    "reasoning": {
      "type": "boolean", "default": false,
      "description": "Think aloud before the answer."
    },
    "tokens_per_second": {
      "type": "number", "minimum": 0, "default": 0,
      "description": "Speed of the answer. 0: at once."
    },
    "latency_ms": {
      "type": "integer", "minimum": 0, "maximum": 3600000, "default": 0,
      "description": "Time before the first token, in milliseconds."
    },
    "jitter_ms": {
      "type": "integer", "minimum": 0, "maximum": 3600000, "default": 0,
      "description": "At most so many milliseconds are added to 'latency_ms', chosen by 'seed'."
    },
    "seed": {
      "type": "integer", "minimum": 0, "default": 0,
      "description": "Chooses the jitter and the failures of 'fail_rate'; the same seed, the same choice."
    },
    "dimensions": {
      "type": "integer", "minimum": 1, "maximum": 65536, "default": 8,
      "description": "Length of an embedding when the request does not say."
    },
    "models": {
      "type": "array", "items": {"type": "string"}, "default": ["mock-1"],
      "description": "The models that it lists. It answers for every model; one named 'fault-' and a fault of 'fail_with' always fails."
    },
    "fail_every": {
      "type": "integer", "minimum": 0, "default": 0,
      "description": "Each so-many-th request fails. 0: none."
    },
    "fail_rate": {
      "type": "number", "minimum": 0, "maximum": 1, "default": 0,
      "description": "Share of the requests that fail, chosen by 'seed'."
    },
    "fail_times": {
      "type": "integer", "minimum": 0, "default": 0,
      "description": "Only the first so many requests are subject to 'fail_every' and 'fail_rate'. 0: all."
    },
    "fail_with": {
      "type": "string", "default": "unavailable",
      "enum": ["invalid", "unsupported", "internal", "no_memory", "unavailable", "deadline", "auth",
               "forbidden", "throttled", "too_large", "refused", "protocol", "not_found",
               "overloaded", "silent", "midstream", "stall", "drop", "throw"],
      "description": "How a request fails: an error, or 'silent' (no answer), 'midstream' (an error after half of the answer), 'stall' (silence after half of it), 'drop' (the call is forgotten), 'throw' (an exception)."
    },
    "health": {
      "type": "string", "enum": ["ok", "fail", "auth", "slow"], "default": "ok",
      "description": "How health checks end: well, unavailable, credentials refused, or well after 'slow_ms'."
    },
    "health_times": {
      "type": "integer", "minimum": 0, "default": 0,
      "description": "Only the first so many health checks end as 'health' says, later ones well. 0: all."
    },
    "connect": {
      "type": "string", "enum": ["ok", "fail", "auth", "slow"], "default": "ok",
      "description": "How connects end, for the kinds that have connections; as 'health'."
    },
    "connect_times": {
      "type": "integer", "minimum": 0, "default": 0,
      "description": "Only the first so many connects end as 'connect' says, later ones well. 0: all."
    },
    "slow_ms": {
      "type": "integer", "minimum": 0, "maximum": 3600000, "default": 60000,
      "description": "What 'slow' means, in milliseconds."
    }
  }
})json";

}  // namespace tenon::mock
